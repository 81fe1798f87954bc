"""A private MariaDB on a free port, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from bed.programs import Process, find


class MariaDB:
    """A server of our own."""

    def __init__(self) -> None:
        """Make the data folder and start the server."""
        user = "mysql" if os.geteuid() == 0 else ""
        self.folder = Path(tempfile.mkdtemp(prefix="migrated-my-"))
        if user:
            shutil.chown(self.folder, user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = str(self.folder / "data")
        self._run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            f"--tmpdir={self.folder}",  # a server that starts removes temporary tables of others that it finds there
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *([f"--user={user}"] if user else []),
        )
        settings = {
            "datadir": data,
            "port": self.port,
            "bind-address": "127.0.0.1",
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder,
            "innodb-buffer-pool-size": "64M",
            "innodb-flush-log-at-trx-commit": 0,
            "character-set-server": "utf8mb4",
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        command = [find("mariadbd") or "mariadbd", "--no-defaults", *options]
        self.server = Process(command, "ready for connections", user=user, cwd=self.folder)
        self._execute("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app'; GRANT ALL ON *.* TO app@'127.0.0.1'")
        self._made = 0

    def database(self) -> str:
        """Make a database and tell its URL."""
        self._made += 1
        name = f"db{self._made}"
        self._execute(f"CREATE DATABASE {name}")
        return f"mysql://app:app@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, sql: str) -> None:
        self._run("mariadb", "--no-defaults", f"--socket={self.folder / 'socket'}", "-uroot", "-e", sql)

    def _run(self, program: str, *arguments: str) -> None:
        command = [find(program) or program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr


def installed() -> bool:
    """Tell whether a server can be started."""
    return find("mariadbd") is not None and find("mariadb-install-db") is not None
