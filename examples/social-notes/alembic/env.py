"""Alembic's environment: types written by the application's own hand, everything compared, asynchronous."""

import asyncio
from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import async_engine_from_config

from notes.config import settings
from notes.models import Base
from notes.rendering import render_item

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)

compared: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "compare_type": True,
    "compare_server_default": True,
    "render_item": render_item,
}


def get_url() -> str:
    """Tell the database's URL as the application knows it."""
    return str(settings.database_url)


def run_migrations_offline() -> None:
    """Write the script of `--sql`, with values instead of parameters."""
    context.configure(url=get_url(), literal_binds=True, dialect_opts={"paramstyle": "named"}, **compared)
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run on a connection which the asynchronous engine has made blocking."""
    context.configure(connection=connection, **compared)
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations_online() -> None:
    """Open the only connection that there is to be, and run on it."""
    section = config.get_section(config.config_ini_section, {})
    section["sqlalchemy.url"] = get_url()
    engine = async_engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    run_migrations_offline()
else:
    asyncio.run(run_migrations_online())
