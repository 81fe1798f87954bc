"""The database's schema, kept by migrated: no `env.py` is needed."""

from pathlib import Path

import migrated
from app.core.config import settings
from app.models import Base
from migrated.sqlalchemy import check_async

FOLDER = Path(__file__).resolve().parents[1]
"""Where `migratectl.toml` and the revisions are."""


def client() -> migrated.AsyncClient:
    """Make a client for the application's own database."""
    return migrated.AsyncClient(migrated.Config.load(cwd=FOLDER, database_url=settings.database_url))


async def upgrade() -> tuple[str, ...]:
    """Bring the database up to date; of several replicas that start at once, one does it and the others wait.

    Raises:
        migrated.MigratedError: The database is not up to date; the error says where it stands.

    """
    async with client() as made:
        return (await made.upgrade("head").result()).rows


async def differences() -> list[str]:
    """Tell how the database differs from the models."""
    async with client() as made:
        return [found.summary for found in (await check_async(made, Base.metadata)).differences]
