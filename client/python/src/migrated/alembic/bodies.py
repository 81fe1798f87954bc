"""The project's scripts as the files that the daemon plans by: each with the head that it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from .importing import read_scripts
from .script import Head, history
from .write import python_file


def outside_of_transactions(head: Head) -> bool:
    """Tell whether a script opens an `autocommit_block`, which no transaction of a step can hold."""
    tree = ast.parse(head.path.read_bytes())
    return any(isinstance(node, ast.Attribute) and node.attr == "autocommit_block" for node in ast.walk(tree))


@contextmanager
def folder_of(scripts: ScriptDirectory, dialect: str, metadata: Sequence[MetaData] = ()) -> Iterator[Path]:
    """Write the project's scripts to a folder that is there for as long as the block.

    They stay Python, and their client executes them; those with an `autocommit_block` are SQL, which the daemon runs
    outside of a transaction.

    Raises:
        NotRecordedError: Such a script reads the database.

    """
    heads = list(history(scripts))
    plain = {head.revision for head in heads if outside_of_transactions(head)}
    with TemporaryDirectory(prefix="migrated-alembic-") as name:
        folder = Path(name)
        for place, head in enumerate(heads):
            if head.revision not in plain:
                # The number keeps the order in which Alembic loads them; two scripts may have one name in two folders.
                (folder / f"{place:05}_{head.path.stem}.rev.py").write_text(
                    python_file(head), encoding="utf-8"
                )
        if plain:
            places = {head.revision: place for place, head in enumerate(heads)}
            outcome = read_scripts(scripts, [dialect], metadata=metadata[0] if metadata else None, sql=True)
            for refused in outcome.refused:
                if refused.head.revision in plain:
                    raise refused
            for file in outcome.files:
                if file.head.revision in plain:
                    (folder / f"{places[file.head.revision]:05}_{file.name}").write_text(
                        file.text, encoding="utf-8"
                    )
        yield folder
