"""Turns the scripts of an Alembic project into revisions that need no Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from .record import NotRecordedError, Recorded, Recorder
from .scratch import Scratch, server, sqlite_memory
from .script import Head, history
from .typed import Operation, typed
from .write import Section, python_file, sql_file, yaml_file

# A dialect of SQLAlchemy, and the word for it in a section's options.
DIALECTS: Mapping[str, str] = {
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}


@dataclass(frozen=True)
class Imported:
    """A script as a revision file."""

    head: Head
    name: str
    text: str


@dataclass
class Outcome:
    """What an import made, and what it could not make."""

    files: list[Imported] = field(default_factory=list)
    refused: list[NotRecordedError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Bodies:
    """What a script does in one dialect."""

    up: list[Recorded] | None
    down: list[Recorded] | None
    context: MigrationContext


def read_scripts(
    directory: ScriptDirectory,
    dialects: Sequence[str],
    *,
    metadata: MetaData | None = None,
    capture: Mapping[str, str] | None = None,
    keep_python: bool = False,
    sql: bool = False,
    only: Collection[str] | None = None,
) -> Outcome:
    """Turn every script into a revision file for `dialects`.

    `capture` has, by dialect, the URL of an empty scratch database on which scripts are executed, so that those can be
    written down that read from it; for SQLite, whose scripts always run on a database in memory, any text will do. With
    `keep_python` a script that cannot be written down stays the script that it is, and its client executes it. With
    `sql` all is SQL, also what has an operation. `only` names the revisions that are wanted.
    """
    outcome = Outcome()
    heads = [head for head in history(directory) if only is None or head.revision in only]
    bodies: dict[str, dict[str, _Bodies]] = {}
    refused: dict[str, NotRecordedError] = {}
    for dialect in dialects:
        told = _record(heads, dialect, metadata, (capture or {}).get(dialect), outcome.notes)
        for revision, what in told.items():
            if isinstance(what, NotRecordedError):
                refused.setdefault(revision, what)
            else:
                bodies.setdefault(revision, {})[dialect] = what
    for head in heads:
        if head.revision in refused:
            if keep_python:
                outcome.files.append(Imported(head, f"{head.path.stem}.rev.py", python_file(head)))
                outcome.notes.append(f"{refused[head.revision]}; it stays Python")
            else:
                outcome.refused.append(refused[head.revision])
            continue
        outcome.files.append(_written(head, bodies[head.revision], sql=sql))
    return outcome


def _record(
    heads: Iterable[Head], dialect: str, metadata: MetaData | None, url: str | None, notes: list[str]
) -> dict[str, _Bodies | NotRecordedError]:
    told: dict[str, _Bodies | NotRecordedError] = {}
    with ExitStack() as stack:
        scratch: Scratch | None = None
        if dialect == "sqlite":
            scratch = stack.enter_context(sqlite_memory())
        elif url is not None:
            scratch = stack.enter_context(server(url))
        up = _recorder(dialect, metadata, scratch, allow_reads=url is not None)
        # Alembic remembers through a whole run which types it made, so each run has a recorder of its own.
        twin = Recorder(dialect, metadata=metadata) if scratch is None else None
        for head in heads:
            try:
                forth = _forth(head, up, twin, metadata, scratch, captured=url is not None)
                back = _back(head, dialect, metadata, scratch, notes, captured=url is not None)
                told[head.revision] = _Bodies(forth, back, up.context)
            except NotRecordedError as error:
                told[head.revision] = error
    return told


def _forth(
    head: Head,
    up: Recorder,
    twin: Recorder | None,
    metadata: MetaData | None,
    scratch: Scratch | None,
    *,
    captured: bool,
) -> list[Recorded] | None:
    """Record the upgrade. What is not captured is recorded twice: what differs then does not come from the script."""
    if captured:
        return up.record(head, "upgrade")
    if twin is not None or scratch is None:
        first, second = (twin or up).record(head, "upgrade"), up.record(head, "upgrade")
    else:
        try:
            with sqlite_memory(scratch.connection) as copy:
                first = _recorder("sqlite", metadata, copy, allow_reads=False).record(head, "upgrade")
        except NotRecordedError:
            # The next script finds the tables that this one makes.
            up.run(head, "upgrade")
            raise
        second = up.record(head, "upgrade")
    _refuse_chance(head, first, second)
    return second


def _back(
    head: Head,
    dialect: str,
    metadata: MetaData | None,
    scratch: Scratch | None,
    notes: list[str],
    *,
    captured: bool,
) -> list[Recorded] | None:
    """Record the downgrade. A script that is captured may go without."""
    try:
        return _down(head, dialect, metadata, scratch)
    except NotRecordedError as error:
        if error.reads and not captured:
            raise
        notes.append(f"{error}; the revision cannot be taken back")
        return None


def _refuse_chance(head: Head, first: list[Recorded] | None, second: list[Recorded] | None) -> None:
    for one, other in zip(first or [], second or [], strict=False):
        # SQLAlchemy leaves the order of a table's constraints open.
        if sorted(_words(one)) != sorted(_words(other)):
            raise NotRecordedError(head, one.line, "does not write the same twice (a time, a random value)")


def _words(recorded: Recorded) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", " ".join(recorded.statements))


def _recorder(
    dialect: str, metadata: MetaData | None, scratch: Scratch | None, *, allow_reads: bool
) -> Recorder:
    if scratch is None:
        return Recorder(dialect, metadata=metadata)
    recorder = Recorder(dialect, metadata=metadata, connection=scratch.connection, literal=scratch.literal)
    scratch.watch(lambda statement, values: recorder.executed(statement, values, allow_reads=allow_reads))
    return recorder


def _down(
    head: Head, dialect: str, metadata: MetaData | None, scratch: Scratch | None
) -> list[Recorded] | None:
    """Record the way back: on a copy of the database for SQLite, which rebuilds tables as it finds them."""
    if scratch is None or dialect != "sqlite":
        return Recorder(dialect, metadata=metadata).record(head, "downgrade")
    with sqlite_memory(scratch.connection) as copy:
        return _recorder(dialect, metadata, copy, allow_reads=False).record(head, "downgrade")


def _written(head: Head, bodies: Mapping[str, _Bodies], *, sql: bool) -> Imported:
    """Write operations where all dialects have the same, else the SQL of each."""
    if not sql:
        whole = [_operations(what) for what in bodies.values()]
        up, down, inside, described = whole[0]
        if described and all(one == whole[0] for one in whole):
            text = yaml_file(head, up, down, transaction=inside)
            return Imported(head, f"{head.path.stem}.yaml", text)
    return Imported(head, f"{head.path.stem}.sql", sql_file(head, _sections(bodies)))


def _operations(bodies: _Bodies) -> tuple[list[Operation], list[Operation] | None, bool, bool]:
    """Describe both ways; tell whether they are one transaction, and whether anything but SQL is in them."""
    up = typed(bodies.up or [], bodies.context)
    down = None if bodies.down is None else typed(bodies.down, bodies.context)
    ways = [bodies.up or [], bodies.down or []]
    outside = [any(one.autocommit for one in way) for way in ways]
    both = [*up, *(down or [])]
    # The operations form has one word for both ways.
    same = outside[0] == outside[1] or not down
    return up, down, not outside[0], same and any("execute" not in one for one in both)


def _sections(bodies: Mapping[str, _Bodies]) -> list[Section]:
    sections: list[Section] = []
    for direction in ("up", "down"):
        by_text: dict[tuple[tuple[str, ...], bool], list[str]] = {}
        for dialect, what in bodies.items():
            recorded = what.up if direction == "up" else what.down
            if recorded is None:
                continue
            statements = tuple(text for one in recorded for text in one.statements)
            inside = not any(one.autocommit for one in recorded)
            by_text.setdefault((statements, inside), []).append(DIALECTS[dialect])
        alone = len(by_text) == 1
        sections += [
            Section(direction, statements, inside, () if alone else tuple(dict.fromkeys(dialects)))
            for (statements, inside), dialects in by_text.items()
        ]
    return sections
