"""The other commands of `alembic`, by the daemon where they concern a database, by Alembic where they do not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command

from migrated._sync.client import Client
from migrated.config import Config
from migrated.sqlalchemy import Models, check

from .bodies import folder_of
from .environment import Configured
from .narrate import narrate
from .project import Project, ProjectError
from .upgrade_command import only_one, settings

DIFFERENT = 3
"""The exit code of `check` where there is a difference, as that of `migratectl`."""


def describe(commands: Any) -> None:
    """Add the commands."""
    for name, text, run in (
        ("current", "show where the database stands", run_current),
        ("check", "tell whether the database is what the models say", run_check),
    ):
        made = commands.add_parser(name, help=text)
        made.set_defaults(run=run)
        if name == "current":
            made.add_argument("-v", "--verbose", action="store_true", help="show the revisions in full")
    stamp = commands.add_parser("stamp", help="set the version table without running anything")
    stamp.add_argument("revision", nargs="+", metavar="REV")
    stamp.add_argument("--purge", action="store_true", help="forget all rows of the version table before")
    stamp.set_defaults(run=run_stamp)
    _graph_commands(commands)


def _graph_commands(commands: Any) -> None:
    """Add those that look at the scripts alone: Alembic answers them itself."""
    history = commands.add_parser("history", help="list revisions, newest first")
    history.add_argument("-r", "--rev-range", metavar="START:END")
    history.add_argument("-v", "--verbose", action="store_true")
    _by_alembic(history, lambda config, options: command.history(config, options.rev_range, options.verbose))
    heads = commands.add_parser("heads", help="show the heads")
    heads.add_argument("-v", "--verbose", action="store_true")
    heads.add_argument("--resolve-dependencies", action="store_true")
    _by_alembic(
        heads, lambda config, options: command.heads(config, options.verbose, options.resolve_dependencies)
    )
    branches = commands.add_parser("branches", help="show the branch points")
    branches.add_argument("-v", "--verbose", action="store_true")
    _by_alembic(branches, lambda config, options: command.branches(config, options.verbose))
    show = commands.add_parser("show", help="show a revision in full")
    show.add_argument("rev", metavar="REV")
    _by_alembic(show, lambda config, options: command.show(config, options.rev))


def _by_alembic(parser: argparse.ArgumentParser, call: Callable[[Any, argparse.Namespace], None]) -> None:
    def run(project: Project, options: argparse.Namespace) -> int:
        call(project.config, options)
        return 0

    parser.set_defaults(run=run)


@contextmanager
def client_of(project: Project) -> Iterator[tuple[Client, Configured]]:
    """Give a client for the project's database."""
    configured = only_one(project)
    with (
        folder_of(project.scripts, configured.dialect, configured.metadata) as folder,
        Client(Config.load(**settings(configured, [folder]))) as client,
    ):
        yield client, configured


def run_current(project: Project, options: argparse.Namespace) -> int:
    """Show where the database stands, in Alembic's words."""
    with client_of(project) as (client, _):
        rows = client.current().rows
    for script in project.scripts.get_all_current(tuple(rows)):
        project.config.print_stdout(script.cmd_format(options.verbose))
    return 0


def run_stamp(project: Project, options: argparse.Namespace) -> int:
    """Set the version table."""
    with client_of(project) as (client, _):
        for event in client.stamp(*options.revision, purge=options.purge):
            narrate(event)
    return 0


def run_check(project: Project, _options: argparse.Namespace) -> int:
    """Compare the database with the models."""
    with client_of(project) as (client, configured):
        found = check(client, models_of(configured))
    for difference in found.differences:
        print(difference.summary)  # noqa: T201 - a command speaks
    for question in found.questions:
        text = f"{question.old_name} may have become {question.new_name} ({question.similarity:.0%})"
        print(f"question: {text}", file=sys.stderr)  # noqa: T201 - a command speaks
    if found.differences:
        return DIFFERENT
    print("No new upgrade operations detected.")  # noqa: T201 - a command speaks
    return 0


def models_of(configured: Configured) -> Models:
    """Tell the models with what `env.py` says of them.

    Raises:
        ProjectError: `env.py` gives no `target_metadata`.

    """
    if not configured.metadata:
        raise ProjectError(
            "env.py gives no target_metadata", "give the models' MetaData to context.configure()"
        )
    known = (
        "include_schemas",
        "include_name",
        "include_object",
        "compare_type",
        "compare_server_default",
        "render_item",
        "sqlalchemy_module_prefix",
        "alembic_module_prefix",
        "user_module_prefix",
    )
    told = {name: configured.options[name] for name in known if configured.options.get(name) is not None}
    return Models(configured.metadata, dialect=configured.dialect, opts=configured.options, **told)
