"""SQLAlchemy's dialects, as they are after a first connection to a server of a version."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import Dialect

OLDEST = {
    "postgresql": (13,),
    "mysql": (8, 0, 16),
    "mariadb": (10, 6),
    "sqlite": (3, 35),
}
"""The oldest servers that the daemon supports: what they understand, all do."""

ENGINES = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
"""The daemon's word for the dialect of a description, by SQLAlchemy's."""


def dialect_for(dialect: str | Dialect, server_version: str | tuple[int, ...] | None = None) -> Dialect:
    """Make a dialect as it is once it has met its server; no connection and no driver is needed.

    Args:
        dialect: `postgresql`, `mysql`, `mariadb` or `sqlite`, the scheme of a URL such as `postgresql+asyncpg`, or
            a dialect of SQLAlchemy, whose name and version are taken.
        server_version: The server's version as the server, or the daemon, tells it: `15.4`, `MariaDB 10.11.6`,
            `10.11.6-MariaDB`, or numbers. The oldest that is supported where nothing is said.

    Raises:
        ValueError: No such dialect, or no number in the version.

    """
    if isinstance(dialect, Dialect):
        name = dialect.name
        server_version = server_version or getattr(dialect, "server_version_info", None)
        mariadb = bool(getattr(dialect, "is_mariadb", False))
    else:
        name = dialect.partition("+")[0].partition(":")[0].lower()
        name = {"postgres": "postgresql"}.get(name, name)
        mariadb = name == "mariadb"
    if name not in OLDEST:
        raise ValueError(f"no dialect {name!r}: there are {', '.join(OLDEST)}")
    mariadb = mariadb or (name == "mysql" and "mariadb" in str(server_version).lower())
    version = _version(server_version) or OLDEST["mariadb" if mariadb else name]
    if name == "postgresql":
        return _postgresql(version)
    if name == "sqlite":
        kind: Any = sqlite.dialect
        made: Dialect = kind(paramstyle="named")
        return made
    return _mysql(name, version, mariadb)


def version_of(dialect: Dialect) -> tuple[int, ...]:
    """Tell the version that a dialect of `dialect_for` was made for."""
    version: tuple[int, ...] = getattr(dialect, "server_version_info", None) or OLDEST[dialect.name]
    return version


def _version(told: str | tuple[int, ...] | None) -> tuple[int, ...] | None:
    if told is None or told == "":
        return None
    if not isinstance(told, str):
        return tuple(told)
    # MariaDB puts `5.5.5-` in front for clients that know MySQL's versions only.
    found = re.search(r"(?:^|[^\d.])(?:5\.5\.5-)?(\d+(?:\.\d+)*)", told)
    if found is None:
        raise ValueError(f"no version in {told!r}")
    return tuple(int(number) for number in found[1].split("."))


def _postgresql(version: tuple[int, ...]) -> Dialect:
    # With named parameters a `%` stays one: with a driver's own it would be doubled in every text.
    kind: Any = postgresql.dialect
    made: Any = kind(paramstyle="named")
    made.server_version_info = version
    made.supports_identity_columns = version >= (10,)
    made.supports_smallserial = True
    made.supports_virtual_generated_columns = version >= (18,)
    # `standard_conforming_strings`, on since 9.1.
    made._backslash_escapes = False
    dialect: Dialect = made
    return dialect


def _mysql(name: str, version: tuple[int, ...], mariadb: bool) -> Dialect:
    kind: Any = MariaDBDialect if name == "mariadb" else mysql.dialect
    made: Any = kind(paramstyle="named", is_mariadb=mariadb)
    made.server_version_info = version
    made.supports_sequences = mariadb and version >= (10, 3)
    made.supports_native_uuid = mariadb and version >= (10, 7)
    # Before 2.1 SQLAlchemy works it out from the version.
    if not isinstance(getattr(kind, "_support_default_function", None), property):
        made._support_default_function = version >= ((10, 2, 1) if mariadb else (8, 0, 13))
    dialect: Dialect = made
    return dialect
