"""The bot where its models cannot be imported: an image that has the scripts and the settings alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.postgres import Postgres
from copy_of import Copy
from stories import STORIES


@pytest.fixture
def bot(postgres: Postgres) -> Iterator[Copy]:
    [story] = [each for each in STORIES if each.name == "telegram-bot"]
    with tempfile.TemporaryDirectory(prefix="mg-") as folder:
        made = Copy(story, "postgresql", Path(folder), postgres)
        shutil.rmtree(made.folder / "src" / "telegram_bot" / "infrastructure")
        yield made
        made.end()


def test_migrations_need_no_models(bot: Copy) -> None:
    by_alembic = bot.database()
    bot.run("migrated-alembic", "upgrade", "head")
    bot.use(by_alembic)
    bot.run("alembic", "upgrade", "head")
    assert bot.left(bot.url) == bot.left(by_alembic)


def test_no_models_are_not_taken_for_models_that_fit(bot: Copy) -> None:
    bot.run("migrated-alembic", "upgrade", "head")
    found = bot.run("migrated-alembic", "check", exit_code=3).splitlines()
    assert {"drop table bot_app.items", "drop table bot_app.chats"} <= set(found)
