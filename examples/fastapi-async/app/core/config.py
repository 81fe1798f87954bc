"""The application's settings, from the environment or `.env`."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the database is, and who keeps it up to date."""

    model_config = SettingsConfigDict(env_file=".env")

    database_url: str = "sqlite+aiosqlite:///tasks.db"
    migrate_at_start: bool = False


settings = Settings()
