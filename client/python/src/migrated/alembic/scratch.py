"""Databases to run scripts on, so that what they execute can be written down."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

Literal = Callable[[str, Any], str]


@dataclass
class Scratch:
    """A connection whose statements are seen."""

    connection: Connection
    literal: Literal

    def watch(self, seen: Callable[[str, Any], None]) -> None:
        """Call `seen` with each statement and its parameters, before it is executed."""

        def before(
            _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
        ) -> None:
            for one in parameters if executemany else [parameters]:
                seen(statement, one)

        event.listen(self.connection, "before_cursor_execute", before)


def _quoted(value: Any) -> str:
    """Write a value as SQLite reads it (its documentation, "Literal Values")."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(int(value))
        case float():
            return repr(value)
        case bytes():
            return f"X'{value.hex()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def sqlite_literal(statement: str, parameters: Any) -> str:
    """Write the parameters into a statement with question marks, which strings and names may hold as well."""
    if not parameters:
        return statement
    values = iter(parameters)
    out: list[str] = []
    quote = ""
    for char in statement:
        if quote:
            quote = "" if char == quote else quote
            out.append(char)
        elif char in "'\"`":
            quote = char
            out.append(char)
        elif char == "?":
            out.append(_quoted(next(values)))
        else:
            out.append(char)
    return "".join(out)


def driver_literal(connection: Connection) -> Literal:
    """Let the driver itself write parameters into a statement."""
    raw: Any = connection.connection.driver_connection
    if connection.dialect.driver == "psycopg":
        from psycopg import ClientCursor

        cursor: Any = ClientCursor(raw)
    else:
        cursor = raw.cursor()

    def literal(statement: str, parameters: Any) -> str:
        if not parameters:
            # A statement without parameters is not scanned for them by the driver either.
            return statement
        text = cursor.mogrify(statement, parameters)
        return text.decode() if isinstance(text, bytes) else str(text)

    return literal


@contextmanager
def sqlite_memory(copy_of: Connection | None = None) -> Iterator[Scratch]:
    """Open an empty SQLite database in memory, or a copy of another."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            if copy_of is not None:
                source, into = (_sqlite(one) for one in (copy_of, connection))
                source.commit()
                source.backup(into)
            yield Scratch(connection, sqlite_literal)
    finally:
        engine.dispose()


def _sqlite(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - `sqlite://` is pysqlite
    return raw


@contextmanager
def server(url: str) -> Iterator[Scratch]:
    """Open a database on a server."""
    engine: Engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield Scratch(connection, driver_literal(connection))
    finally:
        engine.dispose()
