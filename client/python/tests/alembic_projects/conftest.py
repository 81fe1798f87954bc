"""The daemon's program on the PATH, as an installation has it; and a project on each engine."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.alembic_runtime import Runtime
from bed.programs import PROGRAMS


@pytest.fixture(autouse=True)
def _program_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the programs of this checkout first."""
    monkeypatch.delenv("MIGRATED_PROGRAMS", raising=False)
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(autouse=True)
def _loggers_go_on() -> Iterator[None]:
    """Let the loggers of this process speak again, which an `env.py` silences by `fileConfig()`."""
    yield
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "migrated" and isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Give a project of Alembic on each engine, one after the other."""
    yield from _runtime(request, monkeypatch, request.param)


@pytest.fixture
def on_sqlite(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Give a project of Alembic on SQLite."""
    yield from _runtime(request, monkeypatch, "sqlite")


@pytest.fixture
def on_postgresql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Give a project of Alembic on PostgreSQL."""
    yield from _runtime(request, monkeypatch, "postgresql")


def _runtime(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory(prefix="mg-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'app.db'}"
        if dialect == "postgresql":
            url = request.getfixturevalue("postgres").database().replace("://", "+psycopg://")
        elif dialect == "mysql":
            url = request.getfixturevalue("mysql").database().replace("://", "+pymysql://")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("HOME", name)
        # Alembic's `prepend_sys_path = .` is of the process's first folder.
        monkeypatch.syspath_prepend(name)
        monkeypatch.delitem(sys.modules, "own_types", raising=False)
        yield Runtime(folder, dialect, url)
        with contextlib.suppress(OSError, ValueError, KeyError):
            record = json.loads((folder / ".migrated" / "daemon.json").read_bytes())
            os.kill(record["pid"], signal.SIGKILL)
