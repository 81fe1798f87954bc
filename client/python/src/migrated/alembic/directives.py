"""Differences that the daemon found, as directives of Alembic.

What the models have is taken from the models, so that it is rendered as their authors wrote it; what only the database
has is taken from its description. Where there is no directive that is surely the same, the difference is the SQL that
the daemon would execute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from sqlalchemy.dialects import postgresql

from migrated.v1.diff_pb2 import Difference

from .with_tables import (
    Fields,
    Key,
    enum_names,
    identity_of,
    key_of,
    made_by_tables,
    operation_of,
    serial_sequences,
    standing_enums,
)

_LISTS = {"uniques": "unique", "checks": "check", "foreign_keys": "foreign_key"}


class _Unlike(Exception):
    """There is no directive that is surely the same."""


@dataclass
class Sides:
    """The tables before and after.

    Attributes:
        old: Those of the database.
        new: Those of the models.
        made: Enumerated types of PostgreSQL that SQL makes, so that no table makes them.

    """

    old: Mapping[Key, sa.Table]
    new: Mapping[Key, sa.Table]
    made: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Way:
    """The directives forth and back, and what has no way back."""

    up: list[MigrateOperation]
    down: list[MigrateOperation]
    one_way: list[str]


def directives(
    forth: Sequence[Difference],
    back: Sequence[Difference],
    old: Mapping[Key, sa.Table],
    new: Mapping[Key, sa.Table],
) -> Way:
    """Make directives of differences.

    Args:
        forth: From the database to the models.
        back: From the models to the database: what undoes SQL is looked up there.
        old: The tables of the database.
        new: The tables of the models.

    """
    plan = [(difference, operation_of(difference)) for difference in forth]
    by_tables = made_by_tables(plan, new)
    made = frozenset(
        fields["enum"]["name"] for _, (name, fields) in plan if name == "create_enum"
    ) | frozenset(standing_enums(plan, new))
    sides = Sides(old, new, made - by_tables)
    undone = {identity_of(*operation_of(one)): [*one.statements] for one in back}
    up: list[MigrateOperation] = []
    down: list[MigrateOperation] = []
    one_way: list[str] = []
    serial = serial_sequences(plan)
    for difference, (name, fields) in plan:
        identity = identity_of(name, fields)
        if identity in serial:
            continue
        if name == "create_enum" and fields["enum"]["name"] in by_tables:
            # The table makes it; no table drops it.
            down[:0] = map(ops.ExecuteSQLOp, undone.get(identity, []))
            continue
        try:
            made_ops = _KINDS[name](fields, sides) if name in _KINDS else None
        except (_Unlike, KeyError, StopIteration):
            made_ops = None
        if made_ops is not None:
            up += made_ops
            down[:0] = [_reversed(one) for one in reversed(made_ops)]
            continue
        up += map(ops.ExecuteSQLOp, difference.statements)
        if identity in undone:
            down[:0] = map(ops.ExecuteSQLOp, undone[identity])
        else:
            one_way.append(difference.summary)
    return Way(_together(up), _together(down), one_way)


def _together(made: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Put what alters one table into one group, which a batch is made of where `render_as_batch` asks for it."""
    grouped: list[MigrateOperation] = []
    for one in made:
        table = getattr(one, "table_name", None)
        if table is None or isinstance(one, (ops.CreateTableOp, ops.DropTableOp, ops.RenameTableOp)):
            grouped.append(one)
            continue
        schema = getattr(one, "schema", None)
        last = grouped[-1] if grouped else None
        if (
            isinstance(last, ops.ModifyTableOps)
            and (last.table_name, last.schema) == (table, schema)
            and not isinstance(one, ops.ModifyTableOps)
        ):
            last.ops.append(one)
        elif isinstance(one, ops.ModifyTableOps):
            grouped.append(one)
        else:
            grouped.append(ops.ModifyTableOps(table, [one], schema=schema))
    return grouped


def _old(fields: Fields, sides: Sides) -> sa.Table:
    return sides.old[key_of(fields["table"])]


def _new(fields: Fields, sides: Sides) -> sa.Table:
    return sides.new[key_of(fields["table"])]


def _column(table: sa.Table, name: str) -> sa.Column[Any]:
    return next(column for column in table.columns if column.name == name)


