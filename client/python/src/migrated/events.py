"""Events: the entries of a run's log."""

from __future__ import annotations

import warnings
from datetime import datetime, timezone
from typing import TypeAlias

from migrated.v1 import event_pb2

RunAccepted = event_pb2.Event.RunAccepted
StateChanged = event_pb2.Event.StateChanged
Waiting = event_pb2.Event.Waiting
Locked = event_pb2.Event.Locked
PlanReady = event_pb2.Event.PlanReady
NothingToDo = event_pb2.Event.NothingToDo
StepStarted = event_pb2.Event.StepStarted
StatementRunning = event_pb2.Event.StatementRunning
StatementFinished = event_pb2.Event.StatementFinished
Blocked = event_pb2.Event.Blocked
Retrying = event_pb2.Event.Retrying
Notice = event_pb2.Event.Notice
Warning = event_pb2.Event.Warning  # noqa: A001 - the API's word
Resumed = event_pb2.Event.Resumed
StepFinished = event_pb2.Event.StepFinished
StepFailed = event_pb2.Event.StepFailed
CancelRequested = event_pb2.Event.CancelRequested
RunFinished = event_pb2.Event.RunFinished
ExecutorWanted = event_pb2.Event.ExecutorWanted


class Unknown:
    """What a newer daemon tells, and this release has no words for."""


class ClientOutdated(UserWarning):
    """The daemon told something that this release does not know: the package is older than the daemon."""


Kind: TypeAlias = (
    RunAccepted
    | StateChanged
    | Waiting
    | Locked
    | PlanReady
    | NothingToDo
    | StepStarted
    | StatementRunning
    | StatementFinished
    | Blocked
    | Retrying
    | Notice
    | Warning
    | Resumed
    | StepFinished
    | StepFailed
    | CancelRequested
    | RunFinished
    | ExecutorWanted
    | Unknown
)
"""What may happen."""

_UNKNOWN = Unknown()


class Event:
    """An entry of a run's log: `event.kind` says what happened, to be told apart with `match` or `isinstance`.

    Attributes:
        run_id: The run.
        message: The event as it was sent.

    """

    __slots__ = ("message", "run_id")

    def __init__(self, run_id: str, message: event_pb2.Event) -> None:
        self.run_id = run_id
        self.message = message

    @property
    def sequence(self) -> int:
        """Dense number within the run, from 1."""
        return self.message.sequence

    @property
    def time(self) -> datetime:
        """When it happened, by the daemon's clock."""
        return self.message.time.ToDatetime(tzinfo=timezone.utc)

    @property
    def name(self) -> str:
        """The kind's name, as `step_started`; empty where this release does not know it."""
        return self.message.WhichOneof("kind") or ""

    @property
    def kind(self) -> Kind:
        """What happened."""
        name = self.message.WhichOneof("kind")
        if name is None:
            warnings.warn(
                "the daemon tells of something that this release of the package `migrated` does not know: upgrade it",
                ClientOutdated,
                stacklevel=2,
            )
            return _UNKNOWN
        kind: Kind = getattr(self.message, name)
        return kind

    def __repr__(self) -> str:
        return f"<Event {self.sequence} {self.name or 'unknown'} of run {self.run_id}>"
