"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from migrated.v1.error_pb2 import Failure


class RunState(IntEnum):
    """Where a run stands. The numbers are those of `migrated.v1.RunState`."""

    UNSPECIFIED = 0
    QUEUED = 1
    LOCKING = 2
    RUNNING = 3
    SUCCEEDED = 4
    FAILED = 5
    PARTIAL = 6
    CANCELLED = 7
    UNKNOWN = 8

    @classmethod
    def _missing_(cls, value: object) -> RunState:
        """Take a state that a newer daemon knows for one that was not told."""
        return cls.UNSPECIFIED


@dataclass(frozen=True)
class RunResult:
    """How a run ended, or, where this request only joined it, how its own goal was reached.

    Attributes:
        run_id: The run's id.
        state: How it ended; `RUNNING` where the run goes on and this request's goal stands.
        rows: Version rows at the end.
        applied: Revisions that were gone through.
        nothing_to_do: Whether the target stood at the goal already.
        ahead: Rows that lie beyond the goal, where there was nothing to do.
        foreign: Rows of branches that the goal does not know, where there was nothing to do.
        duration: How long the run took.
        failure: What ended it, unless it succeeded.

    """

    run_id: str
    state: RunState
    rows: tuple[str, ...] = ()
    applied: int = 0
    nothing_to_do: bool = False
    ahead: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    duration: timedelta = timedelta()
    failure: Failure | None = field(default=None, repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether what was asked for is done."""
        return self.state in {RunState.SUCCEEDED, RunState.RUNNING}
