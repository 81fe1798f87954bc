"""The database's schema, kept by migrated: no `env.py` is needed."""

from pathlib import Path

import migrated
from migrated.sqlalchemy import Models, check
from src.telegram_bot.settings import BotSettings

FOLDER = Path(__file__).resolve().parents[2]
"""Where `migratectl.toml` and the revisions are."""


def client(settings: BotSettings) -> migrated.Client:
    """Make a client for the bot's own schema of the database."""
    return migrated.Client(
        migrated.Config.load(
            cwd=FOLDER, database_url=settings.DATABASE_URL, database_schema=settings.DB_SCHEMA
        )
    )


def upgrade(settings: BotSettings) -> tuple[str, ...]:
    """Bring the schema up to date.

    Raises:
        migrated.MigratedError: It is not up to date; the error says where it stands.

    """
    with client(settings) as made:
        return made.upgrade("head").result().rows


def differences(settings: BotSettings) -> list[str]:
    """Tell how the schema differs from the models."""
    from src.telegram_bot.infrastructure.models import Base

    models = Models(Base.metadata, default_schema=settings.DB_SCHEMA)
    with client(settings) as made:
        return [found.summary for found in check(made, models).differences]
