"""The exceptions of PEP 249, with what the database said."""

from __future__ import annotations

from typing import Any

from migrated.v1.error_pb2 import Failure


class Warning(Exception):  # noqa: A001 - the name is PEP 249's
    """A warning; none is ever raised."""


class Error(Exception):
    """A statement failed, or cannot be sent.

    Attributes:
        sqlstate: SQLSTATE, or the engine's own number where it has none; empty where no database spoke.
        failure: The daemon's whole answer; `None` where it was never asked.
        line: The line of the script that sent the statement, where it was sent ahead; else 0.

    """

    line = 0

    def __init__(self, message: str, failure: Failure | None = None) -> None:
        super().__init__(message)
        self.failure = failure
        self.sqlstate = failure.sql.sqlstate if failure is not None else ""

    @property
    def pgcode(self) -> str:
        """SQLSTATE by the name that psycopg2 has for it, which scripts ask for."""
        return self.sqlstate


class InterfaceError(Error):
    """The connection is used in a way that it does not have."""


class DatabaseError(Error):
    """The database refused."""


class DataError(DatabaseError):
    """A value does not fit."""


class OperationalError(DatabaseError):
    """Something outside of the statement failed."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The database has an error of its own."""


class ProgrammingError(DatabaseError):
    """The statement is wrong."""


class NotSupportedError(DatabaseError):
    """The database, or this connection, cannot do that."""


# Classes of SQLSTATE (ISO 9075; PostgreSQL's manual, appendix A; MySQL's, "Server Error Message Reference").
_BY_CLASS: dict[str, type[DatabaseError]] = {
    "08": OperationalError,
    "0A": NotSupportedError,
    "21": ProgrammingError,
    "22": DataError,
    "23": IntegrityError,
    "25": InternalError,
    "26": ProgrammingError,
    "28": OperationalError,
    "2B": InternalError,
    "2D": InternalError,
    "2F": InternalError,
    "3D": ProgrammingError,
    "3F": ProgrammingError,
    "40": OperationalError,
    "42": ProgrammingError,
    "44": ProgrammingError,
    "53": OperationalError,
    "54": OperationalError,
    "55": OperationalError,
    "57": OperationalError,
    "58": OperationalError,
    "XX": InternalError,
}

# Result codes of SQLite (its documentation, "Result and Error Codes"), of which the low byte is the primary one.
_BY_RESULT: dict[int, type[DatabaseError]] = {
    1: OperationalError,
    19: IntegrityError,
    20: DataError,
    25: ProgrammingError,
}


def of_failure(failure: Failure) -> DatabaseError:
    """Make the exception of a failed statement."""
    state = failure.sql.sqlstate
    kind: type[DatabaseError] | None = None
    if len(state) == 5:
        kind = _BY_CLASS.get(state[:2])
    elif state.isdigit():
        kind = _BY_RESULT.get(int(state) & 0xFF, OperationalError)
    parts: list[Any] = [failure.sql.message or failure.message]
    parts += [f"DETAIL: {failure.sql.detail}"] if failure.sql.detail else []
    parts += [f"HINT: {failure.sql.hint}"] if failure.sql.hint else []
    return (kind or DatabaseError)("\n".join(parts), failure)
