"""How Alembic writes the application's types down, and what they are compared as."""

from typing import Any, Literal

import sqlalchemy as sa

from notes.enums import SafeEnum


def render_item(type_: str, obj: Any, _autogen_context: Any) -> str | Literal[False]:
    """Write a `SafeEnum` as the enumeration it is in the database, and a moment always with its time zone.

    A script has to stand by itself: it must run in ten years, when the application's classes have moved on.
    """
    if type_ != "type":
        return False
    if isinstance(obj, SafeEnum):
        values = ", ".join(repr(str(member.value)) for member in obj.enum_class)
        return f"sa.Enum({values}, name={obj.name!r})"
    if isinstance(obj, sa.DateTime):
        return "sa.DateTime(timezone=True)"
    return False
