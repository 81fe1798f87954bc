"""A stream that was lost and is not back yet: when it is tried again, and when that is given up."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

SILENCE = 45.0
"""Heartbeats come every 15 seconds; a stream that is silent for three of them is dead."""

BUDGET = 60.0
"""For so many seconds without a new event a lost stream is opened again."""

FAREWELL = 1.0
"""How many seconds a stream whose last message was read may take to end."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Pauses before a stream is opened again, in seconds."""


@dataclass
class Loss:
    """A loss that is not made good yet.

    Attributes:
        cause: What was said when it was last lost.
        since: When it began.
        next_try: When the stream is opened again; at first at once: most often another replica is there.
        pause: The pause after that.
        tries: How often it was lost.
        told: Whether the user was told.

    """

    cause: str
    since: float = field(default_factory=time.monotonic)
    next_try: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE
    tries: int = 1
    told: bool = False

    def again(self, cause: str) -> None:
        """Take note that the stream is still lost."""
        self.cause = cause
        self.tries += 1
        # Between half of the pause and all of it, so that many clients of one daemon do not come back at once.
        self.next_try = time.monotonic() + self.pause * random.uniform(0.5, 1)  # noqa: S311
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    @property
    def is_hopeless(self) -> bool:
        """Whether it has lasted for too long."""
        return time.monotonic() - self.since > BUDGET
