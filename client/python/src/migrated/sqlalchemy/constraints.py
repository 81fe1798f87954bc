"""Constraints of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.schema import AddConstraint, DropConstraint

from migrated.sqlalchemy.elements import unquoted
from migrated.sqlalchemy.errors import ModelError, described_at
from migrated.sqlalchemy.options import applies, owner_of, vendor_option
from migrated.sqlalchemy.writer import Writer

FIELDS = {
    sa.UniqueConstraint: "uniques",
    sa.CheckConstraint: "checks",
    sa.ForeignKeyConstraint: "foreign_keys",
    ExcludeConstraint: "excludes",
}
"""The field of a table in which a kind of constraint stands."""


def constraints(table: sa.Table, kept: Iterable[sa.Constraint], writer: Writer) -> dict[str, Any]:
    """Describe constraints of a table, as the fields of the table in which they stand."""
    described: dict[str, Any] = {}
    for constraint in kept:
        with described_at(place(table, constraint)):
            if isinstance(constraint, sa.PrimaryKeyConstraint):
                if len(constraint.columns):
                    described["primary_key"] = _primary_key(constraint, writer)
            elif isinstance(constraint, sa.UniqueConstraint):
                if len(constraint.columns):
                    described.setdefault("uniques", []).append(_unique(constraint, writer))
            elif isinstance(constraint, sa.ForeignKeyConstraint):
                key = _foreign_key(constraint, writer)
                if key is not None:
                    described.setdefault("foreign_keys", []).append(key)
            elif isinstance(constraint, ExcludeConstraint):
                described.setdefault("excludes", []).append(_exclude(constraint, writer))
            elif isinstance(constraint, sa.CheckConstraint):
                described.setdefault("checks", []).append(_check(constraint, writer))
            else:
                raise ModelError(f"a constraint of the kind {type(constraint).__name__} has no description")
    return described


def constraints_of(table: sa.Table, writer: Writer) -> Iterator[sa.Constraint]:
    """Go through a table's constraints in the order in which SQLAlchemy writes them."""
    if len(table.primary_key.columns):
        yield table.primary_key
    for column in table.columns:
        for check in column.constraints:
            # Those without a name stand with the column on MariaDB.
            if not (writer.mariadb and check.name is None):
                yield check
    own: Any = table
    for constraint in own._sorted_constraints:
        if constraint is table.primary_key or not _is_made(constraint, table, writer):
            continue
        if isinstance(constraint, ExcludeConstraint) and writer.engine != "postgres":
            continue
        yield constraint


def added_by(constraint: Any, table: sa.Table) -> AddConstraint | None:
    """Find the listener of the table that adds a constraint once the table is there."""
    dispatch: Any = table.dispatch
    for listener in dispatch.after_create:
        if isinstance(listener, AddConstraint) and listener.element is constraint:
            return listener
    return None


def _is_made(constraint: Any, table: sa.Table, writer: Writer) -> bool:
    rule = constraint._create_rule
    if isinstance(owner_of(rule), AddConstraint | DropConstraint):
        # Such an element takes its constraint out of CREATE TABLE, for good: `create_all` and `drop_all` leave foreign
        # keys so that stand in a circle.
        listener = added_by(constraint, table)
        if listener is not None:
            return applies(listener, table, writer)
        if not isinstance(constraint, sa.ForeignKeyConstraint):
            return False
    elif rule is not None and not rule(writer.ddl):
        return False
    return applies(constraint, table, writer)


def place(table: sa.Table, constraint: sa.Constraint) -> str:
    """Tell people which constraint it is."""
    kind = {
        sa.PrimaryKeyConstraint: "primary key",
        sa.UniqueConstraint: "unique constraint",
        sa.ForeignKeyConstraint: "foreign key",
        sa.CheckConstraint: "check constraint",
        ExcludeConstraint: "exclusion constraint",
    }.get(type(constraint), "constraint")
    return f"table {table.fullname!r}, {kind} {str(constraint.name) if constraint.name else '(no name)'}"


def _shared(constraint: Any, writer: Writer) -> dict[str, Any]:
    name = writer.constraint_name(constraint)
    fields: dict[str, Any] = {} if name is None else {"name": name}
    comments = getattr(writer.dialect, "supports_constraint_comments", False)
    if constraint.comment is not None and comments and name is not None:
        fields["comment"] = str(constraint.comment)
    return fields


def _deferral(constraint: sa.Constraint) -> dict[str, Any]:
    initially = (constraint.initially or "").strip().upper()
    if constraint.deferrable is False:
        return {}
    if initially == "DEFERRED":
        return {"deferral": "deferred"}
    return {"deferral": "immediate"} if constraint.deferrable else {}


def _included(constraint: sa.Constraint, writer: Writer) -> dict[str, Any]:
    if writer.engine != "postgres":
        return {}
    include = constraint.dialect_options["postgresql"].get("include")
    return {"include": [column_name(column, writer) for column in include]} if include else {}


