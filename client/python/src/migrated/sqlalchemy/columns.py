"""Columns."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from migrated.sqlalchemy.elements import bare, outside_quotes
from migrated.sqlalchemy.types import type_fields
from migrated.sqlalchemy.writer import Writer

_SERIAL = re.compile(r"\s(SMALLSERIAL|BIGSERIAL|SERIAL)\b")


def column(column: sa.Column[Any], writer: Writer) -> dict[str, Any]:
    """Describe a column; its constraints are the table's."""
    described: dict[str, Any] = {"name": writer.name(column.name)}
    described |= type_fields(_type(column, writer), writer.engine)
    if not _nullable(column, writer):
        described["nullable"] = False
    if writer.engine == "postgres":
        if described["type"].upper() not in {"SERIAL", "BIGSERIAL", "SMALLSERIAL"}:
            described |= _default(column, writer)
        if column.identity is not None:
            described["identity"] = identity(column.identity)
    elif _counts(column, writer):
        described["autoincrement"] = True
    else:
        described |= _default(column, writer)
    if column.computed is not None:
        described["computed"] = _computed(column.computed, writer)
    if column.comment is not None and writer.dialect.supports_comments:
        described["comment"] = str(column.comment)
    verbatim = _verbatim(column, writer)
    if verbatim:
        described["verbatim"] = verbatim
    return described


def identity(options: sa.Identity) -> dict[str, Any]:
    """Describe how an identity column counts."""
    return ({"always": True} if options.always else {}) | counting(options)


def counting(options: Any) -> dict[str, Any]:
    """Describe how a sequence counts; what is not said follows from type and direction."""
    told = {
        "start": options.start,
        "increment": options.increment,
        "min": options.minvalue,
        "max": options.maxvalue,
        "cache": options.cache,
    }
    described: dict[str, Any] = {key: int(value) for key, value in told.items() if value is not None}
    if options.cycle:
        described["cycle"] = True
    return described


def _type(column: sa.Column[Any], writer: Writer) -> str:
    if (
        writer.engine == "postgres"
        and column.table is not None
        and column is column.table.autoincrement_column
        and column.computed is None
    ):
        # Which columns are serial, and of which kind, is SQLAlchemy's to say.
        quoted = writer.dialect.identifier_preparer.format_column(column)
        serial = _SERIAL.match(writer.specification(column), len(quoted))
        if serial is not None:
            return serial[1]
    return writer.type(column.type, column)


def _nullable(column: sa.Column[Any], writer: Writer) -> bool:
    if writer.mariadb and column.computed is not None and not column.nullable:
        # MariaDB knows no NOT NULL of a generated column, which SQLAlchemy leaves out from 2.1 on.
        generated = writer.element(column.computed)
        return f"{generated} NOT NULL" not in writer.specification(column)
    return bool(column.nullable)


def _counts(column: sa.Column[Any], writer: Writer) -> bool:
    """Tell whether a column of MySQL is AUTO_INCREMENT, or one of SQLite AUTOINCREMENT."""
    if not column.primary_key:
        return False
    if writer.engine == "mysql":
        return writer.specification(column).endswith(" AUTO_INCREMENT")
    ends = re.search(r" PRIMARY KEY(?: ON CONFLICT \w+)? AUTOINCREMENT$", writer.specification(column))
    return ends is not None


def _default(column: sa.Column[Any], writer: Writer) -> dict[str, Any]:
    text = writer.default(column)
    if text is None:
        return {}
    if writer.engine == "sqlite":
        return {"default": bare(text)}
    if writer.engine == "mysql":
        update = outside_quotes(text, r"\s+ON\s+UPDATE\s+")
        if update is not None:
            after = {"on_update": text[update.end() :].strip()}
            # MariaDB and MySQL know DEFAULT NULL, and a column that has no default but this.
            return {"default": text[: update.start()].strip()} | after
        if f"DEFAULT ({text})" in writer.specification(column):
            return {"default": f"({text})"}
    return {"default": text}


def _computed(computed: sa.Computed, writer: Writer) -> dict[str, Any]:
    stored = computed.persisted
    if stored is None:
        version = getattr(writer.dialect, "server_version_info", (0,))
        stored = writer.engine == "postgres" and version < (18,)
    return {"expr": writer.expression(computed.sqltext), "kind": "stored" if stored else "virtual"}


def _verbatim(column: sa.Column[Any], writer: Writer) -> list[str]:
    clauses = []
    if writer.engine == "sqlite" and not column.nullable:
        conflict = column.dialect_options["sqlite"]["on_conflict_not_null"]
        if conflict is not None:
            clauses.append(f"NOT NULL ON CONFLICT {conflict}")
    if writer.mariadb:
        # A check of a column without a name is of another kind than one of the table.
        clauses += [
            f"CHECK ({writer.expression(check.sqltext)})"
            for check in column.constraints
            if isinstance(check, sa.CheckConstraint) and check.name is None
        ]
    return clauses
