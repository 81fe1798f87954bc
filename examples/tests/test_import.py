"""An example's history taken over by `migrated-alembic import`, proved by both histories on empty databases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.postgres import Postgres
from copy_of import Copy
from stories import STORIES, Story


@pytest.fixture(params=[story for story in STORIES if story.imported], ids=lambda story: story.name)
def project(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Copy]:
    story: Story = request.param
    with tempfile.TemporaryDirectory(prefix="mg-") as folder:
        made = Copy(story, "postgresql", Path(folder), postgres)
        yield made
        made.end()


def test_import_is_proved_on_each_engine(project: Copy) -> None:
    kept = project.folder / "migrations"
    revisions = {path.stem for path in kept.iterdir()}
    shutil.rmtree(kept)
    dialects = [word for engine in project.story.drivers for word in ("--dialect", engine)]
    server = project.url.replace("postgresql:", "postgresql+psycopg:")
    told = project.run("migrated-alembic", "import", *dialects, "--prove", f"postgresql={server}")
    assert {path.stem for path in kept.iterdir()} == revisions
    proved = [line.partition(":")[0] for line in told.splitlines() if line.startswith("proved for ")]
    assert proved == [f"proved for {engine}" for engine in project.story.drivers], told
