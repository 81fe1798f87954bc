from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed import mariadb
from bed.driven import Make, make
from bed.models.engine import DIALECTS, Engine
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


@pytest.fixture(scope="session")
def mysql() -> Iterator[mariadb.MariaDB]:
    if not mariadb.installed():
        if os.environ.get("CI") == "true":
            pytest.fail("MariaDB is not installed")
        pytest.skip("MariaDB is not installed")
    server = mariadb.MariaDB()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=DIALECTS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each dialect of SQLAlchemy with a project of its own, whose daemon serves all its tests."""
    project = Project(tmp_path_factory.mktemp(request.param))
    if request.param != "sqlite":
        server: Postgres | mariadb.MariaDB = request.getfixturevalue(
            "postgres" if request.param == "postgresql" else "mysql"
        )
        project.url = server.database()
    yield Engine(request.param, project)
    project.end()
