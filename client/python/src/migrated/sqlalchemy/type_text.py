"""Types as a database tells them, as types of SQLAlchemy: for callables that ask about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from migrated.sqlalchemy.elements import unquoted

_ONE_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_STRING = re.compile(r"'((?:[^']|'')*)'")


def type_of_text(
    text: str, dialect: Dialect, own: Mapping[tuple[str | None, str], sa.types.TypeEngine[Any]]
) -> sa.types.TypeEngine[Any]:
    """Make a type of SQLAlchemy of a type's text.

    Args:
        text: The type, as `inspect` tells it: `character varying(50)`, `int(10) unsigned`.
        dialect: The dialect.
        own: The database's enum types and domains, by schema and name.

    Returns:
        The type; `NullType`, as SQLAlchemy's own reflection has it, for what nobody knows.

    """
    if dialect.name == "postgresql":
        return _postgres(text, dialect, own)
    if dialect.name == "sqlite":
        sqlite: Any = dialect
        made: sa.types.TypeEngine[Any] = sqlite._resolve_type_affinity(text)
        return made
    return _mysql(text, dialect)


def _postgres(
    text: str, dialect: Dialect, own: Mapping[tuple[str | None, str], sa.types.TypeEngine[Any]]
) -> sa.types.TypeEngine[Any]:
    inner = re.sub(r"(\[\d*\])+$", "", text)
    dimensions = text[len(inner) :].count("[")
    made = _scalar(inner, dialect) or own.get(_name(inner)) or sa.types.NullType()
    return postgresql.ARRAY(made, dimensions=dimensions) if dimensions else made


def _name(text: str) -> tuple[str | None, str]:
    parts = [unquoted(part, folded=True) for part in re.findall(_ONE_NAME, text)]
    return (parts[-2] if len(parts) > 1 else None, parts[-1] if parts else text)


def _scalar(text: str, dialect: Dialect) -> sa.types.TypeEngine[Any] | None:
    found = re.fullmatch(r"([^()]*?)\s*(?:\(([^()]*)\))?\s*([^()]*)", text)
    if found is None:
        return None
    name = " ".join(f"{found[1]} {found[3]}".lower().split())
    numbers = [int(number) for number in (found[2] or "").split(",") if number.strip().lstrip("-").isdigit()]
    interval = re.fullmatch(r"interval(?: (.+))?", name)
    if interval is not None:
        return postgresql.INTERVAL(fields=interval[1], precision=numbers[0] if numbers else None)
    moment = re.fullmatch(r"(timestamp|time)(?: (with|without) time zone)?", name)
    if moment is not None:
        kind = postgresql.TIMESTAMP if moment[1] == "timestamp" else postgresql.TIME
        return kind(timezone=moment[2] == "with", precision=numbers[0] if numbers else None)
    if name == "bit varying":
        return postgresql.BIT(numbers[0] if numbers else None, varying=True)
    return _made(dialect, name, numbers)


def _mysql(text: str, dialect: Dialect) -> sa.types.TypeEngine[Any]:
    found = re.fullmatch(r"(\w+(?: precision)?)\s*(?:\((.*)\))?\s*(.*)", text, re.IGNORECASE | re.DOTALL)
    if found is None:
        return sa.types.NullType()
    name, inside = found[1].lower(), found[2] or ""
    words = found[3].lower().split()
    if name in {"enum", "set"}:
        values = [value.replace("''", "'") for value in _STRING.findall(inside)]
        listed: Any = _ischema(dialect).get(name)
        made: sa.types.TypeEngine[Any] = listed(*values)
        return made
    numbers = [int(number) for number in inside.split(",") if number.strip().isdigit()]
    options: dict[str, Any] = {word: True for word in ("unsigned", "zerofill") if word in words}
    if name in {"datetime", "timestamp", "time"}:
        options["fsp"] = numbers[0] if numbers else None
        numbers = []
    if name in {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"} and numbers:
        options["display_width"] = numbers[0]
        numbers = []
    return _made(dialect, name, numbers, options) or sa.types.NullType()


def _ischema(dialect: Dialect) -> Mapping[str, Any]:
    names: Mapping[str, Any] = dialect.ischema_names  # type: ignore[attr-defined]
    return names


def _made(
    dialect: Dialect, name: str, numbers: list[int], options: Mapping[str, Any] | None = None
) -> sa.types.TypeEngine[Any] | None:
    kind = _ischema(dialect).get(name)
    if kind is None:
        return None
    made: sa.types.TypeEngine[Any]
    try:
        made = kind(*numbers, **(options or {}))
    except TypeError:
        # A type that takes no such numbers: the name says enough.
        made = kind()
    return made
