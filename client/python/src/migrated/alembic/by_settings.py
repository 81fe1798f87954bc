"""`migrated-alembic upgrade --configured`: `env.py` runs only where there is something to execute."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from migrated._sync.client import Client
from migrated.config import Config
from migrated.config.target import target_ref

from .bodies import Bodies
from .locations import Locations
from .project_error import ProjectError
from .uncollected import uncollected
from .upgrade_command import Learned, follow, only_one

if TYPE_CHECKING:
    from .environment import Configured
    from .project import Project


def run(load: Callable[[], Project], options: argparse.Namespace) -> int:
    """Start the run on the configured database, and execute its scripts as `env.py` says."""
    config = Config.load()
    project: list[Project] = []

    def learned() -> Learned:
        if not project:
            project.append(load())
        configured = only_one(project[0])
        _compare(config, configured)
        return project[0], configured.options

    with uncollected():
        locations = None
        if not options.is_opened_elsewhere and "ALEMBIC_CONFIG" not in os.environ:
            locations = Locations.plain(options.config or Path("alembic.ini"), options.name)
        if locations is None:
            project.append(load())
            locations = Locations.of(project[0].scripts)
        bodies = Bodies(locations)
        manifest = bodies.manifest()
    if bodies.depend_on_dialect:
        project[:] = project or [load()]
        configured = only_one(project[0])
        _compare(config, configured)
        manifest = bodies.manifest_for(project[0].scripts, configured.dialect, configured.metadata)
    with Client(config, manifest=manifest) as client:
        return follow(client, getattr(client, options.direction)(options.revision), bodies, learned)


def _compare(config: Config, configured: Configured) -> None:
    """See that `env.py` means what is configured.

    Raises:
        ProjectError: It means another database or another version table.

    """
    from .environment import neutral

    for name, default in (("version_table", "alembic_version"), ("version_table_schema", None)):
        theirs, ours = configured.options.get(name) or default, config.text(name) or default
        if theirs != ours:
            raise ProjectError(
                f"env.py says {name} = {theirs!r}, and the configuration {ours!r}",
                f"write it into migratectl.toml as `{name}`, or leave out --configured",
            )
    target = target_ref(config)
    if configured.url is None or target.WhichOneof("target") != "ad_hoc":
        # What a name means only the daemon knows.
        return
    ours_at, theirs_at = (
        _place(url) for url in (target.ad_hoc.url, target_ref(config, neutral(configured.url)).ad_hoc.url)
    )
    if ours_at != theirs_at:
        raise ProjectError(
            f"env.py means the database {theirs_at}, and the configuration {ours_at}",
            "configure the one that is meant, or leave out --configured",
        )


def _place(url: str) -> str:
    """Tell which database a URL means: without user, password and options."""
    from sqlalchemy import make_url

    told = make_url(url)
    server = f"{told.host or 'localhost'}:{told.port}" if told.port else told.host or "localhost"
    dialect = told.get_backend_name().replace("mariadb", "mysql")
    return f"{dialect}:{told.database}" if dialect == "sqlite" else f"{dialect}://{server}/{told.database}"
