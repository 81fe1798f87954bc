"""The programs: `migrated` and `migratectl` as cargo built them, and processes that end with the tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
"""The repository."""

PROGRAMS = Path(os.environ.get("MIGRATED_PROGRAMS") or ROOT / "target" / "debug")
"""The folder of the programs."""

PATIENCE = 60.0
"""How long a program may take to say that it is ready, in seconds."""


def clean_environment(home: Path) -> dict[str, str]:
    """Tell the environment of a person who has set nothing."""
    return {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
    }


def find(program: str) -> str | None:
    """Find a program of Debian's, which keeps servers where an ordinary PATH does not look."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    places = [os.environ.get("PATH", ""), "/usr/sbin", *(str(version) for version in reversed(versions))]
    return shutil.which(program, path=os.pathsep.join(places))


class Process:
    """A program that serves until the test ends."""

    def __init__(
        self, command: list[str], ready: str, *, user: str = "", **options: str | Path | dict[str, str]
    ) -> None:
        """Start it and wait until a line of its standard error holds the pattern `ready`."""
        mortal = ["setpriv", "--pdeathsig", "KILL"]
        mortal += [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        self.lines: list[str] = []
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            [*mortal, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        self._ready = re.compile(ready)
        self.found: re.Match[str] | None = None
        self._told = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._told.wait(PATIENCE), f"{command[0]} is not ready: {self.lines}"
        assert self.found is not None, f"{command[0]} ended: {self.lines}"

    def _read(self) -> None:
        with self.process.stderr as pipe:
            for line in pipe:
                self.lines.append(line)
                if self.found is None:
                    self.found = self._ready.search(line)
                    if self.found is not None:
                        self._told.set()
        self._told.set()

    def kill(self) -> None:
        """End it, and wait for that."""
        self.process.kill()
        self.process.wait()
