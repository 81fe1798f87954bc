"""Proves an import: on empty databases Alembic and migrated must leave the same schema."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
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
from sqlalchemy.schema import CreateSchema

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
    made: tuple[str, ...] = ()
    """Schemas that were made before, as `env.py` does it."""

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
    schemas: Sequence[str] = (),
) -> Proof:
    """Run both histories on empty databases, and compare what they leave, object by object.

    A daemon of its own is started for it, and leaves by itself. `env.py` does not run, which could do its work on the
    database that it means: where Alembic fails without the `schemas` that it names, both start with those.
    """
    proof = _proved(directory, folder, dialect, metadata, server, ())
    if isinstance(proof, Proof):
        return proof
    failed = proof
    if schemas and dialect == "postgresql":
        proof = _proved(directory, folder, dialect, metadata, server, tuple(schemas))
        if isinstance(proof, Proof):
            return proof
    text = " ".join(str(failed).split())
    return Proof(dialect, 0, (), f"Alembic itself fails on an empty database: {text}")


def _proved(
    directory: ScriptDirectory,
    folder: Path,
    dialect: str,
    metadata: MetaData | None,
    server: str | None,
    schemas: tuple[str, ...],
) -> Proof | SQLAlchemyError:
    """Run both; give the error on which Alembic fails."""
    with scratch_pair(dialect, server) as (theirs, ours), tempfile.TemporaryDirectory() as home:
        try:
            with _connected(theirs, schemas) as connection:
                count = by_alembic(directory, connection, metadata)
        except SQLAlchemyError as error:
            return error
        if schemas:
            with _connected(ours, schemas):
                pass
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
                return Proof(dialect, count, (), str(error), schemas)
        return Proof(dialect, count, tuple(one.summary for one in found.differences), None, schemas)


@contextmanager
def _connected(url: URL, schemas: Sequence[str]) -> Iterator[Connection]:
    """Connect, and make schemas."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            for schema in schemas:
                connection.execute(CreateSchema(schema, if_not_exists=True))
            connection.commit()
            yield connection
    finally:
        engine.dispose()
