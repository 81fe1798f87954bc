"""Indexes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import elements as clauses
from sqlalchemy.sql import functions, operators

from migrated.sqlalchemy.constraints import column_name
from migrated.sqlalchemy.elements import index_item
from migrated.sqlalchemy.errors import ModelError, described_at
from migrated.sqlalchemy.options import storage, vendor_option
from migrated.sqlalchemy.writer import Writer


def index(index: sa.Index, table: sa.Table, writer: Writer) -> dict[str, Any]:
    """Describe an index of a table."""
    with described_at(f"table {table.fullname!r}, index {index.name}"):
        name = writer.constraint_name(index)
        if name is None:
            raise ModelError("an index needs a name")
        described: dict[str, Any] = {"name": name}
        if index.unique:
            described["unique"] = True
        kinds = {"postgres": _postgres, "mysql": _mysql, "sqlite": _sqlite}
        return described | kinds[writer.engine](index, table, writer)


def _postgres(index: sa.Index, table: sa.Table, writer: Writer) -> dict[str, Any]:
    options = index.dialect_options["postgresql"]
    fields: dict[str, Any] = {
        "items": [_item(expression, options["ops"], writer) for expression in index.expressions]
    }
    if options["using"]:
        fields["method"] = str(options["using"]).lower()
    if options["include"]:
        fields["include"] = [
            column_name(table.c[each] if isinstance(each, str) else each, writer)
            for each in options["include"]
        ]
    if options.get("nulls_not_distinct"):
        fields["nulls_not_distinct"] = True
    if options["with"]:
        fields["with"] = storage(options["with"])
    if options["tablespace"]:
        fields["tablespace"] = str(options["tablespace"])
    return fields | _where(options["where"], writer)


def _item(expression: Any, ops: Any, writer: Writer) -> dict[str, Any]:
    if isinstance(expression, sa.Column):
        item: dict[str, Any] = {"column": writer.name(expression.name)}
    else:
        grouped = expression if isinstance(expression, clauses.ColumnClause) else expression.self_group()
        item = index_item(writer.expression(grouped), writer.engine)
    opclass = ops.get(getattr(expression, "key", None))
    return item | {"opclass": str(opclass)} if opclass else item


def _mysql(index: sa.Index, table: sa.Table, writer: Writer) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    length = vendor_option(index, "length", writer)
    items = []
    for expression in index.expressions:
        text = writer.expression(_grouped(expression))
        item = index_item(text, writer.engine)
        if isinstance(expression, sa.Column):
            item = {"column": writer.name(expression.name)}
        prefix = length
        if isinstance(length, dict):
            prefix = length.get(getattr(expression, "name", None), length.get(text))
        items.append(item | {"length": int(prefix)} if prefix is not None else item)
    fields["items"] = items
    kind = vendor_option(index, "prefix", writer)
    if kind:
        fields["kind"] = str(kind).strip().lower()
    using = vendor_option(index, "using", writer, shared=True)
    if using:
        fields["method"] = str(using).lower()
    parser = vendor_option(index, "with_parser", writer, shared=True)
    if parser:
        fields["verbatim"] = [f"WITH PARSER {parser}"]
    return fields


def _grouped(expression: Any) -> Any:
    """Put parentheses around what MySQL's compiler puts them around."""
    calculated = isinstance(expression, clauses.BinaryExpression | functions.FunctionElement) or (
        isinstance(expression, clauses.UnaryExpression)
        and expression.modifier not in {operators.desc_op, operators.asc_op}
    )
    return clauses.Grouping(expression) if calculated else expression


def _sqlite(index: sa.Index, table: sa.Table, writer: Writer) -> dict[str, Any]:
    items = []
    for expression in index.expressions:
        if isinstance(expression, sa.Column):
            items.append({"column": writer.name(expression.name)})
        else:
            items.append(index_item(writer.expression(expression), writer.engine))
    return {"items": items} | _where(index.dialect_options["sqlite"]["where"], writer)


def _where(clause: Any, writer: Writer) -> dict[str, Any]:
    if clause is None:
        return {}
    return {"where": writer.expression(sa.text(clause) if isinstance(clause, str) else clause)}
