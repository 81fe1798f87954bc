"""SQLAlchemy's models as the schema that a target is to have.

`schema_of` describes MetaData; `desired_schema` does with the callables of an `env.py`, too. `check`, `diff` and
`revision` take a client and models; `check_async`, `diff_async` and `revision_async` are the same for asyncio.
"""

from migrated.sqlalchemy.calls import (
    check,
    check_async,
    desired,
    desired_async,
    diff,
    diff_async,
    revision,
    revision_async,
)
from migrated.sqlalchemy.described import Described, Description, schema_of
from migrated.sqlalchemy.desired import Desired, desired_schema
from migrated.sqlalchemy.errors import ModelError
from migrated.sqlalchemy.models import Models

__all__ = [
    "Described",
    "Description",
    "Desired",
    "ModelError",
    "Models",
    "check",
    "check_async",
    "desired",
    "desired_async",
    "desired_schema",
    "diff",
    "diff_async",
    "revision",
    "revision_async",
    "schema_of",
]
