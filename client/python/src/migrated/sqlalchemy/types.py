"""Types of columns, and the types that are objects of their own (PostgreSQL)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrated.sqlalchemy.elements import unquoted
from migrated.sqlalchemy.writer import Writer

_NAME = r'(?:\w+|"(?:[^"]|"")+"|`(?:[^`]|``)+`)'


def type_fields(text: str, engine: str) -> dict[str, Any]:
    """Tell a column's type with its character set and collation in fields of their own.

    Args:
        text: The type as SQLAlchemy writes it.
        engine: The daemon's word for the dialect.

    """
    fields: dict[str, Any] = {}
    collation = re.search(rf"\s+COLLATE\s+({_NAME}(?:\.{_NAME})?)$", text, re.IGNORECASE)
    if collation is not None:
        text = text[: collation.start()]
        fields["collation"] = unquoted(collation[1]) if engine == "sqlite" else collation[1]
    charset = re.search(rf"\s+CHARACTER SET\s+({_NAME})$", text, re.IGNORECASE)
    if engine == "mysql" and charset is not None:
        text = text[: charset.start()]
        fields["charset"] = charset[1]
    return {"type": text} | fields


def own_types(
    type_: sa.types.TypeEngine[Any], dialect: sa.engine.Dialect
) -> Iterator[postgresql.ENUM | postgresql.DOMAIN]:
    """Go through the enum types and domains that a type needs, those first that another needs."""
    impl = type_.dialect_impl(dialect)
    if isinstance(impl, sa.TypeDecorator):
        yield from own_types(impl.type_engine(dialect), dialect)
    elif isinstance(impl, sa.ARRAY):
        yield from own_types(impl.item_type, dialect)
    elif isinstance(impl, postgresql.DOMAIN):
        yield from own_types(impl.data_type, dialect)
        yield impl
    elif isinstance(impl, postgresql.ENUM) and impl.native_enum:
        yield impl


def enum(type_: postgresql.ENUM, writer: Writer) -> dict[str, Any]:
    """Describe an enum type."""
    return writer.named(type_) | {"values": [str(value) for value in type_.enums]}


def domain(type_: postgresql.DOMAIN, writer: Writer) -> dict[str, Any]:
    """Describe a domain."""
    described = writer.named(type_) | type_fields(writer.type(type_.data_type), writer.engine)
    if type_.collation is not None:
        schema = getattr(type_, "collation_schema", None)
        quote = writer.dialect.identifier_preparer.quote
        described["collation"] = ".".join(quote(part) for part in (schema, type_.collation) if part)
    if type_.not_null:
        described["not_null"] = True
    if type_.default is not None:
        described["default"] = writer.default_value(type_.default)
    if type_.check is not None:
        check: dict[str, Any] = {}
        if type_.constraint_name is not None and not type_.not_null:
            # SQLAlchemy writes the name before NOT NULL, where there is one: it is not the check's then.
            check["name"] = str(type_.constraint_name)
        described["checks"] = [check | {"expr": writer.expression(type_.check)}]
    return described
