"""The daemon's services. Generated."""

from __future__ import annotations

from migrated._async.services.migration import AsyncMigrationService
from migrated._async.services.project import AsyncProjectService
from migrated._async.services.revision import AsyncRevisionService
from migrated._async.services.run import AsyncRunService
from migrated._async.services.schema import AsyncSchemaService
from migrated._async.services.target import AsyncTargetService
from migrated._async.wire import Wire


class AsyncApi:
    """Every RPC of the daemon, with typed requests and answers. All share one connection."""

    def __init__(self, wire: Wire) -> None:
        self.migrations = AsyncMigrationService(wire)
        """Moves targets along the graph, and tells where they stand."""
        self.projects = AsyncProjectService(wire)
        """Projects."""
        self.revisions = AsyncRevisionService(wire)
        """The revision graph of a project: what is in it, what it means, and how it changes."""
        self.runs = AsyncRunService(wire)
        """Runs: what is under way and what was."""
        self.schemas = AsyncSchemaService(wire)
        """Looks at schemas. Never writes to a target."""
        self.targets = AsyncTargetService(wire)
        """Named targets."""
