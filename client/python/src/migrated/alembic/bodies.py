"""The project's scripts as the files that the daemon plans by: each with the head that it reads."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from alembic.script import ScriptDirectory

from migrated.manifest import Entry, Manifest

from .header import header
from .heads import heads_of
from .script import Head

if TYPE_CHECKING:
    from sqlalchemy import MetaData


class Bodies:
    """The scripts of a project: what the daemon plans by, and where the bodies are."""

    def __init__(
        self, scripts: ScriptDirectory, dialect: str = "", metadata: Sequence[MetaData] = ()
    ) -> None:
        """Read the heads; no script is executed for it whose head is made of literals.

        The scripts stay Python, and their client executes them. On PostgreSQL those with an `autocommit_block` become
        SQL, which the daemon runs outside of a transaction.

        Raises:
            NotRecordedError: Such a script reads the database.
            ProjectError: A head cannot be read.

        """
        heads = heads_of(scripts)
        self.paths = {head.revision: head.path for head in heads}
        plain: dict[str, str] = {}
        if dialect == "postgresql" and any(outside_of_transactions(head) for head in heads):
            plain = _as_sql(scripts, heads, dialect, metadata)
        self.manifest = Manifest.of(
            _entry(head, Path(scripts.dir), plain.get(head.revision)) for head in heads
        )


def outside_of_transactions(head: Head) -> bool:
    """Tell whether a script opens an `autocommit_block`, which no transaction of a step can hold."""
    source = head.path.read_bytes()
    if b"autocommit_block" not in source:
        return False
    tree = ast.parse(source)
    return any(isinstance(node, ast.Attribute) and node.attr == "autocommit_block" for node in ast.walk(tree))


def _as_sql(
    scripts: ScriptDirectory, heads: Sequence[Head], dialect: str, metadata: Sequence[MetaData]
) -> dict[str, str]:
    from .importing import read_scripts

    wanted = {head.revision for head in heads if outside_of_transactions(head)}
    outcome = read_scripts(
        scripts, [dialect], metadata=metadata[0] if metadata else None, sql=True, only=wanted
    )
    if outcome.refused:
        raise outcome.refused[0]
    return {file.head.revision: file.text for file in outcome.files}


def _entry(head: Head, base: Path, sql: str | None) -> Entry:
    """Make the entry of a script. Its name is where it is, seen from `env.py`, so that it is the same wherever that is.

    The daemon takes sources by the end of their names.
    """
    relative = PurePosixPath(os.path.relpath(head.path.with_suffix(""), base.resolve()).replace(os.sep, "/"))
    if sql is None:
        data = header(head, "#").encode() + b"\n" + head.path.read_bytes()
        name = f"{relative}.rev.py"
    else:
        data, name = sql.encode(), f"{relative}.sql"
    return Entry(name, head.path, len(data), hashlib.sha256(data).digest(), data)
