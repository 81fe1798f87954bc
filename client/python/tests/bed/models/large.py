"""One large MetaData for each engine, with every construct that SQLAlchemy writes for it."""

from __future__ import annotations

import sqlalchemy as sa

from bed.models.generic import CONVENTION, generic, unnamed
from bed.models.of_mysql import for_mysql
from bed.models.of_postgresql import for_postgresql
from bed.models.of_sqlite import for_sqlite


def large(dialect: str, convention: bool = True) -> sa.MetaData:
    """Make all of it for one dialect."""
    metadata = sa.MetaData(naming_convention=CONVENTION if convention else None)
    generic(metadata)
    if not convention:
        unnamed(metadata)
    if dialect == "postgresql":
        for_postgresql(metadata)
    elif dialect == "sqlite":
        for_sqlite(metadata)
    else:
        for_mysql(metadata, dialect)
    return metadata
