"""A script of an Alembic project, with what its head says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


@dataclass(frozen=True)
class Head:
    """What the head of a revision says, in the words of migrated."""

    revision: str
    down_revision: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    message: str
    created: str | None
    file: str
    source: bytes = field(repr=False)

    @property
    def path(self) -> Path:
        """Where the script is."""
        return Path(self.file)

    def load(self) -> ModuleType:
        """Load the script anew: a body may leave something behind in its module, such as a type that is made."""
        from alembic.util import load_python_file

        return load_python_file(str(self.path.parent), self.path.name)

    def with_parents(self, down_revision: tuple[str, ...], depends_on: tuple[str, ...]) -> Head:
        """Tell the same head with other parents and dependencies."""
        return replace(self, down_revision=down_revision, depends_on=depends_on)


def several(value: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Read what a head may say once, several times or not at all."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def history(directory: ScriptDirectory) -> Iterator[Head]:
    """Give all scripts in the order in which `alembic upgrade heads` runs them."""
    from .heads import heads_of
    from .locations import Locations

    known = {head.revision: head for head in heads_of(Locations.of(directory))}
    for script in reversed(list(directory.iterate_revisions("heads", "base"))):
        yield known[script.revision]
