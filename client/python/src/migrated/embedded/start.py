"""Starts the embedded daemon, in a session of its own, and waits until it says that it serves."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sysconfig
import threading
import time
from pathlib import Path

from migrated.config.loaded import Config
from migrated.embedded.place import Place
from migrated.errors.client import ConfigInvalid, EmbeddedStart, LocalFile

READY = 30.0
"""How long the daemon may take until it serves, in seconds."""

IDLE, IDLE_IN_CI = 600, 30
"""How long an idle daemon stays, in seconds."""

PASSED = frozenset(
    (
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "TZ",
        "TMPDIR",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "RUST_LOG",
        "RUST_BACKTRACE",
    )
)
PASSED_PREFIXES = ("XDG_", "LC_", "MIGRATED_")
"""What of the environment the daemon gets: it serves later calls with other environments."""

LOG_LINES = 10
"""Lines of the log that an error shows."""

_UNITS = {"h": 3600, "m": 60, "s": 1}


def start(config: Config, place: Place) -> Path:
    """Start the daemon and return its socket.

    Raises:
        EmbeddedStart: There is no binary, it ends early, or it is not ready in time.
        ConfigInvalid: `embedded.idle` is no duration.
        LocalFile: The socket or the log cannot be made.

    """
    program, idle = binary(config), _idle(config)
    try:
        # Nobody listens there, or we would not be here.
        place.socket.unlink(missing_ok=True)
    except OSError as error:
        raise LocalFile.of(place.socket, "remove", error) from error
    try:
        log = place.log.open("ab")
    except OSError as error:
        raise LocalFile.of(place.log, "open", error) from error
    with log:
        began = log.tell()
        places: list[str | Path] = ["--project-dir", place.project_dir, "--state-dir", place.state_dir]
        places += ["--socket", place.socket]
        try:
            child = subprocess.Popen(
                [program, "embedded", *places, "--idle", str(idle)],
                env={k: v for k, v in config.environ.items() if k in PASSED or k.startswith(PASSED_PREFIXES)},
                cwd=place.project_dir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise EmbeddedStart(
                f"cannot run {program}: {error.strerror}", next_command="check the installation"
            ) from error
    # Its end is taken note of, so that it does not stay a zombie of a long-lived service.
    threading.Thread(target=child.wait, name="migrated-embedded", daemon=True).start()
    return _ready(child, place, began)


def binary(config: Config) -> Path:
    """Find the daemon's program: as configured, else beside the interpreter's scripts, else on the PATH.

    Raises:
        EmbeddedStart: It is nowhere.

    """
    configured = config.path("embedded.binary")
    if configured is not None:
        return configured
    scripts = [Path(sysconfig.get_path("scripts")), Path(sysconfig.get_path("scripts", f"{os.name}_user"))]
    on_path = [Path(folder) for folder in (config.variable("PATH") or "").split(os.pathsep) if folder]
    for folder in [*scripts, *on_path]:
        program = folder / "migrated"
        if program.is_file() and os.access(program, os.X_OK):
            return program
    raise EmbeddedStart(
        "no server is configured, and the program `migrated` is neither beside this Python nor on the PATH",
        next_command="install `migrated`, or name a server with `server` or MIGRATECTL_SERVER",
    )


def _ready(child: subprocess.Popen[bytes], place: Place, log_began: int) -> Path:
    """Wait for the line that the daemon writes when it serves."""
    until = time.monotonic() + READY
    line = b""
    if child.stdout is None:
        raise _failed(place, log_began, "gave no output")
    with child.stdout as pipe:
        while not line.endswith(b"\n"):
            left = max(until - time.monotonic(), 0)
            if not select.select([pipe], [], [], left)[0]:
                child.kill()
                raise _failed(place, log_began, f"was not ready within {READY:.0f} s")
            part = os.read(pipe.fileno(), 4096)
            if not part:
                status = child.wait()
                raise _failed(place, log_began, f"ended early (exit status {status})")
            line += part
    try:
        return Path(json.loads(line)["socket"])
    except (ValueError, KeyError, TypeError):
        said = line.decode(errors="replace").strip()
        raise _failed(place, log_began, f"said `{said}` instead of its socket") from None


def _failed(place: Place, log_began: int, what: str) -> EmbeddedStart:
    try:
        new = place.log.read_bytes()[log_began:].decode(errors="replace")
    except OSError:
        new = ""
    last = "\n  ".join(new.splitlines()[-LOG_LINES:])
    said = f"; it said:\n  {last}" if last else ""
    return EmbeddedStart(
        f"the embedded daemon {what}{said}",
        state="nothing was done",
        next_command=f"read {place.log}, or use a server",
    )


def _idle(config: Config) -> int:
    text = config.text("embedded.idle")
    if text is None:
        return IDLE_IN_CI if config.variable("CI") else IDLE
    if text.isascii() and text.isdigit():
        return int(text)
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not text or parts is None:
        raise ConfigInvalid(f"`embedded.idle`: `{text}` is no duration")
    return sum(
        int(number) * _UNITS[unit] for number, unit in zip(parts.groups(), "hms", strict=True) if number
    )
