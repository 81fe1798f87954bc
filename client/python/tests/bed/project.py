"""A project: a folder with revisions, and the daemon that serves it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from bed.programs import PROGRAMS, Process, clean_environment
from migrated import Config

SHARED = """
[targets]
allow_ad_hoc = true
[projects]
create_on_push = true
[store]
path = "store.db"
"""
"""What a shared daemon needs to serve a project with a URL."""


class Project:
    """A folder with revisions and a home of its own."""

    def __init__(self, folder: Path) -> None:
        """Make the folders."""
        self.home = folder / "home"
        self.folder = folder / "shop"
        self.environ = clean_environment(self.home)
        self.home.mkdir(mode=0o700)
        (self.folder / "migrations").mkdir(parents=True)
        self.url = "sqlite:///shop.db"
        self.daemons: list[Process] = []

    def write(self, id: str, down: str = "", up: str = "", back: str = "", message: str = "") -> Path:
        """Write a revision; without SQL it makes a table of its name."""
        path = self.folder / "migrations" / f"{id}.sql"
        up = up or f"CREATE TABLE t_{id} (id INTEGER PRIMARY KEY);"
        back = back or f"DROP TABLE t_{id};"
        head = f"-- revision: {id}\n-- down_revision: {down}\n-- message: {message or id}\n"
        path.write_text(f"{head}\n-- migrate:up\n{up}\n\n-- migrate:down\n{back}\n")
        return path

    def three(self) -> None:
        """Write three revisions in a row: a1, b2, c3."""
        self.write("a1")
        self.write("b2", "a1")
        self.write("c3", "b2")

    def config(self, **settings: Any) -> Config:
        """Read the configuration of somebody who stands in the folder."""
        wanted: dict[str, Any] = {"database_url": self.url, **settings}
        return Config.load(cwd=self.folder, environ=self.environ, **wanted)

    def serve(self, listen: str = "127.0.0.1:0", sections: str = "", *, shared: str = SHARED) -> str:
        """Start a daemon of its own and tell its address."""
        file = self.folder.parent / "daemon.toml"
        file.write_text(f'[listen]\naddresses = ["{listen}"]\n{shared}{sections}')
        command = [str(PROGRAMS / "migrated"), "--config", str(file), "--log", "info", "--log-format", "json"]
        ready = r'"address":"([^"]+)".*"serving"|"serving".*"address":"([^"]+)"'
        daemon = Process(command, ready, cwd=self.folder.parent, env=self.environ)
        self.daemons.append(daemon)
        assert daemon.found is not None
        return next(address for address in daemon.found.groups() if address)

    def ctl(self, *arguments: str) -> str:
        """Run `migratectl` in the folder, and tell what it wrote."""
        done = subprocess.run(
            [PROGRAMS / "migratectl", "--database-url", self.url, *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def end(self) -> None:
        """End every daemon of the project."""
        for daemon in self.daemons:
            daemon.kill()
        with contextlib.suppress(OSError, ValueError, KeyError):
            record = json.loads((self.folder / ".migrated" / "daemon.json").read_bytes())
            os.kill(record["pid"], signal.SIGKILL)
