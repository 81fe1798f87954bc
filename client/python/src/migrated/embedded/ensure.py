"""Finds the embedded daemon of a project, or starts it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from migrated._release import VERSION
from migrated.config.loaded import Config
from migrated.embedded import start as starting
from migrated.embedded.live import Live, find, stop
from migrated.embedded.place import Place
from migrated.errors.client import EmbeddedStart

log = logging.getLogger("migrated")

STARTS = 3
"""How often a daemon is started before that is given up, where others start one at the same time."""

LOOK = 0.02
"""Pause in seconds between two looks at a daemon that neither answers nor is gone."""


def ensure(config: Config, has_runs: Callable[[Path], bool]) -> Path:
    """Tell the socket of the project's daemon, which is started where it does not run.

    Args:
        config: The project's configuration.
        has_runs: Tells whether the daemon at a socket has runs under way: one that has is not replaced.

    Raises:
        EmbeddedStart: It cannot be started, or somebody else's process listens.

    """
    place = Place.of(config)
    live = find(place)
    if live is not None and not _is_outdated(place):
        return live.socket
    place.prepare()
    # Two at once: the second waits here, and then finds the daemon of the first.
    with place.locked():
        for _ in range(STARTS - 1):
            live = _settled(place)
            if live is not None and (not _is_outdated(place) or not _replace(place, live, has_runs)):
                return live.socket
            try:
                return starting.start(config, place)
            except EmbeddedStart:
                # Another daemon, whose starter was killed, was quicker.
                if not place.is_taken():
                    raise
        return starting.start(config, place)


def _settled(place: Place) -> Live | None:
    """Tell the daemon that answers; one on its way in or out is waited for as long as a start may take."""
    until = time.monotonic() + starting.READY
    while True:
        live = find(place)
        if live is not None or not place.is_taken() or time.monotonic() > until:
            return live
        # It may come to listen or to end: no one event tells of both.
        time.sleep(LOOK)


def _is_outdated(place: Place) -> bool:
    record = place.record()
    return record is not None and record.version != VERSION


def _replace(place: Place, live: Live, has_runs: Callable[[Path], bool]) -> bool:
    """End a daemon of another release if no run is under way there; whether it is gone."""
    record = place.record()
    version = record.version if record is not None else "unknown"
    if has_runs(live.socket):
        log.warning(
            "the embedded daemon is of release %s and has runs under way; it is used as it is", version
        )
        return False
    if stop(live):
        return True
    log.warning("the embedded daemon of release %s did not stop; it is used as it is", version)
    return False
