"""The contexts that callables of an `env.py` are given: Alembic's own where it is installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Dialect

from migrated.sqlalchemy.models import Models


@dataclass
class PlainMigrationContext:
    """What there is of Alembic's MigrationContext without Alembic."""

    dialect: Dialect
    opts: dict[str, Any]
    connection: None = None
    bind: None = None
    as_sql: bool = False


@dataclass
class PlainAutogenContext:
    """What there is of Alembic's AutogenContext without Alembic."""

    migration_context: Any
    dialect: Dialect
    metadata: Any
    opts: dict[str, Any]
    imports: set[str] = field(default_factory=set)
    connection: None = None


def migration_context(models: Models, dialect: Dialect) -> Any:
    """Make the context of `compare_type` and `compare_server_default`; it has no connection: the daemon has it."""
    opts = _opts(models)
    try:
        from alembic.runtime.migration import MigrationContext
    except ImportError:
        return PlainMigrationContext(dialect, opts)
    return MigrationContext.configure(dialect=dialect, opts={**opts, "as_sql": False})


def autogen_context(models: Models, context: Any) -> Any:
    """Make the context of `render_item`."""
    several = models.several
    metadata = several[0] if len(several) == 1 else several
    try:
        from alembic.autogenerate.api import AutogenContext
    except ImportError:
        return PlainAutogenContext(context, context.dialect, metadata, context.opts)
    made: Any = AutogenContext(context, metadata=several[0], opts=_opts(models), autogenerate=False)
    made.metadata = metadata
    return made


def _opts(models: Models) -> dict[str, Any]:
    return {
        "target_metadata": models.metadata,
        "include_schemas": models.include_schemas,
        "include_name": models.include_name,
        "include_object": models.include_object,
        "compare_type": models.compare_type,
        "compare_server_default": models.compare_server_default,
        "render_item": models.render_item,
        "sqlalchemy_module_prefix": models.sqlalchemy_module_prefix,
        "alembic_module_prefix": models.alembic_module_prefix,
        "user_module_prefix": models.user_module_prefix,
        **models.opts,
    }
