"""SQLAlchemy's dialects over the step that a client executes: `op.get_bind()` and ORM sessions work unchanged."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql import sqltypes

import migrated.dbapi
from migrated.dbapi import Connection
from migrated.v1.execute_pb2 import StepToExecute

# PostgreSQL is to know what a parameter is before it sees the value, as with the dialects of psycopg 3 and asyncpg.


class _String(sqltypes.String):
    render_bind_cast = True


class _Integer(sqltypes.Integer):
    render_bind_cast = True


class _SmallInteger(sqltypes.SmallInteger):
    render_bind_cast = True


class _BigInteger(sqltypes.BigInteger):
    render_bind_cast = True


class _Date(sqltypes.Date):
    render_bind_cast = True


class _DateTime(sqltypes.DateTime):
    render_bind_cast = True


class _Time(sqltypes.Time):
    render_bind_cast = True


class _Interval(postgresql.INTERVAL):
    render_bind_cast = True


class _Json(postgresql.JSON):
    """JSON, which comes as Python's objects already."""

    render_bind_cast = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


class _Jsonb(postgresql.JSONB):
    render_bind_cast = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


class _JsonInteger(sqltypes.JSON.JSONIntIndexType):
    render_bind_cast = True


class _JsonString(sqltypes.JSON.JSONStrIndexType):
    render_bind_cast = True


_LATE: Any = object()
"""Stands for the count of a statement that was sent ahead, until somebody wants it."""


class _LateCount:
    """An execution context that does not wait for a count that nobody asked for."""

    cursor: Any
    _counted: int | None = None

    @property
    def _rowcount(self) -> Any:
        return _LATE if self._counted is None and self.cursor.unsettled else self._counted

    @_rowcount.setter
    def _rowcount(self, count: int | None) -> None:
        self._counted = count

    @property
    def rowcount(self) -> int:
        """The count; the answer is waited for here."""
        count: int = self.cursor.rowcount if self._counted is None else self._counted
        return count


def _late(dialect: type[Any]) -> Any:
    """Make the execution context of a dialect one that does not wait for counts."""
    return type(f"{dialect.__name__}Context", (_LateCount, dialect.execution_ctx_cls), {})


class _OfTheStep:
    """What the three have in common: the transaction is the daemon's."""

    driver = "migrated"
    supports_statement_cache = True
    supports_native_decimal = True
    supports_sane_multi_rowcount = False
    is_async = False

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Give PEP 249's module."""
        return migrated.dbapi

    def do_begin(self, dbapi_connection: Any) -> None:
        """Do nothing: it was begun before the body."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Refuse, as the connection does."""
        dbapi_connection.commit()

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Do nothing: SQLAlchemy rolls back whenever it puts a connection away, and a failed body is the daemon's."""

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Say that it is there."""
        return True

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        """Say the usual one without asking: it was set before the body."""
        return "READ COMMITTED"

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """Say the usual one."""
        return "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        """Do nothing: a transaction has one already."""


class PostgresDialect(_OfTheStep, PGDialect):
    """PostgreSQL."""

    default_paramstyle = "numeric_dollar"
    execution_ctx_cls = _late(PGDialect)
    supports_statement_cache = True
    supports_native_uuid = True

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        return _numbers(_step_of(connection).server)

    colspecs = PGDialect.colspecs | {
        sqltypes.String: _String,
        sqltypes.Integer: _Integer,
        sqltypes.SmallInteger: _SmallInteger,
        sqltypes.BigInteger: _BigInteger,
        sqltypes.Date: _Date,
        sqltypes.DateTime: _DateTime,
        sqltypes.Time: _Time,
        sqltypes.Interval: _Interval,
        postgresql.INTERVAL: _Interval,
        sqltypes.JSON: _Json,
        postgresql.JSON: _Json,
        postgresql.JSONB: _Jsonb,
        sqltypes.JSON.JSONIntIndexType: _JsonInteger,
        sqltypes.JSON.JSONStrIndexType: _JsonString,
    }


class MysqlDialect(_OfTheStep, MySQLDialect):
    """MySQL and MariaDB."""

    default_paramstyle = "qmark"
    execution_ctx_cls = _late(MySQLDialect)
    supports_statement_cache = True

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        name, _, version = _step_of(connection).server.partition(" ")
        parsed: tuple[int, ...] = self._parse_server_version(
            f"{version}-MariaDB" if name == "MariaDB" and "MariaDB" not in version else version
        )
        return parsed

    def _detect_charset(self, connection: Any) -> str:
        return "utf8mb4"

    def _extract_error_code(self, exception: Any) -> int | None:
        detail = exception.failure.sql.detail if exception.failure is not None else ""
        digits = "".join(char for char in detail if char.isdigit())
        return int(digits) if digits else None


class SqliteDialect(_OfTheStep, SQLiteDialect):
    """SQLite."""

    default_paramstyle = "qmark"
    execution_ctx_cls = _late(SQLiteDialect)
    supports_statement_cache = True

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        return _numbers(_step_of(connection).server)


_DIALECTS: dict[str, type[Dialect]] = {
    "postgresql": PostgresDialect,
    "mysql": MysqlDialect,
    "sqlite": SqliteDialect,
}


def engine(connection: Connection) -> Engine:
    """Make an engine whose only connection is the step's.

    What the body begins and ends by itself stays within the step: open the engine's connection, begin, and leave it
    open until the body is done, so that sessions on it join that transaction.
    """
    kind: Any = _DIALECTS[connection.step.dialect]
    dialect: Dialect = kind(dbapi=_Module(connection.step.server), paramstyle=kind.default_paramstyle)
    pool = StaticPool(lambda: connection, reset_on_return=None, dialect=dialect)  # type: ignore[arg-type]
    made = Engine(pool, dialect, sa.URL.create(connection.step.dialect))
    with made.connect() as first:
        dialect.initialize(first)
    return made


class _Module(ModuleType):
    """PEP 249's module, with what SQLAlchemy asks that of SQLite for."""

    def __init__(self, server: str) -> None:
        super().__init__("migrated.dbapi")
        self.__dict__.update(vars(migrated.dbapi))
        self.sqlite_version_info = _numbers(server)
        self.sqlite_version = ".".join(map(str, self.sqlite_version_info))


def _step_of(connection: Any) -> StepToExecute:
    step: StepToExecute = connection.connection.dbapi_connection.step
    return step


def _numbers(server: str) -> tuple[int, ...]:
    """Read the version in `PostgreSQL 15.4`."""
    found = re.search(r"\d+(\.\d+)*", server)
    return tuple(int(part) for part in found[0].split(".")) if found else (0,)
