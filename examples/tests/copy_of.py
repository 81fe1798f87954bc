"""A copy of an example, with a database of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from bed.postgres import Postgres
from bed.programs import ROOT, clean_environment, find
from stories import EXAMPLES, Story

ENTRY = """\
#!{python}
import sys

from migrated.alembic.cli import main

sys.exit(main())
"""
"""What an installation of the package makes for `migrated-alembic`."""


class Copy:
    """An example's files in a folder of their own, and commands in it."""

    def __init__(self, story: Story, engine: str, folder: Path, server: Postgres | None) -> None:
        """Copy the files, and make an empty database."""
        self.story, self.engine, self.server = story, engine, server
        self.home, self.folder = folder / "home", folder / "app"
        self.home.mkdir()
        shutil.copytree(
            EXAMPLES / story.name, self.folder, ignore=shutil.ignore_patterns("__pycache__", "*.db")
        )
        programs = folder / "bin"
        programs.mkdir()
        entry = programs / "migrated-alembic"
        entry.write_text(ENTRY.format(python=sys.executable))
        entry.chmod(0o755)
        self.environ = clean_environment(self.home)
        self.environ["PATH"] = os.pathsep.join(
            [str(programs), str(Path(sys.executable).parent), self.environ["PATH"]]
        )
        self.environ["PYTHONPATH"] = os.pathsep.join(
            [str(self.folder), str(ROOT / "client" / "python" / "src")]
        )
        self.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        self.url = self.database()
        self.use(self.url)

    def database(self) -> str:
        """Make an empty database beside; tell its URL, without a driver."""
        if self.server is not None:
            return self.server.database()
        number = len(list(self.home.glob("*.db")))
        path = self.home / f"{number}.db"
        path.touch()
        return f"sqlite:///{path}"

    def use(self, url: str) -> None:
        """Let the application use a database."""
        self.environ[self.story.variable] = self.with_driver(url)

    def with_driver(self, url: str) -> str:
        """Write a URL as the application has it."""
        _, rest = url.split("://")
        return f"{self.story.drivers[self.engine]}://{rest}"

    def run(self, *command: str, exit_code: int = 0, **more: str) -> str:
        """Run a command in the folder, and tell what it wrote to its standard output."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, (
            f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def serve(self, **more: str) -> None:
        """Use the application, as the example's action does."""
        told = self.run("python", str(self.story.action), exit_code=0, **more)
        assert told == "served\n"

    def change_models(self) -> None:
        """Change the models as a person would."""
        change = self.story.change
        path = self.folder / change.file
        before = path.read_text()
        assert before.count(change.old) == 1
        path.write_text(before.replace(change.old, change.new))

    def execute(self, script: str, url: str) -> None:
        """Execute a script as the engine's own program does."""
        if self.server is not None:
            self.server.execute(script, url.rsplit("/", 1)[1])
            return
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)

    def left(self, url: str) -> str:
        """Write down all that a database holds: schema, rows, version table."""
        if self.server is not None:
            dump = self.run(find("pg_dump") or "pg_dump", "--inserts", url)
            # Newer ones guard the dump by a key, another each time.
            return "\n".join(
                line
                for line in dump.splitlines()
                if not line.startswith(("\\restrict", "\\unrestrict", "--"))
            )
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(sorted(" ".join(each.split()) for each in connection.iterdump()))

    def without_alembic(self) -> None:
        """Leave only what our own way needs."""
        (self.folder / "alembic.ini").unlink()
        shutil.rmtree(self.folder / "alembic")

    def end(self) -> None:
        """End the daemon that was started for the folder."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            record = json.loads((self.folder / ".migrated" / "daemon.json").read_bytes())
            os.kill(record["pid"], signal.SIGKILL)
