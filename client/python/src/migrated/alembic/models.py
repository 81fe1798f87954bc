"""A project's models, with what `env.py` says of comparing them."""

from __future__ import annotations

from migrated._sync.client import Client
from migrated.config.target import target_ref
from migrated.sqlalchemy import Models
from migrated.v1 import GetTargetRequest

from .environment import Configured
from .project_error import ProjectError


def models_of(configured: Configured, client: Client) -> Models:
    """Tell the models with what `env.py` says of them.

    Raises:
        ProjectError: `env.py` gives no `target_metadata`.
        MigratedError: The daemon does not know the target.

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
    return Models(
        configured.metadata,
        dialect=configured.dialect,
        opts=configured.options,
        default_schema=_own_schema(client),
        **told,
    )


def _own_schema(client: Client) -> str | None:
    """Tell the target's own schema where that is configured, here or for the daemon of the team."""
    target = target_ref(client.config)
    if target.WhichOneof("target") == "ad_hoc":
        return target.ad_hoc.schema or None
    return client.api.targets.get_target(GetTargetRequest(name=target.name)).target.schema or None
