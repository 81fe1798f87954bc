"""What all failures have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from google.protobuf.message import Message

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from migrated.v1.error_pb2 import SqlError

UNTOLD = "not told; `migratectl current` shows where the target stands"
"""What is said of the state where a peer says nothing: a daemon always does, a proxy never."""

NOTHING_EXECUTED = "no target was touched: nothing was executed"
"""What is said of the state where nothing was sent."""


class Place(NamedTuple):
    """A place in a file: the file as the manifest names it, line and column from 1, or 0 where they are not known."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.path, *numbers])


class MigratedError(Exception):
    """A failure: what happened, what state things are in, and what to do next.

    Each reason has a class of its own, below one class for its part of `docs/errors`; decide by class or by `reason`,
    not by the text.

    Attributes:
        code: Stable number, as `MG1005`, with a page in `docs/errors`; empty where the peer told none.
        reason: Reason in UPPER_SNAKE, as `google.rpc.ErrorInfo` carries it.
        message: The cause in one line.
        revision: The revision concerned; empty where there is none.
        place: Where in which file; `None` where that is not known.
        state: What state the target, or the run, is in.
        next_command: The next command, or what to do.
        sql: What the database said.
        metadata: Every dynamic part of the message.
        details: All details of the status, as messages.
        retry_after: How long to wait before the same call is worth trying again; `None` where it is not.

    """

    CODE: ClassVar[str] = ""
    REASON: ClassVar[str] = ""
    STATE: ClassVar[str] = UNTOLD
    NEXT: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        reason: str = "",
        revision: str = "",
        place: Place | None = None,
        state: str = "",
        next_command: str = "",
        sql: SqlError | None = None,
        metadata: Mapping[str, str] | None = None,
        details: Sequence[Message] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.CODE
        self.reason = reason or self.REASON
        self.revision = revision
        self.place = place
        self.state = state or self.STATE
        self.next_command = next_command or self.NEXT or self._read_on()
        self.sql = sql
        self.metadata = dict(metadata or {})
        self.details = tuple(details)
        self.retry_after = retry_after

    def _read_on(self) -> str:
        if self.code:
            return f"read docs/errors/{self.code}.md"
        return "repeat the command; if it happens again, look into the daemon's log"

    def __str__(self) -> str:
        head = " ".join(part for part in (self.code, self.reason) if part)
        lines = [f"{head}: {self.message}" if head else self.message]
        if self.place is not None:
            lines.append(f" --> {self.place}")
        if self.sql is not None and self.sql.sqlstate:
            lines.append(f"sqlstate: {self.sql.sqlstate}")
        lines += [f"state: {self.state}", f"next: {self.next_command}"]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.message, self.__dict__)


def _again(kind: type[MigratedError], message: str, fields: dict[str, Any]) -> MigratedError:
    """Make an error again that was sent to another process."""
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(fields)
    return error


class GraphError(MigratedError):
    """The revision graph, or an identifier of one of its revisions, cannot be used."""


class RevisionFileError(MigratedError):
    """A revision file cannot be used."""


class SchemaError(MigratedError):
    """A schema cannot be read, compared or written."""


class StoreError(MigratedError):
    """The revision store refused."""


class TargetError(MigratedError):
    """The target, or what a revision does to it, failed."""


class EngineError(MigratedError):
    """The daemon could not do what was asked."""


class AccessError(MigratedError):
    """Not authenticated, or not permitted."""

    STATE = NOTHING_EXECUTED


class ClientError(MigratedError):
    """A failure on this side: configuration, local files, or the way to the daemon."""

    STATE = NOTHING_EXECUTED

    @classmethod
    def of(cls, path: Path, doing: str, cause: Exception) -> Self:
        """Make the error of a file or folder that cannot be used."""
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        return cls(f"cannot {doing} {path}: {why}")


class VersionMismatch(ClientError):
    """The daemon and this package are of different releases, and one of them lacks what the other asks for.

    Attributes:
        upgrade: What is to be upgraded: `daemon` or `client`.

    """

    REASON = "UNIMPLEMENTED"
    upgrade: str = "daemon"
