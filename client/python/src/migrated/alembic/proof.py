"""Proves an import: on empty databases Alembic and migrated must leave the same schema."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, MetaData, create_engine, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from migrated._sync.client import Client
from migrated.config import Config
from migrated.config.keys import Settings
from migrated.errors import MigratedError

from .environment import neutral


@dataclass(frozen=True)
class Proof:
    """What came of a proof."""

    dialect: str
    revisions: int
    differences: tuple[str, ...]
    failure: str | None = None

    @property
    def holds(self) -> bool:
        """Both histories ran, and leave the same."""
        return self.failure is None and not self.differences


def by_alembic(directory: ScriptDirectory, connection: Connection, metadata: MetaData | None) -> int:
    """Run the whole history as `alembic upgrade heads` does; give the number of scripts."""

    def steps(rows: Any, _context: MigrationContext) -> Any:
        return directory._upgrade_revs("heads", rows)

    options: dict[str, Any] = {
        "fn": steps,
        "script": directory,
        "target_metadata": metadata,
        "transaction_per_migration": True,
    }
    context = MigrationContext.configure(connection=connection, opts=options)
    with context.begin_transaction(), Operations.context(context):
        context.run_migrations()
    connection.commit()
    return len(list(directory.walk_revisions()))


@contextmanager
def scratch_pair(dialect: str, server: str | None) -> Iterator[tuple[URL, URL]]:
    """Make two empty databases, and drop them at the end.

    `server` is the URL of a server on which databases may be made; SQLite takes files in a temporary folder.
    """
    if dialect == "sqlite":
        with tempfile.TemporaryDirectory(prefix="migrated-import-") as folder:
            yield (
                make_url(f"sqlite:///{Path(folder, 'alembic.db')}"),
                make_url(f"sqlite:///{Path(folder, 'migrated.db')}"),
            )
        return
    if server is None:
        raise ValueError(f"a proof for {dialect} needs the URL of a server on which databases may be made")
    base = make_url(server)
    engine = create_engine(base, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    names = [f"migrated_import_{uuid4().hex[:12]}_{which}" for which in ("a", "m")]
    quote = engine.dialect.identifier_preparer.quote
    try:
        with engine.connect() as connection:
            for name in names:
                connection.execute(text(f"CREATE DATABASE {quote(name)}"))
        yield base.set(database=names[0]), base.set(database=names[1])
    finally:
        with engine.connect() as connection:
            for name in names:
                connection.execute(text(f"DROP DATABASE IF EXISTS {quote(name)}"))
        engine.dispose()


def prove(
    directory: ScriptDirectory,
    folder: Path,
    dialect: str,
    *,
    metadata: MetaData | None = None,
    server: str | None = None,
) -> Proof:
    """Run both histories on empty databases, and compare what they leave, object by object.

    A daemon of its own is started for it, and leaves by itself.
    """
    with scratch_pair(dialect, server) as (theirs, ours), tempfile.TemporaryDirectory() as home:
        engine = create_engine(theirs, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                count = by_alembic(directory, connection, metadata)
        except SQLAlchemyError as error:
            # Without env.py: what that makes, such as a schema, is not there.
            return Proof(
                dialect, 0, (), f"Alembic itself fails on an empty database: {' '.join(str(error).split())}"
            )
        finally:
            engine.dispose()
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MIGRATECTL_", "MIGRATED_")) and name != "DATABASE_URL"
        }
        settings: Settings = {"embedded_idle": "1s", "dirs": [folder], "database_url": neutral(ours)}
        with Client(Config.load(cwd=home, environ=environ, **settings)) as client:
            try:
                client.upgrade("heads").result()
                found = client.diff(neutral(ours), neutral(theirs), all_schemas=dialect == "postgresql")
            except MigratedError as error:
                return Proof(dialect, count, (), str(error))
        return Proof(dialect, count, tuple(one.summary for one in found.differences))
