"""Operations of Alembic as operations of migrated.

Only what is surely the same becomes one; the rest stays the SQL that Alembic writes. What an operation executed
decides: one that did more than its description says is not described.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic.operations import MigrateOperation, ops
from alembic.operations.schemaobj import SchemaObjects
from alembic.runtime.migration import MigrationContext

from migrated.sqlalchemy.columns import column
from migrated.sqlalchemy.constraints import constraints
from migrated.sqlalchemy.described import schema_of
from migrated.sqlalchemy.errors import ModelError
from migrated.sqlalchemy.indexes import index
from migrated.sqlalchemy.writer import Writer

from .record import Recorded

Operation = dict[str, Any]
"""An operation in the form of the YAML files (`docs/operations.md`): its name with its fields."""

_Op = TypeVar("_Op", bound=MigrateOperation)


class _Unlike(Exception):
    """There is no operation that is surely the same."""


def typed(recorded: Iterable[Recorded], context: MigrationContext) -> list[Operation]:
    """Describe what was recorded, in its order."""
    writer = Writer(context.dialect)
    described: list[Operation] = []
    queue = list(recorded)
    for place, one in enumerate(queue):
        if one.batch:
            # The operations of a batch come first, without statements, and then what all of them executed.
            if one.operation is None:
                described += _batch(queue, place, context, writer)
            continue
        described += _one(one, context, writer)
    return described


def _batch(queue: list[Recorded], place: int, context: MigrationContext, writer: Writer) -> list[Operation]:
    """Describe a batch that altered the table in place; one that made the table anew is SQL."""
    flushed = queue[place]
    first = place
    while first > 0 and queue[first - 1].batch and queue[first - 1].operation is not None:
        first -= 1
    parts = queue[first:place]
    if writer.engine != "sqlite" and len(parts) == 1:
        return _one(replace(parts[0], statements=flushed.statements), context, writer)
    return _sql(flushed.statements)


def _one(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation = recorded.operation
    for kind, describe in _KINDS.items():
        if type(operation) is kind:
            try:
                return describe(recorded, context, writer)
            except (_Unlike, ModelError):
                break
    return _sql(recorded.statements)


def _sql(statements: Iterable[str]) -> list[Operation]:
    return [{"execute": statement} for statement in statements]


def _create_table(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.CreateTableOp)
    if operation.prefixes or operation.if_not_exists:
        raise _Unlike
    _only(statements, r"CREATE TABLE|CREATE (UNIQUE )?INDEX|CREATE TYPE|COMMENT ON")
    table: sa.Table = recorded.made
    schema = schema_of(
        table.metadata, context.dialect, keep=lambda item: not isinstance(item, sa.Table) or item is table
    ).schema
    if set(schema) - {"dialect", "schemas", "enums", "tables"}:
        raise _Unlike
    # A type that stands already is described with the table, and was made by another operation.
    made = [enum for enum in schema.get("enums", []) if _makes_type(statements, enum["name"])]
    if len(made) != sum(statement.startswith("CREATE TYPE") for statement in statements):
        raise _Unlike
    return [*({"create_enum": enum} for enum in made), {"create_table": schema["tables"][0]}]


def _of(recorded: Recorded, kind: type[_Op]) -> tuple[_Op, list[str]]:
    operation = recorded.operation
    assert isinstance(operation, kind)  # noqa: S101 - the kind is how the function was found
    return operation, recorded.statements


def _makes_type(statements: list[str], name: str) -> bool:
    pattern = re.compile(rf'CREATE TYPE (\S+\.)?"?{re.escape(name)}"? ')
    return any(pattern.match(statement) for statement in statements)


def _drop_table(recorded: Recorded, _context: MigrationContext, _writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.DropTableOp)
    _only(statements, "DROP TABLE", most=1)
    fields: Operation = {"table": _name(operation.table_name, operation.schema)}
    if operation.if_exists:
        fields["if_exists"] = True
    return [{"drop_table": fields}]


def _rename_table(recorded: Recorded, _context: MigrationContext, _writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.RenameTableOp)
    _only(statements, "ALTER TABLE|RENAME TABLE", most=1)
    old, new = (_name(name, operation.schema) for name in (operation.table_name, operation.new_table_name))
    return [{"rename_table": {"from": old, "to": new}}]


def _add_column(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.AddColumnOp)
    # The column stands in the table that the operation made for itself; a copy would be without its foreign keys.
    made = operation.column.table
    if made is None or operation.column.constraints or getattr(operation, "if_not_exists", None):
        raise _Unlike
    _only(statements, r"ALTER TABLE|COMMENT ON|CREATE (UNIQUE )?INDEX")
    table = _name(operation.table_name, operation.schema)
    added = [one for one in made.constraints if not isinstance(one, sa.PrimaryKeyConstraint)]
    alters = sum(statement.startswith("ALTER TABLE") for statement in statements)
    indexes = sum(statement.startswith("CREATE") for statement in statements)
    if alters != 1 + len(added) or indexes != len(made.indexes):
        raise _Unlike
    described: list[Operation] = [
        {"add_column": {"table": table, "column": column(operation.column, writer)}}
    ]
    described += [_constraint(one, made, writer) for one in added]
    described += [
        {"create_index": {"table": table, "index": index(one, made, writer)}} for one in made.indexes
    ]
    return described


def _drop_column(recorded: Recorded, _context: MigrationContext, _writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.DropColumnOp)
    _only(statements, "ALTER TABLE", most=1)
    fields: Operation = {
        "table": _name(operation.table_name, operation.schema),
        "column": operation.column_name,
    }
    return [{"drop_column": fields}]


def _create_index(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.CreateIndexOp)
    if operation.if_not_exists:
        raise _Unlike
    _only(statements, r"CREATE (UNIQUE )?INDEX", most=1)
    made = operation.to_index(context)
    fields: Operation = {
        "table": _name(operation.table_name, operation.schema),
        "index": index(made, _table_of(made), writer),
    }
    if made.dialect_kwargs.get("postgresql_concurrently") and writer.engine == "postgres":
        fields["concurrently"] = True
    return [{"create_index": fields}]


def _table_of(index: sa.Index) -> sa.Table:
    if index.table is None:
        raise _Unlike
    return index.table


def _drop_index(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.DropIndexOp)
    if operation.table_name is None or operation.index_name is None:
        raise _Unlike
    _only(statements, "DROP INDEX", most=1)
    if " IF EXISTS " in statements[0] or " CONCURRENTLY " in statements[0]:
        raise _Unlike
    name = writer.constraint_name(operation.to_index(context))
    return [{"drop_index": {"table": _name(operation.table_name, operation.schema), "index": name}}]


def _add_constraint(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.AddConstraintOp)  # type: ignore[type-abstract]
    _only(statements, "ALTER TABLE", most=1)
    made: Any = operation.to_constraint(context)
    return [_constraint(made, made.table, writer)]


def _constraint(constraint: sa.Constraint, table: sa.Table, writer: Writer) -> Operation:
    described = constraints(table, [constraint], writer)
    if len(described) != 1:
        raise _Unlike
    [(field, fields)] = described.items()
    one: Operation = fields if field == "primary_key" else fields[0]
    return {_ADDED[field]: {"table": _name(str(table.name), table.schema)} | one}


def _drop_constraint(recorded: Recorded, context: MigrationContext, writer: Writer) -> list[Operation]:
    operation, statements = _of(recorded, ops.DropConstraintOp)
    if writer.engine == "sqlite" or operation.constraint_type is None or operation.constraint_name is None:
        raise _Unlike
    _only(statements, "ALTER TABLE", most=1)
    if " IF EXISTS " in statements[0]:
        raise _Unlike
    made = SchemaObjects(context).generic_constraint(
        operation.constraint_name, operation.table_name, operation.constraint_type, schema=operation.schema
    )
    name = writer.constraint_name(made)
    if name is None:
        raise _Unlike
    fields = {
        "table": _name(operation.table_name, operation.schema),
        "name": name,
        "type": operation.constraint_type,
    }
    return [{"drop_constraint": fields}]


_ADDED = {
    "primary_key": "create_primary_key",
    "uniques": "create_unique_constraint",
    "checks": "create_check_constraint",
    "foreign_keys": "create_foreign_key",
    "excludes": "create_exclude_constraint",
}

_Describe = Callable[[Recorded, MigrationContext, Writer], list[Operation]]

_KINDS: Mapping[type[MigrateOperation], _Describe] = {
    ops.CreateTableOp: _create_table,
    ops.DropTableOp: _drop_table,
    ops.RenameTableOp: _rename_table,
    ops.AddColumnOp: _add_column,
    ops.DropColumnOp: _drop_column,
    ops.CreateIndexOp: _create_index,
    ops.DropIndexOp: _drop_index,
    ops.CreatePrimaryKeyOp: _add_constraint,
    ops.CreateUniqueConstraintOp: _add_constraint,
    ops.CreateCheckConstraintOp: _add_constraint,
    ops.CreateForeignKeyOp: _add_constraint,
    ops.DropConstraintOp: _drop_constraint,
}


def _only(statements: list[str], beginnings: str, most: int | None = None) -> None:
    """Make sure that nothing else was executed."""
    pattern = re.compile(beginnings)
    if not statements or not all(pattern.match(statement.lstrip()) for statement in statements):
        raise _Unlike
    if most is not None and len(statements) > most:
        raise _Unlike


def _name(name: str, schema: str | None) -> str | dict[str, str]:
    """Write a name as the files do; one with a dot in it is no short form."""
    if schema is not None:
        return {"schema": str(schema), "name": str(name)}
    return {"name": str(name)} if "." in name else str(name)
