"""Client of migrated, the service that owns a team's database migrations.

`Client` blocks, `AsyncClient` is the same for asyncio. `migrated.errors` has the exceptions, `migrated.events` what a
run tells, `migrated.v1` the messages of the API.
"""

from migrated import errors, events
from migrated._async.client import AsyncClient
from migrated._async.run import AsyncRun
from migrated._release import VERSION
from migrated._sync.client import Client
from migrated._sync.run import Run
from migrated.config import Config
from migrated.errors import MigratedError, RunFailed
from migrated.events import Event
from migrated.new_file import NewRevision
from migrated.result import RunResult, RunState

__version__ = VERSION

__all__ = [
    "VERSION",
    "AsyncClient",
    "AsyncRun",
    "Client",
    "Config",
    "Event",
    "MigratedError",
    "NewRevision",
    "Run",
    "RunFailed",
    "RunResult",
    "RunState",
    "errors",
    "events",
]