def column_name(column: str | sa.Column[Any], writer: Writer) -> str:
    """Tell the name of a column that is given by itself or by its key."""
    return writer.name(column if isinstance(column, str) else column.name)


def _primary_key(key: sa.PrimaryKeyConstraint, writer: Writer) -> dict[str, Any]:
    own: Any = key
    columns = own.columns_autoinc_first if own._implicit_generated else key.columns
    described = _shared(key, writer)
    if writer.engine == "mysql":
        described.pop("name", None)
    described["columns"] = [writer.name(column.name) for column in columns]
    described |= _included(key, writer) | _deferral(key)
    if writer.engine == "mysql":
        using = vendor_option(key, "using", writer, shared=True)
        if using:
            described["verbatim"] = [f"USING {using}"]
    if writer.engine == "sqlite":
        described |= _on_conflict(key, "on_conflict_primary_key")
        if key.table.dialect_options["sqlite"]["autoincrement"]:
            # It stands with its column, where SQLAlchemy writes no name.
            described.pop("name", None)
    return described


def _unique(unique: sa.UniqueConstraint, writer: Writer) -> dict[str, Any]:
    described = _shared(unique, writer)
    described["columns"] = [writer.name(column.name) for column in unique.columns]
    described |= _included(unique, writer) | _deferral(unique)
    if writer.engine == "postgres" and unique.dialect_options["postgresql"].get("nulls_not_distinct"):
        described["nulls_not_distinct"] = True
    if writer.engine == "sqlite":
        described |= _on_conflict(unique, "on_conflict_unique")
    return described


def _check(check: sa.CheckConstraint, writer: Writer) -> dict[str, Any]:
    if check.deferrable or check.initially:
        raise ModelError("no engine can put off a check constraint until the end of a transaction")
    described = _shared(check, writer) | {"expr": writer.expression(check.sqltext)}
    if writer.engine == "postgres" and check.dialect_options["postgresql"].get("not_valid"):
        described["not_valid"] = True
    return described


def _foreign_key(key: sa.ForeignKeyConstraint, writer: Writer) -> dict[str, Any] | None:
    described = _shared(key, writer)
    target = key.elements[0].column.table
    if writer.engine == "sqlite":
        if key.table.schema != target.schema:
            return None
    else:
        schema = writer.schema(target)
        if schema is not None:
            described["ref_schema"] = schema
    described["columns"] = [writer.name(element.parent.name) for element in key.elements]
    described["ref_table"] = writer.name(target.name)
    described["ref_columns"] = [writer.name(element.column.name) for element in key.elements]
    for event, told in (("on_delete", key.ondelete), ("on_update", key.onupdate)):
        if told is not None:
            described |= _action(event, told)
    if key.match is not None:
        # SQLAlchemy refuses it for MySQL.
        writer.ddl.define_constraint_match(key)
        described["match"] = key.match.strip().lower()
    described |= _deferral(key)
    if writer.engine == "postgres" and key.dialect_options["postgresql"].get("not_valid"):
        described["not_valid"] = True
    return described


def _action(event: str, told: str) -> dict[str, Any]:
    action = re.fullmatch(r"\s*(\w+(?:\s+\w+)*?)\s*(?:\((.*)\))?\s*", told)
    words = "_".join(action[1].lower().split()) if action is not None else ""
    if action is None or words not in {"no_action", "restrict", "cascade", "set_null", "set_default"}:
        raise ModelError(f"{told!r} is no action of a foreign key")
    fields: dict[str, Any] = {event: words}
    if action[2] is not None:
        fields[f"{event}_columns"] = [unquoted(name.strip(), folded=True) for name in action[2].split(",")]
    return fields


def _exclude(exclude: ExcludeConstraint, writer: Writer) -> dict[str, Any]:
    described = _shared(exclude, writer)
    own: Any = exclude
    described["method"] = str(exclude.using).lower()
    items = []
    for expression, _name, operator in own._render_exprs:
        element = writer.expression(expression)
        opclass = own.ops.get(getattr(expression, "key", None))
        items.append({"element": f"{element} {opclass}" if opclass else element, "operator": str(operator)})
    described["items"] = items
    if own.where is not None:
        described["where"] = writer.expression(own.where, include_table=True)
    return described | _deferral(exclude)


def _on_conflict(
    constraint: sa.PrimaryKeyConstraint | sa.UniqueConstraint, column_option: str
) -> dict[str, Any]:
    conflict = constraint.dialect_options["sqlite"]["on_conflict"]
    if conflict is None and len(constraint.columns) == 1:
        conflict = next(iter(constraint.columns)).dialect_options["sqlite"][column_option]
    return {} if conflict is None else {"verbatim": [f"ON CONFLICT {conflict}"]}
