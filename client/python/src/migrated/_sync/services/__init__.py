"""The daemon's services. Generated."""

from __future__ import annotations

from migrated._sync.services.migration import MigrationService
from migrated._sync.services.project import ProjectService
from migrated._sync.services.revision import RevisionService
from migrated._sync.services.run import RunService
from migrated._sync.services.schema import SchemaService
from migrated._sync.services.target import TargetService
from migrated._sync.wire import Wire


class Api:
    """Every RPC of the daemon, with typed requests and answers. All share one connection."""

    def __init__(self, wire: Wire) -> None:
        self.migrations = MigrationService(wire)
        """Moves targets along the graph, and tells where they stand."""
        self.projects = ProjectService(wire)
        """Projects."""
        self.revisions = RevisionService(wire)
        """The revision graph of a project: what is in it, what it means, and how it changes."""
        self.runs = RunService(wire)
        """Runs: what is under way and what was."""
        self.schemas = SchemaService(wire)
        """Looks at schemas. Never writes to a target."""
        self.targets = TargetService(wire)
        """Named targets."""
