"""Client of migrated, the service that owns a team's database migrations.

`Client` blocks, `AsyncClient` is the same for asyncio. `migrated.errors` has the exceptions, `migrated.events` what a
run tells, `migrated.v1` the messages of the API.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from migrated._release import VERSION

if TYPE_CHECKING:
    from migrated import errors, events
    from migrated._async.client import AsyncClient
    from migrated._async.run import AsyncRun
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

_HOMES = {
    "AsyncClient": "_async.client",
    "AsyncRun": "_async.run",
    "Client": "_sync.client",
    "Config": "config",
    "Event": "events",
    "MigratedError": "errors",
    "NewRevision": "new_file",
    "Run": "_sync.run",
    "RunFailed": "errors",
    "RunResult": "result",
    "RunState": "result",
    "errors": "errors",
    "events": "events",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: who blocks need not load asyncio's form, and the other way round."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{home}")
    found = module if home == name else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
