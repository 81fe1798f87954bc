from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.postgres import Postgres, installed
from copy_of import Copy
from stories import CASES, Story


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not installed():
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].name}-{case[1]}")
def example(request: pytest.FixtureRequest) -> Iterator[Copy]:
    """Each example on each of its engines, one after the other."""
    story, engine = request.param
    server = request.getfixturevalue("postgres") if engine == "postgresql" else None
    yield from copied(story, engine, server)


def copied(story: Story, engine: str, server: Postgres | None) -> Iterator[Copy]:
    """Give a copy of an example for the time of a test."""
    # pytest's own folders have names that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="mg-") as folder:
        made = Copy(story, engine, Path(folder), server)
        yield made
        made.end()
