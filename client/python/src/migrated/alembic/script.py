"""A script of an Alembic project, with what its head says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

from alembic.script import Script, ScriptDirectory
from alembic.util import load_python_file

_CREATED = re.compile(r"^\s*Create Date:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Head:
    """What the head of a revision says, in the words of migrated."""

    revision: str
    down_revision: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    message: str
    created: str | None
    path: Path

    def load(self) -> ModuleType:
        """Load the script anew: a body may leave something behind in its module, such as a type that is made."""
        return load_python_file(str(self.path.parent), self.path.name)


def _several(value: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _created(doc: str) -> str | None:
    """Alembic writes local time without its zone, unless the project set one; then it is turned into UTC."""
    found = _CREATED.search(doc)
    if found is None:
        return None
    try:
        when = datetime.fromisoformat(found.group(1))
    except ValueError:
        return None
    if when.tzinfo is not None:
        when = when.astimezone(timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _depends_on(script: Script, directory: ScriptDirectory) -> tuple[str, ...]:
    """Resolve parts of ids, which nothing but Alembic would read in the same way for ever; labels stay labels."""
    labels = {label for other in directory.walk_revisions() for label in other.branch_labels or ()}
    told = _several(script.dependencies)
    return tuple(
        name if name in labels else (directory.get_revision(name) or script).revision for name in told
    )


def head_of(script: Script, directory: ScriptDirectory) -> Head:
    """Read the head of one script."""
    labels = getattr(script.module, "branch_labels", None)
    return Head(
        revision=script.revision,
        down_revision=_several(script.down_revision),
        depends_on=_depends_on(script, directory),
        branch_labels=_several(labels),
        message=" ".join((script.doc or "").split()),
        created=_created(script.longdoc or ""),
        path=Path(script.path),
    )


def history(directory: ScriptDirectory) -> Iterator[Head]:
    """Give all scripts in the order in which `alembic upgrade heads` runs them."""
    newest_first = list(directory.iterate_revisions("heads", "base"))
    for script in reversed(newest_first):
        yield head_of(script, directory)
