"""The database's schema, kept by migrated: `migratectl upgrade head` in the deploy, and waiting here."""

from datetime import timedelta
from pathlib import Path

import migrated
from migrated.sqlalchemy import Models, check_async
from notes.config import settings
from notes.models import Base
from notes.rendering import render_item

FOLDER = Path(__file__).resolve().parents[1]
"""Where `migratectl.toml` and the revisions are."""


def client() -> migrated.AsyncClient:
    """Make a client for the application's own database."""
    return migrated.AsyncClient(migrated.Config.load(cwd=FOLDER, database_url=settings.database_url))


async def wait(timeout: timedelta) -> list[str]:
    """Wait until the deploy has brought the database to this release's newest revision.

    Raises:
        migrated.errors.DeadlinePassed: It did not get there in time.

    """
    async with client() as made:
        return await made.wait("head", timeout)


async def differences() -> list[str]:
    """Tell how the database differs from the models, compared as `env.py` would."""
    models = Models(Base.metadata, compare_type=True, compare_server_default=True, render_item=render_item)
    async with client() as made:
        return [found.summary for found in (await check_async(made, models)).differences]
