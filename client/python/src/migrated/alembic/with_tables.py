"""What comes and goes with a table: the types and sequences that its directive makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from migrated.plain import plain
from migrated.v1.diff_pb2 import Difference

Key = tuple[str | None, str]
"""A schema, `None` for the target's own, and a name in it."""

Fields = dict[str, Any]
"""The fields of an operation."""


def operation_of(difference: Difference) -> tuple[str, Fields]:
    """Read the operation of a difference: its name and its fields."""
    told: dict[str, Fields] = plain(difference.operation)
    [(name, fields)] = told.items()
    return name, fields


def identity_of(name: str, fields: Fields) -> tuple[str, ...]:
    """Tell what an operation is about, whichever way it goes."""
    noun = name.split("_", 1)[1]
    what = fields.get(noun) or fields.get("to") or fields.get("from") or fields.get("object") or {}
    table = fields.get("table") or {}
    if isinstance(what, dict) and len(what) == 1 and isinstance(next(iter(what.values())), dict):
        what = next(iter(what.values()))
    named = what if isinstance(what, dict) else {}
    return (
        noun,
        str(table.get("schema")),
        str(table.get("name")),
        str(named.get("schema")),
        str(named.get("name")),
    )


def enum_names(table: sa.Table) -> set[str]:
    """Tell the native enumerated types that a table's columns have."""
    return {
        str(column.type.name)
        for column in table.columns
        if isinstance(column.type, sa.Enum) and column.type.native_enum and column.type.name
    }


def made_by_tables(
    plan: Sequence[tuple[Difference, tuple[str, Fields]]], new: Mapping[Key, sa.Table]
) -> set[str]:
    """Tell the new types that exactly one new table uses, and nothing else: `create_table` makes those."""
    fresh = {fields["enum"]["name"] for _, (name, fields) in plan if name == "create_enum"}
    uses: dict[str, int] = {}
    for _, (name, fields) in plan:
        if name == "create_table" and key_of(fields["table"]) in new:
            for enum in enum_names(new[key_of(fields["table"])]):
                uses[enum] = uses.get(enum, 0) + 1
        elif name == "add_column":
            uses[str(fields["column"].get("type"))] = 2
    return {enum for enum in fresh if uses.get(enum) == 1}


def standing_enums(
    plan: Sequence[tuple[Difference, tuple[str, Fields]]], new: Mapping[Key, sa.Table]
) -> set[str]:
    """Tell the types of new tables that are there already."""
    fresh = {fields["enum"]["name"] for _, (name, fields) in plan if name == "create_enum"}
    used: set[str] = set()
    for _, (name, fields) in plan:
        if name in {"create_table", "add_column"} and key_of(fields["table"]) in new:
            used |= enum_names(new[key_of(fields["table"])])
    return used - fresh


def serial_sequences(plan: Sequence[tuple[Difference, tuple[str, Fields]]]) -> set[tuple[str, ...]]:
    """Tell the sequences of serial columns of tables that come or go: they come and go with them."""
    tables = {key_of(fields["table"]) for _, (name, fields) in plan if name in {"create_table", "drop_table"}}
    found = set()
    for _, (name, fields) in plan:
        if name == "alter_sequence":
            for side in (fields["from"], fields["to"]):
                owner = side.get("owned_by")
                if owner is not None and (side.get("schema"), owner["table"]) in tables:
                    found.add(identity_of(name, fields))
    return found


def key_of(named: Fields) -> Key:
    """Tell the key of something with a name."""
    return named.get("schema"), named["name"]
