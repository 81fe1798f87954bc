"""Where an embedded daemon lives: its state folder and its socket."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrated.config.loaded import Config
from migrated.errors.client import EmbeddedStart, LocalFile

STATE_DIR = ".migrated"
"""The state folder's name in the project."""

SOCKET_PATH = 100
"""Longest path of a socket, in bytes, that every platform takes."""


@dataclass(frozen=True)
class Record:
    """What an embedded daemon tells about itself in `daemon.json`."""

    pid: int
    version: str
    socket: Path


@dataclass(frozen=True)
class Place:
    """The places of one project's daemon: the project's real folder, its state folder, and its socket."""

    project_dir: Path
    state_dir: Path
    socket: Path

    @classmethod
    def of(cls, config: Config) -> Place:
        """Find the places; makes nothing.

        Raises:
            LocalFile: The project's folder cannot be resolved.

        """
        try:
            project_dir = config.project_dir.resolve(strict=True)
        except OSError as error:
            raise LocalFile.of(config.project_dir, "resolve", error) from error
        digest = hashlib.sha256(os.fsencode(project_dir)).digest()[:8].hex()
        return cls(project_dir, _state_dir(config, project_dir, digest), _socket(config, digest))

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.state_dir / "daemon.log"

    def prepare(self) -> None:
        """Make the state folder and the socket's folder, and see that nobody else can reach the latter.

        Raises:
            LocalFile: A folder cannot be made.
            EmbeddedStart: The socket's folder is not ours alone.

        """
        _make_private(self.state_dir)
        ignore = self.state_dir / ".gitignore"
        folder = self.socket.parent
        try:
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            raise LocalFile.of(ignore, "write", error) from error
        _make_private(folder)
        found = folder.lstat()
        own = os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != own or found.st_mode & 0o077:
            raise EmbeddedStart(
                f"{folder} is not a folder of user {own} that nobody else can enter",
                next_command=f"remove {folder}, or set XDG_RUNTIME_DIR to a private folder",
            )

    def is_taken(self) -> bool:
        """Tell whether a daemon has the state folder, be it that it serves, starts or ends."""
        try:
            with (self.state_dir / "daemon.lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock under which a daemon is started.

        Raises:
            LocalFile: The file system has no locks.

        """
        path = self.state_dir / "start.lock"
        try:
            file = path.open("ab")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise LocalFile.of(path, "lock", error) from error
        with file:
            yield

    def record(self) -> Record | None:
        """Read what the daemon tells about itself; `None` where there is nothing to read."""
        try:
            told = json.loads((self.state_dir / "daemon.json").read_bytes())
            return Record(int(told["pid"]), str(told["version"]), Path(told["socket"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _state_dir(config: Config, project_dir: Path, digest: str) -> Path:
    """Tell `.migrated` in the project or, where that cannot be written, a folder in the user's state folder."""
    inside = project_dir / STATE_DIR
    if os.access(inside if inside.exists() else project_dir, os.W_OK):
        return inside
    home = _absolute(config, "HOME")
    state = _absolute(config, "XDG_STATE_HOME") or (home / ".local/state" if home else _temporary(config))
    return state / "migrated" / digest


def _socket(config: Config, digest: str) -> Path:
    own = f"migrated-{os.geteuid()}"
    runtime = _absolute(config, "XDG_RUNTIME_DIR")
    folder = runtime / "migrated" if runtime and runtime.is_dir() else _temporary(config) / own
    wanted = folder / f"{digest}.sock"
    return wanted if len(os.fsencode(wanted)) <= SOCKET_PATH else _SHORT / own / wanted.name


_SHORT = Path("/", "tmp")
"""The temporary folder whose name is short everywhere."""


def _temporary(config: Config) -> Path:
    return _absolute(config, "TMPDIR") or _SHORT


def _absolute(config: Config, variable: str) -> Path | None:
    value = config.variable(variable)
    return Path(value) if value and Path(value).is_absolute() else None


def _make_private(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LocalFile.of(path, "make", error) from error
