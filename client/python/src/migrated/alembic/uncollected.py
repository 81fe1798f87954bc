"""Work that makes no garbage, without looking for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for cycles meanwhile.

    Importing SQLAlchemy, Alembic and a project's models makes hundreds of thousands of objects that stay, and going
    through them again and again takes a tenth of the time.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()
