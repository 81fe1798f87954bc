"""`migrated-alembic revision`: a script by the project's own script.py.mako, filled with what the daemon finds."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from typing import Any

from alembic import command
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from migrated.config.target import target_ref
from migrated.sqlalchemy.calls import desired
from migrated.sqlalchemy.dialects import dialect_for
from migrated.sqlalchemy.models import Models
from migrated.sqlalchemy.reflected import Key, by_key, reflected
from migrated.v1.diff_pb2 import SchemaDiff
from migrated.v1.schema_source_pb2 import SchemaSource

from .directives import Way, directives, needs_batches
from .models import models_of
from .project import Project
from .project_error import ProjectError
from .upgrade_command import client_of


def run(project: Project, options: argparse.Namespace) -> int:
    """Write the script."""
    if options.rename and not options.autogenerate:
        raise ProjectError("--rename is about what is compared", "add --autogenerate")
    if options.autogenerate and options.sql:
        raise ProjectError(
            "--autogenerate looks at the database, and --sql does not", "leave out one of them"
        )
    way = compared(project, _renames(options.rename)) if options.autogenerate else None
    # What env.py asks for by `config.cmd_opts.autogenerate`.
    for name, value in vars(options).items():
        setattr(project.config.cmd_opts, name, value)
    if way is not None:
        project.config.set_main_option("revision_environment", "true")
    with redirect_stdout(sys.stderr):
        command.revision(
            project.config,
            options.message,
            sql=options.sql,
            head=options.head,
            splice=options.splice,
            branch_label=options.branch_label,
            version_path=options.version_path,
            rev_id=options.rev_id,
            depends_on=options.depends_on,
            process_revision_directives=None if way is None else _filled(way),
        )
    return 0


def _renames(told: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in told]
    if wrong := [old for old, sign, new in pairs if not (old and sign and new)]:
        raise ProjectError(f"--rename {wrong[0]} is no pair of names", "write --rename OLD=NEW")
    return {old: new for old, _, new in pairs}


def compared(project: Project, renames: dict[str, str]) -> Way:
    """Have the daemon compare the database with the models; tell what a script has to do.

    Raises:
        NotAtHead: The database does not stand at the heads of the scripts.
        ModelError: Something of the models cannot be described.
        ProjectError: `env.py` gives no models.

    """
    with client_of(project) as (client, configured, _):
        models = models_of(configured, client)
        wanted = desired(client, models)
        scope: dict[str, Any] = {"schemas": wanted.schemas, "all_schemas": wanted.all_schemas}
        rules = wanted.diff_rules(renames)
        found = client.check(wanted.source(), rules=rules, **scope)
        answer = client.inspect(form="json", **scope)
        turned = wanted.diff_rules({new: old for old, new in renames.items()})
        back = SchemaDiff()
        if found.differences:
            standing = SchemaSource(target=target_ref(client.config, None))
            back = client.diff(wanted.source(), standing, rules=turned, **scope)
        server = client.current().server
    _tell(found)
    dialect = dialect_for(configured.dialect, server)
    old = by_key(reflected(json.loads(answer.text), dialect))
    way = directives(found.differences, back.differences, old, _tables(models))
    for summary in way.one_way:
        _say(f"WARNING  [migrated] downgrade() does not undo: {summary}")
    return way


def _tables(models: Models) -> dict[Key, Any]:
    translate = models.schema_translate_map or {}
    own = models.default_schema or "public"
    found = {}
    for metadata in models.several:
        for table in metadata.tables.values():
            schema = translate.get(table.schema, table.schema)
            found[None if schema == own else schema, str(table.name)] = table
    return found


def _tell(found: SchemaDiff) -> None:
    for difference in found.differences:
        _say(f"INFO  [migrated] Detected {difference.summary}")
        if difference.destroys:
            _say(f"WARNING  [migrated] This {difference.destroys}")
    for question in found.questions:
        _say(
            f"WARNING  [migrated] {question.old_name} may have become {question.new_name}: if it has, "
            f"say --rename {question.old_name}={question.new_name}"
        )


def _filled(way: Way) -> Any:
    """Give what puts the directives into the script, in front of what env.py does with them."""

    def fill(context: MigrationContext, _revision: Any, scripts: list[ops.MigrationScript]) -> None:
        [script] = scripts
        for part, made in ((script.upgrade_ops, way.up), (script.downgrade_ops, way.down)):
            if part is not None:
                part.ops = list(made)
        if needs_batches([*way.up, *way.down]):
            context.opts["render_as_batch"] = True

    return fill


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a command speaks
