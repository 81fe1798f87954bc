"""A conversation with the daemon about one run: it gives the steps, the client executes their bodies.

How it goes stands at the head of `execute.proto`.
"""

from __future__ import annotations

import queue
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrated.dbapi.errors import InterfaceError, of_failure
from migrated.errors import DaemonUnreachable
from migrated.v1.error_pb2 import Failure
from migrated.v1.execute_pb2 import (
    ClientStatement,
    ExecuteStatements,
    ExecuteStepRequest,
    ExecuteStepResponse,
    OpenExecutor,
    StatementAnswer,
    StepBodyDone,
    StepBodyFailed,
    StepToExecute,
    StopRows,
)

if TYPE_CHECKING:
    from migrated._sync.client import Client


_TOGETHER = 64
"""So many statements that are sent ahead travel in one message."""

_MOST_AHEAD = 4096
"""With so many answers outstanding they are waited for."""


@dataclass(frozen=True)
class StepEnd:
    """How a step ended.

    Attributes:
        done: It is committed; else it is rolled back.
        again: It comes again, as the next step.
        message: Why it was not done.

    """

    done: bool
    again: bool = False
    message: str = ""


class Conversation:
    """Offers to execute the steps of a run. Its errors are those of any call: `MigratedError`.

    Attributes:
        lost: The stream died. A step that was open is rolled back, or was done just before; the run's own stream
            tells, and another conversation takes the steps that are left.

    """

    def __init__(self, client: Client, run_id: str, languages: Sequence[str] = ("python",)) -> None:
        self._requests: queue.SimpleQueue[ExecuteStepRequest | None] = queue.SimpleQueue()
        self._requests.put(ExecuteStepRequest(open=OpenExecutor(run_id=run_id, languages=languages)))
        self._responses = client.api.migrations.execute_step(iter(self._requests.get, None))
        self._answers: list[StatementAnswer] = []
        self.lost = False
        self._unsent: list[ClientStatement] = []
        self._ahead: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._failed_ahead: tuple[Failure, int] | None = None
        self._statement = 0

    def step(self) -> StepToExecute | None:
        """Wait for the next step; `None` once the run has ended."""
        while (response := self._next()) is not None:
            kind = response.WhichOneof("kind")
            if kind == "step":
                self._forget()
                return response.step
            if kind is not None:
                raise InterfaceError(f"the daemon sent `{kind}` between two steps")
        return None

    def execute(self, statement: ClientStatement) -> Iterator[StatementAnswer]:
        """Send a statement, and go through its answers: the last one is `complete`.

        Raises:
            DatabaseError: A statement failed that was sent ahead; this one is not executed then.

        """
        self._statement += 1
        statement.id = self._statement
        statement.after_success = bool(self._ahead)
        self._refuse_after_failure()
        self._unsent.append(statement)
        self._flush()
        return self._until_complete(statement.id)

    def send_ahead(self, statement: ClientStatement, cursor: Any, line: int) -> None:
        """Send a statement that gives no rows, and do not wait for its answer: `cursor.settled` gets it.

        A statement that follows a failed one is not executed, and every further call raises what failed.

        Args:
            statement: The statement.
            cursor: What sent it.
            line: Where the script does.

        Raises:
            DatabaseError: An earlier one failed.

        """
        self._refuse_after_failure()
        self._statement += 1
        statement.id = self._statement
        statement.after_success = True
        self._ahead[statement.id] = weakref.ref(cursor), line
        self._unsent.append(statement)
        if len(self._unsent) >= _TOGETHER:
            self._flush()
        if len(self._ahead) >= _MOST_AHEAD:
            self.settle()

    def settle(self) -> None:
        """Wait for the answers to everything that was sent ahead.

        Raises:
            DatabaseError: One of them failed.

        """
        self._flush()
        while self._ahead:
            if not self._answers:
                self._answers += self._expect("answers").answers.answers
            answer = self._answers.pop(0)
            if answer.id not in self._ahead:
                raise InterfaceError("the daemon answered another statement")
            self._take_ahead(answer)
        self._refuse_after_failure()

    def _flush(self) -> None:
        if self._unsent:
            self._requests.put(ExecuteStepRequest(execute=ExecuteStatements(statements=self._unsent)))
            self._unsent = []

    def _take_ahead(self, answer: StatementAnswer) -> None:
        cursor, line = self._ahead[answer.id]
        if not answer.complete:
            return
        del self._ahead[answer.id]
        if answer.HasField("failure"):
            self._failed_ahead = answer.failure, line
        sender = cursor()
        if sender is not None:
            sender.settled(answer)

    def _refuse_after_failure(self) -> None:
        if self._failed_ahead is not None:
            failure, line = self._failed_ahead
            error = of_failure(failure)
            error.line = line
            raise error

    def _forget(self) -> None:
        self._unsent, self._ahead, self._failed_ahead, self._answers = [], {}, None, []

    def stop(self, statement: int) -> None:
        """Let go the rows of a statement that have not come yet."""
        self._requests.put(ExecuteStepRequest(stop=StopRows(id=statement)))

    def done(self) -> StepEnd:
        """End the step's body: version rows are written, and it is committed.

        Raises:
            DatabaseError: A statement failed that was sent ahead.

        """
        self.settle()
        self._requests.put(ExecuteStepRequest(done=StepBodyDone()))
        return self._end()

    def failed(self, message: str, line: int = 0, detail: str = "") -> StepEnd:
        """End the step's body, which failed: it is rolled back."""
        self._forget()
        body = StepBodyFailed(message=message, line=line, detail=detail)
        self._requests.put(ExecuteStepRequest(failed=body))
        return self._end()

    def close(self) -> None:
        """Take no further step; a step that is open is rolled back."""
        self._requests.put(None)

    def _until_complete(self, statement: int) -> Iterator[StatementAnswer]:
        while True:
            while self._answers:
                answer = self._answers.pop(0)
                if answer.id in self._ahead:
                    self._take_ahead(answer)
                    continue
                if answer.skipped:
                    self._refuse_after_failure()
                if answer.id != statement:
                    raise InterfaceError("the daemon answered another statement")
                yield answer
                if answer.complete:
                    return
            self._answers += self._expect("answers").answers.answers

    def _expect(self, kind: str) -> ExecuteStepResponse:
        while (response := self._next()) is not None:
            told = response.WhichOneof("kind")
            if told == kind:
                return response
            if told == "step_failed":
                failure = response.step_failed.failure
                raise InterfaceError(f"{failure.code} {failure.reason}: {failure.message}", failure)
            raise InterfaceError(f"the daemon sent `{told}` where `{kind}` was due")
        self.lost = True
        raise InterfaceError("the daemon ended the conversation in the middle of a step")

    def _next(self) -> ExecuteStepResponse | None:
        try:
            return next(self._responses, None)
        except DaemonUnreachable:
            self.lost = True
            raise

    def _end(self) -> StepEnd:
        while (response := self._next()) is not None:
            kind = response.WhichOneof("kind")
            if kind == "step_finished":
                return StepEnd(done=True)
            if kind == "step_failed":
                told = response.step_failed
                return StepEnd(done=False, again=told.will_retry, message=told.failure.message)
        self.lost = True
        raise InterfaceError("the daemon ended the conversation without telling how the step ended")
