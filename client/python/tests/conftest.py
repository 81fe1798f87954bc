from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.driven import Make, make
from bed.postgres import Postgres, installed
from bed.programs import PROGRAMS
from bed.project import Project


def pytest_configure() -> None:
    if not (PROGRAMS / "migrated").exists():
        pytest.exit(
            f"{PROGRAMS} has no `migrated`: run `cargo build -p migrated -p migratectl`, or set MIGRATED_PROGRAMS"
        )


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Make:
    """Makes clients of both forms, one after the other."""
    return make(request.param)


@pytest.fixture
def project() -> Iterator[Project]:
    # pytest's own folders have names that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="mg-") as folder:
        made = Project(Path(folder))
        yield made
        made.end()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not installed():
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def placed(request: pytest.FixtureRequest, project: Project) -> Project:
    """A project with a target on each engine, one after the other."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        project.url = server.database()
    return project
