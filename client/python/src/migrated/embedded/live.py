"""A daemon that answers: how it is found, and how it is ended."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from migrated.embedded.place import Place
from migrated.errors.client import EmbeddedStart

PATIENCE = 30.0
"""How long a daemon may take to end, in seconds: the step under way is finished first."""

_CREDENTIALS = struct.Struct("3i")
"""The kernel's `ucred`: process, user, group."""


@dataclass(frozen=True)
class Live:
    """A daemon that answers: its socket and its process, as the kernel tells it."""

    socket: Path
    pid: int


def find(place: Place) -> Live | None:
    """Find the daemon that answers at `place`.

    It is looked for at the socket of the present environment, then at the one that the daemon recorded, which another
    session of the same user may have had elsewhere.

    Raises:
        EmbeddedStart: It belongs to another user.

    """
    live = _probe(place.socket)
    if live is not None:
        return live
    record = place.record()
    return _probe(record.socket) if record is not None and record.socket != place.socket else None


def stop(live: Live) -> bool:
    """Ask the process behind the socket to end and wait for that; whether it has ended.

    Raises:
        EmbeddedStart: The process cannot be signalled.

    """
    try:
        # The descriptor names this very process: a number alone might be another's by the time of the signal.
        process = os.pidfd_open(live.pid)
    except ProcessLookupError:
        return True
    except OSError as error:
        raise EmbeddedStart(f"cannot stop the embedded daemon: {error.strerror}") from error
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        ready, _, _ = select.select([process], [], [], PATIENCE)
        return bool(ready)
    except ProcessLookupError:
        return True
    except OSError as error:
        raise EmbeddedStart(f"cannot stop the embedded daemon: {error.strerror}") from error
    finally:
        os.close(process)


def _probe(path: Path) -> Live | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
            raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return None
    pid, user, _ = _CREDENTIALS.unpack(raw)
    if user != os.geteuid():
        raise EmbeddedStart(
            f"the process at {path} belongs to user {user}, not to {os.geteuid()}",
            next_command="find out who listens there; nothing was sent to it",
        )
    return Live(path, pid)
