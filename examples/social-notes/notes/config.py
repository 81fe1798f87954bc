"""The application's settings, from the environment or `.env`."""

from datetime import timedelta

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the database is, and how long to wait at start for its schema."""

    model_config = SettingsConfigDict(env_file=".env")

    database_url: str = "sqlite+aiosqlite:///notes.db"
    wait_for_schema: timedelta | None = None


settings = Settings()
