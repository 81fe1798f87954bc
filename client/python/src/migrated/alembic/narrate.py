"""A run's events as lines, for people who know Alembic's."""

from __future__ import annotations

import sys

from migrated import events
from migrated.events import Event
from migrated.v1.event_pb2 import Direction


def narrate(event: Event) -> None:
    """Write what happened to the standard error output, as Alembic logs it where it has a word for it."""
    line = line_of(event)
    if line is not None:
        print(line, file=sys.stderr)  # noqa: T201 - a command speaks


def line_of(event: Event) -> str | None:
    """Tell an event in a line; `None` for what a run that goes well need not tell."""
    kind = event.kind
    match kind:
        case events.StepStarted():
            way = "downgrade" if kind.direction == Direction.DIRECTION_DOWN else "upgrade"
            old, new = (", ".join(rows) for rows in (getattr(kind, "from"), kind.to))
            return f"INFO  [migrated] Running {way} {old} -> {new}, {kind.message}"
        case events.NothingToDo():
            return f"INFO  [migrated] Nothing to do at {', '.join(kind.rows) or '<base>'}"
        case events.Waiting():
            who = kind.actor or kind.detail or "another run"
            return f"INFO  [migrated] Waiting for the target, which {who} holds"
        case events.Blocked():
            who = "; ".join(" ".join(str(one).split()) for one in kind.blockers)
            return f"WARNING  [migrated] Blocked by {who}, attempt {kind.attempt} of {kind.max_attempts}"
        case events.Retrying():
            return f"WARNING  [migrated] Trying again after: {kind.message}"
        case events.Notice():
            return f"{kind.severity}  [database] {kind.message}"
        case events.Warning():
            return f"WARNING  [migrated] {kind.message}"
        case _:
            return None
