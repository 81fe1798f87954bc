"""The database's schema, kept by migrated: no `env.py` is needed."""

from pathlib import Path

import migrated
from library import app, db
from migrated.sqlalchemy import check

FOLDER = Path(__file__).resolve().parents[1]
"""Where `migratectl.toml` and the revisions are."""


def client() -> migrated.Client:
    """Make a client for the database of Flask's configuration."""
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    return migrated.Client(migrated.Config.load(cwd=FOLDER, database_url=url))


def upgrade(revision: str = "head") -> tuple[str, ...]:
    """Bring the database up to a revision.

    Raises:
        migrated.MigratedError: The database is not there; the error says where it stands.

    """
    with client() as made:
        return made.upgrade(revision).result().rows


def differences() -> list[str]:
    """Tell how the database differs from the models."""
    with client() as made:
        return [found.summary for found in check(made, db.metadata).differences]
