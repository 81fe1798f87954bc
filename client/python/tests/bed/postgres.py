"""A private PostgreSQL on a free port, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from bed.programs import Process, find


class Postgres:
    """A server; `None` of it is anybody else's."""

    def __init__(self) -> None:
        """Make the data folder and start the server."""
        self.user = "postgres" if os.geteuid() == 0 else ""
        self.folder = Path(tempfile.mkdtemp(prefix="migrated-pg-"))
        if self.user:
            shutil.chown(self.folder, self.user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "app", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "log_min_messages": "log",
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        command = [find("postgres") or "postgres", "-D", data, *options]
        self.server = Process(command, "ready to accept connections", user=self.user, cwd=self.folder)
        self._made = 0

    def database(self) -> str:
        """Make a database and tell its URL."""
        self._made += 1
        name = f"db{self._made}"
        self.execute(f"CREATE DATABASE {name}", "postgres")
        return f"postgresql://app@127.0.0.1:{self.port}/{name}"

    def execute(self, sql: str, database: str) -> str:
        """Execute SQL, and tell what it answered."""
        place = ["-h", str(self.folder), "-p", str(self.port), "-U", "app", "-d", database]
        return self._run("psql", *place, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> str:
        change = (
            ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] if self.user else []
        )
        command = [*change, find(program) or program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def installed() -> bool:
    """Tell whether a server can be started."""
    return find("initdb") is not None and find("postgres") is not None
