"""What a run's events tell of its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from migrated.result import RunResult, RunState
from migrated.v1.event_pb2 import Event
from migrated.v1.run_pb2 import Run


class Story:
    """What the events of a run have told so far."""

    def __init__(self, run_id: str = "") -> None:
        self.run_id = run_id
        self.result: RunResult | None = None
        self._rows: Sequence[str] = ()
        self._applied = 0
        self._idle: Event.NothingToDo | None = None

    def take(self, event: Event) -> None:
        """Take note of an event."""
        match event.WhichOneof("kind"):
            case "plan_ready":
                self._rows = getattr(event.plan_ready, "from")
            case "nothing_to_do":
                self._idle = event.nothing_to_do
                self._rows = event.nothing_to_do.rows
            case "step_finished":
                self._applied += 1
                self._rows = event.step_finished.rows
            case "run_finished":
                end = event.run_finished
                self.result = RunResult(
                    run_id=self.run_id,
                    state=RunState(end.state),
                    rows=tuple(end.rows),
                    applied=end.applied,
                    nothing_to_do=self._idle is not None,
                    ahead=tuple(self._idle.ahead) if self._idle is not None else (),
                    foreign=tuple(self._idle.foreign) if self._idle is not None else (),
                    duration=end.duration.ToTimedelta(),
                    failure=end.failure if end.HasField("failure") else None,
                )

    def goal_reached(self) -> RunResult:
        """Tell how things stand where the run goes on and this request's own goal is reached."""
        self.result = RunResult(self.run_id, RunState.RUNNING, tuple(self._rows), self._applied)
        return self.result

    def ended(self, run: Run) -> RunResult:
        """Tell how a run ended whose last event came before those that were asked for."""
        took = (
            run.end_time.ToDatetime() - run.start_time.ToDatetime()
            if run.HasField("start_time")
            else timedelta()
        )
        self.result = RunResult(
            run_id=run.id,
            state=RunState(run.state),
            rows=tuple(run.rows_after),
            applied=run.steps_done,
            duration=took,
            failure=run.failure if run.HasField("failure") else None,
        )
        return self.result
