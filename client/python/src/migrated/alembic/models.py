"""A project's models, with what `env.py` says of comparing them."""

from __future__ import annotations

from migrated.sqlalchemy import Models

from .environment import Configured
from .project import ProjectError


def models_of(configured: Configured) -> Models:
    """Tell the models with what `env.py` says of them.

    Raises:
        ProjectError: `env.py` gives no `target_metadata`.

    """
    if not configured.metadata:
        raise ProjectError(
            "env.py gives no target_metadata", "give the models' MetaData to context.configure()"
        )
    known = (
        "include_schemas",
        "include_name",
        "include_object",
        "compare_type",
        "compare_server_default",
        "render_item",
        "sqlalchemy_module_prefix",
        "alembic_module_prefix",
        "user_module_prefix",
    )
    told = {name: configured.options[name] for name in known if configured.options.get(name) is not None}
    return Models(configured.metadata, dialect=configured.dialect, opts=configured.options, **told)
