"""The database inside of a step that a client executes, as PEP 249 describes one.

`Conversation` gives the steps of a run, `Connection` the transaction of one. `migrated.sqlalchemy.dialect` has
SQLAlchemy's dialects on top.
"""

from migrated.dbapi.connection import Connection, Cursor
from migrated.dbapi.conversation import Conversation, StepEnd
from migrated.dbapi.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,  # noqa: A004 - the name is PEP 249's
)

apilevel = "2.0"
"""The version of PEP 249."""

threadsafety = 1
"""Threads may share the module, but no connection."""

paramstyle = "qmark"
"""Of MySQL, MariaDB and SQLite. On PostgreSQL the placeholders are its own, `$1`, for which PEP 249 has no word."""

__all__ = [
    "Connection",
    "Conversation",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "StepEnd",
    "Warning",
    "apilevel",
    "paramstyle",
    "threadsafety",
]
