"""SQLAlchemy's models as the schema that a target is to have."""

from migrated.sqlalchemy.described import Described, Description, schema_of
from migrated.sqlalchemy.errors import ModelError

__all__ = ["Described", "Description", "ModelError", "schema_of"]
