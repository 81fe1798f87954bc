"""Alembic's environment: one schema for everything, models only where they are installed, asynchronous."""

import asyncio
from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import MetaData, pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import async_engine_from_config

from src.telegram_bot.settings import BotSettings

settings = BotSettings()
config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
if settings.DATABASE_URL:
    config.set_main_option("sqlalchemy.url", settings.DATABASE_URL.replace("%", "%%"))

DB_SCHEMA = settings.DB_SCHEMA

try:
    from src.telegram_bot.infrastructure.models.base import Base

    target_metadata = Base.metadata
except ImportError:
    # The image that migrates has the scripts alone.
    target_metadata = MetaData()


def include_name(name: str | None, type_: str, _parent_names: Any) -> bool:
    """Leave the schemas of other bots alone."""
    return name == DB_SCHEMA if type_ == "schema" else True


placed: dict[str, Any] = {
    "target_metadata": target_metadata,
    "version_table_schema": DB_SCHEMA,
    "include_schemas": True,
    "include_name": include_name,
}


def run_migrations_offline() -> None:
    """Write the script of `--sql`; its first statement makes the schema, which holds the version table as well."""
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **placed,
    )
    with context.begin_transaction():
        context.execute(f"CREATE SCHEMA IF NOT EXISTS {DB_SCHEMA}")
        context.run_migrations()


def do_run_migrations(connection: Connection) -> None:
    """Run on a connection which the asynchronous engine has made blocking."""
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {DB_SCHEMA}"))
    connection.commit()
    context.configure(connection=connection, **placed)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations() -> None:
    """Open the only connection that there is to be, and run on it."""
    engine = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await engine.dispose()


def run_migrations_online() -> None:
    """Run blocking, for whoever called."""
    asyncio.run(run_async_migrations())


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
