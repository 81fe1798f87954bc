"""The bot's settings, from the environment or `.env`."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class BotSettings(BaseSettings):
    """Where the database and Telegram are."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    DATABASE_URL: str = "postgresql+asyncpg://localhost/bots"
    DB_SCHEMA: str = "bot_app"
    """Everything of this bot is in this schema: the database is shared with other bots."""
    BOT_TOKEN: str = ""
    TELEGRAM_URL: str = "https://api.telegram.org"
    MIGRATE_AT_START: bool = False
