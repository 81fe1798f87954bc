"""A connection of PEP 249 into the step that a client executes: the transaction is the daemon's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from migrated.dbapi.conversation import Conversation
from migrated.dbapi.errors import Error, InterfaceError, NotSupportedError, of_failure
from migrated.dbapi.values import decode, encode
from migrated.errors import MigratedError
from migrated.v1.execute_pb2 import ClientStatement, Parameters, ResultRow, StatementAnswer, StepToExecute

Description = tuple[str, Any, None, None, None, None, None]
Row = tuple[Any, ...]


class Connection:
    """What the body of a revision sees of the database.

    There is nothing to commit here: the daemon writes the version rows and commits when the body is done, and rolls
    back when it is not. Savepoints are the body's own.
    """

    def __init__(
        self,
        conversation: Conversation,
        step: StepToExecute,
        *,
        ahead: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Make the connection of a step.

        Args:
            conversation: The conversation that gave the step.
            step: The step.
            ahead: Asked before each statement that gives no rows: the line that sends it, where that need not wait for
                its answer; `None` where it does. A failure is raised by a later call then, at the latest by the end.

        """
        self.conversation = conversation
        self.step = step
        self.ahead = ahead
        self._open = True
        self._streaming: Cursor | None = None

    def cursor(self) -> Cursor:
        """Make a cursor."""
        if not self._open:
            raise InterfaceError("the step has ended")
        return Cursor(self)

    def commit(self) -> None:
        """Refuse: the daemon commits.

        Raises:
            NotSupportedError: Always.

        """
        raise NotSupportedError(
            "a revision does not commit: the daemon does, together with the version rows, when the body is done"
        )

    def rollback(self) -> None:
        """Refuse: the daemon rolls back when the body raises.

        Raises:
            NotSupportedError: Always.

        """
        raise NotSupportedError("a revision does not roll back: raise an exception, and the daemon does")

    def close(self) -> None:
        """Make this object unusable; the step stays open."""
        self._open = False

    def claim(self, cursor: Cursor | None) -> None:
        """Let one cursor read from the stream; rows of another that have not come yet are read into it first."""
        if self._streaming is not None and self._streaming is not cursor:
            self._streaming.take_all()
        self._streaming = cursor


class Cursor:
    """Executes statements, with the engine's own placeholders: `$1` on PostgreSQL, `?` on the others.

    Rows come while they are read, about 64 KiB at a time.
    """

    arraysize = 100
    """How many rows `fetchmany` gives."""

    unsettled = False
    """The statement was sent ahead, and its answer was not asked for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[Description] | None = None
        self._rowcount = -1
        self._lastrowid: int | None = None
        self._rows: list[Row] = []
        self._place = 0
        self._answers: Iterator[StatementAnswer] | None = None

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed or gave; -1 where that is not known."""
        self._settle()
        return self._rowcount

    @property
    def lastrowid(self) -> int | None:
        """The key that MySQL, MariaDB or SQLite made for the row inserted last."""
        self._settle()
        return self._lastrowid

    def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Execute a statement."""
        sets = [self._parameters(parameters)] if parameters else []
        return self._send(operation, sets)

    def executemany(self, operation: str, seq_of_parameters: Sequence[Sequence[Any]]) -> Cursor:
        """Execute a statement once with each set of parameters; they travel together."""
        sets = [self._parameters(one) for one in seq_of_parameters]
        if not sets:
            self._reset()
            self._rowcount = 0
            return self
        return self._send(operation, sets)

    def fetchone(self) -> Row | None:
        """Give the next row; `None` behind the last."""
        while self._place >= len(self._rows):
            if not self._more():
                return None
        row = self._rows[self._place]
        self._place += 1
        return row

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Give the next rows."""
        rows: list[Row] = []
        for _ in range(self.arraysize if size is None else size):
            row = self.fetchone()
            if row is None:
                break
            rows.append(row)
        return rows

    def fetchall(self) -> list[Row]:
        """Give all rows that are left."""
        self.take_all()
        rows = self._rows[self._place :]
        self._place = len(self._rows)
        return rows

    def close(self) -> None:
        """Let go what was not read."""
        if self._answers is not None and not self.connection.conversation.lost:
            self.connection.conversation.stop(self._statement)
            self.take_all()
        self._answers = None
        self._rows, self._place = [], 0

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Do nothing: the daemon asks the database."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing: values come whole."""

    def __iter__(self) -> Iterator[Row]:
        while (row := self.fetchone()) is not None:
            yield row

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take_all(self) -> None:
        """Read the rows that have not come yet, so that another statement can be sent."""
        while self._more():
            pass

    def _send(self, operation: str, sets: list[Parameters]) -> Cursor:
        self.connection.claim(self)
        self._reset()
        statement = ClientStatement(sql=operation, parameters=sets)
        if _gives_no_rows(operation):
            line = self.connection.ahead()
            if line is not None:
                self.unsettled = True
                self.connection.conversation.send_ahead(statement, self, line)
                return self
        self._answers = self.connection.conversation.execute(statement)
        self._statement = statement.id
        first = self._take()
        if first is not None and first.columns:
            self.description = [
                (column.name, column.type_name, None, None, None, None, None) for column in first.columns
            ]
        elif self._answers is not None:
            self.take_all()
        return self

    def _reset(self) -> None:
        if self._answers is not None:
            self.close()
        self.description, self._rowcount, self._lastrowid = None, -1, None
        self.unsettled = False
        self._rows, self._place = [], 0

    def _more(self) -> bool:
        if self._answers is None:
            return False
        if self._place:
            del self._rows[: self._place]
            self._place = 0
        return self._take() is not None

    def _take(self) -> StatementAnswer | None:
        """Read the next answer into the rows."""
        if self._answers is None:
            return None
        try:
            answer = next(self._answers)
        except (Error, MigratedError):
            self._answers = None
            raise
        if answer.complete:
            self._answers = None
            if answer.HasField("failure"):
                raise of_failure(answer.failure)
            self._count(answer)
        self._rows += [self._row(row) for row in answer.rows]
        return answer

    def settled(self, answer: StatementAnswer) -> None:
        """Take the answer to the statement that was sent ahead last; those of earlier ones are of no interest."""
        if self.unsettled:
            self._count(answer)

    def _settle(self) -> None:
        if self.unsettled:
            self.connection.conversation.settle()
            self.unsettled = False

    def _count(self, answer: StatementAnswer) -> None:
        if answer.HasField("row_count"):
            self._rowcount = answer.row_count
        if answer.HasField("last_row_id"):
            self._lastrowid = answer.last_row_id

    def _parameters(self, values: Sequence[Any]) -> Parameters:
        engine = self.connection.step.dialect
        return Parameters(values=[encode(value, engine) for value in values])

    def _row(self, row: ResultRow) -> Row:
        engine = self.connection.step.dialect
        return tuple(decode(value, engine) for value in row.values)


_NO_ROWS = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|COMMENT\s+ON|TRUNCATE|GRANT|REVOKE)\b", re.IGNORECASE
)
_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)


def _gives_no_rows(operation: str) -> bool:
    return _NO_ROWS.match(operation) is not None and _RETURNING.search(operation) is None
