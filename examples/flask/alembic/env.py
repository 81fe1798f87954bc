"""Alembic's environment: the Flask application and its `db` know the models and the URL."""

import logging
from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import engine_from_config, pool

from library import app, db

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
logger = logging.getLogger("alembic.env")

target_metadata = db.metadata
batch: dict[str, Any] = {"target_metadata": target_metadata, "render_as_batch": True}


def run_migrations_offline() -> None:
    """Write the script of `--sql` for the URL of `alembic.ini`, or for that of `-x url=URL`."""
    url = context.get_x_argument(as_dictionary=True).get("url") or config.get_main_option("sqlalchemy.url")
    # By this style a percent sign in a value stays one sign.
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **batch)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run on the database of Flask's configuration."""
    with app.app_context():
        url = str(app.config["SQLALCHEMY_DATABASE_URI"])
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        engine = engine_from_config(
            config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
        )
        with engine.connect() as connection:
            logger.info("migrating by %s", engine.dialect.name)
            context.configure(connection=connection, **batch)
            with context.begin_transaction():
                context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
