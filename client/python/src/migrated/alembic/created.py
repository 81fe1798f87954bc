"""The date that a script's text at its head tells."""

from __future__ import annotations

import re
from datetime import datetime, timezone

_CREATED = re.compile(r"^\s*Create Date:\s*(.+?)\s*$", re.MULTILINE)


def created_of(doc: str) -> str | None:
    """Read it; Alembic writes local time without its zone, unless the project set one: then it is turned into UTC."""
    found = _CREATED.search(doc)
    if found is None:
        return None
    try:
        when = datetime.fromisoformat(found.group(1))
    except ValueError:
        return None
    if when.tzinfo is not None:
        when = when.astimezone(timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
