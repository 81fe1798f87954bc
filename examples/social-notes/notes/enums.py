"""Enumerations, and the column type that keeps them by value."""

import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect


class Role(enum.Enum):
    """What somebody may do."""

    READER = "reader"
    WRITER = "writer"
    MODERATOR = "moderator"


class Visibility(enum.Enum):
    """Who sees a note."""

    PRIVATE = "private"
    PUBLIC = "public"


class SafeEnum(sa.types.TypeDecorator[enum.Enum]):
    """An enumeration by its values; a value that only a newer release knows is read as the first one, not refused."""

    impl = sa.Enum
    cache_ok = True

    def __init__(self, enum_class: type[enum.Enum], name: str) -> None:
        self.enum_class = enum_class
        self.name = name
        super().__init__(*(str(member.value) for member in enum_class), name=name)

    def process_bind_param(self, value: enum.Enum | None, dialect: Dialect) -> str | None:
        """Write the value."""
        return None if value is None else str(value.value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> enum.Enum | None:
        """Read the member."""
        if value is None:
            return None
        members = list(self.enum_class)
        return next((member for member in members if member.value == value), members[0])
