"""A conversation with the daemon about one run: it gives the steps, the client executes their bodies.

How it goes stands at the head of `execute.proto`.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrated.dbapi.errors import InterfaceError
from migrated.errors import DaemonUnreachable
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
        self._statement = 0

    def step(self) -> StepToExecute | None:
        """Wait for the next step; `None` once the run has ended."""
        while (response := self._next()) is not None:
            kind = response.WhichOneof("kind")
            if kind == "step":
                return response.step
            if kind is not None:
                raise InterfaceError(f"the daemon sent `{kind}` between two steps")
        return None

    def execute(self, statement: ClientStatement) -> Iterator[StatementAnswer]:
        """Send a statement, and go through its answers: the last one is `complete`."""
        self._statement += 1
        statement.id = self._statement
        self._requests.put(ExecuteStepRequest(execute=ExecuteStatements(statements=[statement])))
        return self._until_complete(statement.id)

    def stop(self, statement: int) -> None:
        """Let go the rows of a statement that have not come yet."""
        self._requests.put(ExecuteStepRequest(stop=StopRows(id=statement)))

    def done(self) -> StepEnd:
        """End the step's body: version rows are written, and it is committed."""
        self._requests.put(ExecuteStepRequest(done=StepBodyDone()))
        return self._end()

    def failed(self, message: str, line: int = 0, detail: str = "") -> StepEnd:
        """End the step's body, which failed: it is rolled back."""
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
