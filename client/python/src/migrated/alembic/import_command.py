"""`migrated-alembic import`: the project's scripts as revisions that need no Python."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from .environment import Configured, learn
from .importing import DIALECTS, Outcome, read_scripts
from .project import Project
from .project_error import ProjectError
from .proof import prove
from .settings_file import NAME, PASSWORD, shown, write_settings

OK, FAILED, DIFFERENT = 0, 1, 3
"""Exit codes, as those of `migratectl`."""


def run(project: Project, options: argparse.Namespace) -> int:
    """Read the scripts, write the files, and prove them."""
    configured = _configured(project, options.dialect)
    dialects: list[str] = options.dialect or [configured.dialect]
    if unknown := [dialect for dialect in dialects if dialect not in DIALECTS]:
        raise ProjectError(f"the dialect `{unknown[0]}` is not known", f"name one of {', '.join(DIALECTS)}")
    metadata = configured.metadata[0] if configured.metadata else None
    folder = options.dir or _folder(project)
    if folder.exists() and any(folder.iterdir()):
        raise ProjectError(f"{folder} is not empty", "name another folder with --dir, or remove this one")
    with _without_alembics_log():
        outcome = read_scripts(
            project.scripts,
            dialects,
            metadata=metadata,
            capture=_by_dialect(options.capture, dialects),
            keep_python=options.keep_python,
            sql=options.sql,
        )
    for note in outcome.notes:
        _say(f"note: {note}")
    if outcome.refused:
        return _refuse(outcome, dialects)
    folder.mkdir(parents=True, exist_ok=True)
    for file in outcome.files:
        (folder / file.name).write_text(file.text, encoding="utf-8")
    _say(f"{len(outcome.files)} revisions are written to {folder}")
    _settle(project, folder, configured)
    code = _proved(project, folder, dialects, configured, options, outcome)
    _say(
        "next: a target where `migrated-alembic` ran the scripts remembers their content: "
        "`migratectl repair --all --reason imported` accepts that of the revisions, once"
    )
    return code


def _proved(
    project: Project,
    folder: Path,
    dialects: list[str],
    configured: Configured,
    options: argparse.Namespace,
    outcome: Outcome,
) -> int:
    if options.no_proof:
        return OK
    if python := [file for file in outcome.files if file.name.endswith(".rev.py")]:
        _say(
            f"not proved: of the scripts {len(python)} stay Python, which `migrated-alembic upgrade` executes"
        )
        return OK
    with _without_alembics_log():
        return _prove(project, folder, dialects, configured, _by_dialect(options.prove, dialects))


def _configured(project: Project, dialects: list[str] | None) -> Configured:
    """Learn from `env.py`, which need not be able to run if the dialect is told."""
    try:
        return learn(project.config, project.scripts, offline=True)[0]
    except ProjectError as error:
        reason, detail = str(error), error.detail
    if not dialects:
        raise ProjectError(
            reason,
            "make env.py run with `alembic upgrade head --sql`, or tell the dialect with --dialect",
            detail,
        )
    _say(f"note: {reason}; naming conventions are not known then")
    return Configured(dialects[0], None, {})


@contextmanager
def _without_alembics_log() -> Iterator[None]:
    """Keep Alembic from telling, once a script and direction, which dialect it writes for."""
    log = logging.getLogger("alembic.runtime.migration")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _settle(project: Project, folder: Path, configured: Configured) -> None:
    """Write what migratectl has to know, and tell what is still missing."""
    url = None if Path(NAME).exists() else _database(project, configured.url)
    if not write_settings(Path(), str(folder), configured.options, url):
        return
    if url is None:
        _say(f"{NAME} is written; which database is meant, DATABASE_URL tells")
    elif url.password is None:
        _say(f"{NAME} is written; the database is {shown(url)}")
    else:
        _say(f"{NAME} is written; the database is {shown(url)}, with the password of the variable {PASSWORD}")


def _database(project: Project, offline: URL | None) -> URL | None:
    """Tell which database `upgrade` would be for, if `env.py` comes that far."""
    if offline is not None and offline.get_backend_name() == "sqlite":
        if not offline.database or offline.database == ":memory:":
            return None
        if not Path(offline.database).exists():
            # Connecting would make the file.
            return offline
    try:
        found = learn(project.config, project.scripts, offline=False)
    except ProjectError:
        return None
    return found[0].url if len(found) == 1 else None


def _folder(project: Project) -> Path:
    taken = Path(project.scripts.dir).resolve()
    wanted = Path("migrations")
    return Path("revisions") if wanted.resolve() == taken else wanted


def _by_dialect(told: list[str], dialects: list[str]) -> Mapping[str, str]:
    urls: dict[str, str] = {}
    for one in told:
        dialect, sign, url = one.partition("=")
        if sign and dialect in DIALECTS:
            urls[dialect] = url
        else:
            urls[dialects[0]] = one
    return urls


def _refuse(outcome: Outcome, dialects: list[str]) -> int:
    total = len(outcome.files) + len(outcome.refused)
    _say(f"error: {len(outcome.refused)} of {total} scripts do more than write SQL:")
    for refused in outcome.refused:
        _say(f"  {refused.head.path}:{refused.line}: {refused.reason}")
    _say("state: nothing is written")
    where = "memory" if dialects == ["sqlite"] else "URL"
    _say(
        f"next: `--capture {where}` writes down what they execute on an empty scratch database, "
        "where there are no rows to change; `--keep-python` leaves them Python"
    )
    return FAILED


def _prove(
    project: Project, folder: Path, dialects: list[str], configured: Configured, servers: Mapping[str, str]
) -> int:
    code = OK
    metadata = configured.metadata[0] if configured.metadata else None
    for dialect in dialects:
        if dialect != "sqlite" and dialect not in servers:
            _say(
                f"not proved for {dialect}: `--prove URL` names a server on which empty databases may be made"
            )
            continue
        proof = prove(
            project.scripts,
            folder.resolve(),
            dialect,
            metadata=metadata,
            server=servers.get(dialect),
            schemas=_schemas(configured),
        )
        if proof.made:
            _say(f"note: both histories began with the schemas {', '.join(proof.made)}, as env.py makes them")
        if proof.holds:
            _say(
                f"proved for {dialect}: {proof.revisions} revisions by Alembic and by migrated leave the same schema"
            )
            continue
        code = DIFFERENT if proof.failure is None else FAILED
        _say(f"error: by migrated the history leaves another schema ({dialect})")
        for line in proof.differences or (proof.failure or "",):
            _say(f"  {line}")
    return code


def _schemas(configured: Configured) -> list[str]:
    """Tell the schemas that `env.py` and the models name."""
    named = {table.schema for metadata in configured.metadata for table in metadata.tables.values()}
    named |= {metadata.schema for metadata in configured.metadata}
    named.add(configured.options.get("version_table_schema"))
    return sorted(str(name) for name in named if name)


def _say(line: str) -> None:
    print(line, file=sys.stderr if line.startswith(("error", "note", "state", "next", " ")) else sys.stdout)
