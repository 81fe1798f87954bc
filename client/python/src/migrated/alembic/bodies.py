"""The project's scripts as the files that the daemon plans by: each with the head that it reads."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrated.manifest import Entry, Manifest

from .header import header
from .heads import heads_of
from .locations import Locations
from .script import Head

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import MetaData


class Bodies:
    """The scripts of a project: what the daemon plans by, and where the bodies are."""

    def __init__(self, locations: Locations) -> None:
        """Read the heads; no script is executed for it whose head is made of literals.

        Raises:
            ProjectError: A head cannot be read.

        """
        self._base = locations.base
        self._heads = heads_of(locations)
        self.paths = {head.revision: head.path for head in self._heads}

    @classmethod
    def of(cls, scripts: ScriptDirectory) -> Bodies:
        """Read the heads of a project that Alembic has opened."""
        return cls(Locations.of(scripts))

    @property
    def depend_on_dialect(self) -> bool:
        """Whether `manifest_for` has to know the dialect."""
        return any(outside_of_transactions(head) for head in self._heads)

    def manifest(self) -> Manifest:
        """Tell the scripts as Python, which their client executes."""
        return self._of({})

    def manifest_for(self, scripts: ScriptDirectory, dialect: str, metadata: Sequence[MetaData]) -> Manifest:
        """Tell the scripts for a dialect: on PostgreSQL those with an `autocommit_block` become SQL.

        The daemon runs that outside of a transaction. One that reads the database stays Python, and is one transaction
        as all others are.
        """
        if dialect == "postgresql" and self.depend_on_dialect:
            return self._of(_as_sql(scripts, self._heads, dialect, metadata))
        return self.manifest()

    def _of(self, plain: dict[str, str]) -> Manifest:
        return Manifest.of(_entry(head, self._base, plain.get(head.revision)) for head in self._heads)


def outside_of_transactions(head: Head) -> bool:
    """Tell whether a script opens an `autocommit_block`, which no transaction of a step can hold."""
    if b"autocommit_block" not in head.source:
        return False
    tree = ast.parse(head.source)
    return any(isinstance(node, ast.Attribute) and node.attr == "autocommit_block" for node in ast.walk(tree))


def _as_sql(
    scripts: ScriptDirectory, heads: Sequence[Head], dialect: str, metadata: Sequence[MetaData]
) -> dict[str, str]:
    from .importing import read_scripts

    wanted = {head.revision for head in heads if outside_of_transactions(head)}
    outcome = read_scripts(
        scripts, [dialect], metadata=metadata[0] if metadata else None, sql=True, only=wanted
    )
    return {file.head.revision: file.text for file in outcome.files}


def _entry(head: Head, base: str, sql: str | None) -> Entry:
    """Make the entry of a script. Its name is where it is, seen from `env.py`, so that it is the same wherever that is.

    The daemon takes sources by the end of their names.
    """
    beneath = f"{base}{os.sep}"
    seen = (
        head.file.removeprefix(beneath) if head.file.startswith(beneath) else os.path.relpath(head.file, base)
    )
    relative = seen.removesuffix(".py").replace(os.sep, "/")
    if sql is None:
        data = header(head, "#").encode() + b"\n" + head.source
        name = f"{relative}.rev.py"
    else:
        data, name = sql.encode(), f"{relative}.sql"
    return Entry(name, Path(head.file), len(data), hashlib.sha256(data).digest(), data)
