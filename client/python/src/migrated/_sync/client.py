"""The client.

Generated from the asyncio form.
"""

from __future__ import annotations

from migrated._sync.migrations import Migrations
from migrated._sync.records import Records
from migrated._sync.schemas import Schemas


class Client(Migrations, Schemas, Records):
    """A client of one daemon and one project.

    It finds the daemon, the project, the target and the folder of revisions as `migratectl` does: arguments win over
    `MIGRATECTL_*`, those over `migratectl.toml`. Without a configured server the project's own daemon is found or
    started. Calls that take `project` or `target` mean the configured ones where they are not given; a target is a name
    or a database URL. Whatever goes wrong is a `MigratedError`.
    """