def _with_types_made(table: sa.Table, sides: Sides) -> sa.Table:
    """Copy a table whose enumerated types are there already when it is made."""
    if not enum_names(table) & sides.made:
        return table
    own = table.to_metadata(sa.MetaData(naming_convention=table.metadata.naming_convention))
    for column in own.columns:
        kind = column.type
        if isinstance(kind, sa.Enum) and kind.name in sides.made:
            column.type = postgresql.ENUM(*kind.enums, name=kind.name, schema=kind.schema, create_type=False)
    return own


def _create_table(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    table = _with_types_made(_new(fields, sides), sides)
    wanted = [index["name"] for index in fields["table"].get("indexes", [])]
    indexes = {str(index.name): index for index in table.indexes}
    made: list[MigrateOperation] = [ops.CreateTableOp.from_table(table)]
    return made + [ops.CreateIndexOp.from_index(indexes[name]) for name in wanted]


def _drop_table(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    table = _old(fields, sides)
    made: list[MigrateOperation] = [
        ops.DropIndexOp.from_index(index) for index in sorted(table.indexes, key=lambda one: str(one.name))
    ]
    return [*made, ops.DropTableOp.from_table(table)]


def _rename_table(fields: Fields, _sides: Sides) -> list[MigrateOperation]:
    old, new = fields["from"], fields["to"]
    told = new if isinstance(new, str) else new["name"]
    return [ops.RenameTableOp(old["name"], told, schema=old.get("schema"))]


def _add_column(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    table = _with_types_made(_new(fields, sides), sides)
    column = _column(table, fields["column"]["name"])
    return [ops.AddColumnOp.from_column_and_tablename(table.schema, str(table.name), column)]


def _drop_column(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    table = _old(fields, sides)
    column = _column(table, fields["column"]["name"])
    return [ops.DropColumnOp.from_column_and_tablename(table.schema, str(table.name), column)]


def _alter_column(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    return [_altered(fields["from"], fields["to"], fields, sides)]


def _altered(old: Fields, new: Fields, fields: Fields, sides: Sides) -> ops.AlterColumnOp:
    if any(old.get(part) != new.get(part) for part in (old.keys() | new.keys()) - _ALTERABLE):
        raise _Unlike
    standing = sides.old.get(key_of(fields["table"]))
    had = _column(_renamed(fields, sides) if standing is None else standing, old["name"])
    has = _column(_new(fields, sides), new["name"])
    changed = {part for part in _ALTERABLE if old.get(part) != new.get(part)}
    options: dict[str, Any] = {"existing_type": had.type, "existing_nullable": had.nullable}
    if had.server_default is not None:
        options["existing_server_default"] = had.server_default
    if had.comment is not None:
        options["existing_comment"] = had.comment
    if "name" in changed:
        options["modify_name"] = new["name"]
    if "type" in changed:
        options["modify_type"] = has.type
    if "nullable" in changed:
        options["modify_nullable"] = bool(new.get("nullable", True))
    if "default" in changed:
        options |= {
            "existing_server_default": had.server_default,
            "modify_server_default": has.server_default,
        }
    if "comment" in changed:
        options |= {"existing_comment": had.comment, "modify_comment": has.comment}
    if fields.get("using"):
        options["postgresql_using"] = fields["using"]
    table = fields["table"]
    return ops.AlterColumnOp(table["name"], old["name"], schema=table.get("schema"), **options)


_ALTERABLE = {"name", "type", "nullable", "default", "comment"}


def _renamed(fields: Fields, sides: Sides) -> sa.Table:
    """Find the table that has another name now, by a column that it had."""
    name = fields["from"]["name"]
    gone = [
        table
        for key, table in sides.old.items()
        if key not in sides.new and any(c.name == name for c in table.columns)
    ]
    if len(gone) != 1:
        raise _Unlike
    return gone[0]


def _create_index(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    return [ops.CreateIndexOp.from_index(_index(_new(fields, sides), fields["index"]["name"]))]


def _drop_index(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    return [ops.DropIndexOp.from_index(_index(_old(fields, sides), fields["index"]["name"]))]


def _index(table: sa.Table, name: str) -> sa.Index:
    return next(index for index in table.indexes if index.name == name)


def _add_constraint(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    if fields.get("not_valid"):
        raise _Unlike
    [(kind, described)] = fields["constraint"].items()
    return [_made_constraint(_constraint(_new(fields, sides), kind, described))]


def _made_constraint(constraint: sa.Constraint) -> MigrateOperation:
    made: MigrateOperation = ops.AddConstraintOp.from_constraint(constraint)
    return made


def _drop_constraint(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    [(kind, described)] = fields["constraint"].items()
    return [_dropped_constraint(_constraint(_old(fields, sides), kind, described))]


def _dropped_constraint(constraint: sa.Constraint) -> MigrateOperation:
    if constraint.name is None:
        raise _Unlike
    return ops.DropConstraintOp.from_constraint(constraint)


_CLASSES: dict[str, type[sa.Constraint]] = {
    "unique": sa.UniqueConstraint,
    "check": sa.CheckConstraint,
    "foreign_key": sa.ForeignKeyConstraint,
}


def _constraint(table: sa.Table, kind: str, described: Fields) -> sa.Constraint:
    """Find a constraint of a table: by its name, or by its columns where it has none."""
    if kind not in _CLASSES:
        raise _Unlike
    found = [one for one in table.constraints if isinstance(one, _CLASSES[kind])]
    name = described.get("name")
    named = [one for one in found if one.name is not None and str(one.name) == name]
    if named:
        return named[0]
    columns = described.get("columns")
    alike = [
        one
        for one in found
        if one.name is None and columns is not None and [c.name for c in one.columns] == columns  # type: ignore[attr-defined]
    ]
    if len(alike) != 1:
        raise _Unlike
    return alike[0]


def _set_comment(fields: Fields, _sides: Sides) -> list[MigrateOperation]:
    table = fields["object"].get("table")
    if table is None:
        raise _Unlike
    name, schema, old, new = table["name"], table.get("schema"), fields.get("from"), fields.get("to")
    if new is None:
        return [ops.DropTableCommentOp(name, schema=schema, existing_comment=old)]
    return [ops.CreateTableCommentOp(name, new, schema=schema, existing_comment=old)]


def _rebuild_table(fields: Fields, sides: Sides) -> list[MigrateOperation]:
    """Take a rebuilt table apart into what a batch does to it."""
    old, new = fields["from"], fields["to"]
    parts = {"columns", "indexes", *_LISTS}
    if fields.get("renamed") or any(
        old.get(part) != new.get(part) for part in (old.keys() | new.keys()) - parts
    ):
        raise _Unlike
    here = {"table": {"name": new["name"], "schema": new.get("schema")}}
    had = {column["name"]: column for column in old["columns"]}
    has = {column["name"]: column for column in new["columns"]}
    made: list[MigrateOperation] = []
    for index in _only(old, new, "indexes"):
        made += _drop_index({**here, "index": index}, sides)
    for part, kind in _LISTS.items():
        for one in _only(old, new, part):
            made += _drop_constraint({**here, "constraint": {kind: one}}, sides)
    for name in had.keys() - has.keys():
        made += _drop_column({**here, "column": {"name": name}}, sides)
    for name, column in has.items():
        if name not in had:
            made += _add_column({**here, "column": column}, sides)
        elif had[name] != column:
            made.append(_altered(had[name], column, here, sides))
    for part, kind in _LISTS.items():
        for one in _only(new, old, part):
            made += _add_constraint({**here, "constraint": {kind: one}}, sides)
    for index in _only(new, old, "indexes"):
        made += _create_index({**here, "index": index}, sides)
    return [Batch(new["name"], made, schema=new.get("schema"))]


def _only(one: Fields, other: Fields, part: str) -> list[Fields]:
    there = other.get(part, [])
    return [each for each in one.get(part, []) if each not in there]


class Batch(ops.ModifyTableOps):
    """What alters a table that is made anew for it: a batch, whether `render_as_batch` asks for one or not."""

    def reverse(self) -> Batch:
        """Give what undoes it."""
        return Batch(self.table_name, [_reversed(one) for one in reversed(self.ops)], schema=self.schema)


def _reversed(one: MigrateOperation) -> MigrateOperation:
    """Give what undoes an operation; Alembic itself knows nothing of names there."""
    match one:
        case ops.RenameTableOp():
            return ops.RenameTableOp(one.new_table_name, one.table_name, schema=one.schema)
        case ops.AlterColumnOp(modify_name=str(name)):
            plain = copy(one)
            plain.modify_name = None
            back = plain.reverse()
            back.column_name, back.modify_name = name, one.column_name
            return back
        case _:
            return one.reverse()


def needs_batches(made: Iterable[MigrateOperation]) -> bool:
    """Tell whether some table is made anew."""
    return any(isinstance(one, Batch) for one in made)


_KINDS: dict[str, Callable[[Fields, Sides], list[MigrateOperation]]] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "rebuild_table": _rebuild_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "add_constraint": _add_constraint,
    "drop_constraint": _drop_constraint,
    "set_comment": _set_comment,
}
