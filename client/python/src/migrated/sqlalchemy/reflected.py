"""What a database holds, as SQLAlchemy's reflection would tell it: for callables that ask about it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from migrated.sqlalchemy.type_text import type_of_text

Key = tuple[str | None, str]
"""A schema, `None` for the target's own, and a name in it."""


def reflected(schema: dict[str, Any], dialect: Dialect) -> sa.MetaData:
    """Make tables of the description of a database, light ones: no text in them is checked.

    Args:
        schema: The description, as Inspect answers it.
        dialect: The dialect that the types are for.

    """
    metadata = sa.MetaData()
    own = _own_types(schema, dialect)
    serial = {
        (sequence.get("schema"), sequence["owned_by"]["table"], sequence["owned_by"]["column"])
        for sequence in schema.get("sequences", [])
        if "owned_by" in sequence
    }
    for described in schema.get("tables", []):
        table = sa.Table(
            described["name"],
            metadata,
            *(
                _column(
                    each, dialect, own, (described.get("schema"), described["name"], each["name"]) in serial
                )
                for each in described.get("columns", [])
            ),
            schema=described.get("schema"),
            comment=described.get("comment"),
        )
        _constrain(table, described)
    return metadata


def by_key(metadata: sa.MetaData) -> dict[Key, sa.Table]:
    """Tell the tables of MetaData by schema and name."""
    return {(table.schema, str(table.name)): table for table in metadata.tables.values()}


def default_text(column: sa.Column[Any]) -> str | None:
    """Tell the default of a column that was made here."""
    clause: Any = column.server_default
    return None if clause is None or not hasattr(clause, "arg") else str(clause.arg)


def _own_types(schema: dict[str, Any], dialect: Dialect) -> dict[Key, sa.types.TypeEngine[Any]]:
    own: dict[Key, sa.types.TypeEngine[Any]] = {}
    for enum in schema.get("enums", []):
        key = (enum.get("schema"), enum["name"])
        own[key] = postgresql.ENUM(*enum["values"], name=key[1], schema=key[0], create_type=False)
    for domain in schema.get("domains", []):
        key = (domain.get("schema"), domain["name"])
        below = type_of_text(domain["type"], dialect, own)
        own[key] = postgresql.DOMAIN(
            key[1], below, schema=key[0], not_null=bool(domain.get("not_null")), create_type=False
        )
    return own


def _column(
    described: dict[str, Any], dialect: Dialect, own: dict[Key, sa.types.TypeEngine[Any]], serial: bool
) -> sa.Column[Any]:
    # The default of a serial column comes with its sequence; no model says it.
    default = None if serial else described.get("default")
    if isinstance(default, dict):
        default = str(default["literal"])
    generated: Any = None
    if "computed" in described:
        computed = described["computed"]
        generated = sa.Computed(_text(computed["expr"]), persisted=computed.get("kind", "stored") == "stored")
    elif "identity" in described:
        identity = described["identity"]
        generated = sa.Identity(always=bool(identity.get("always")), start=identity.get("start"))
    return sa.Column(
        described["name"],
        type_of_text(described.get("type", ""), dialect, own),
        *([] if generated is None else [generated]),
        nullable=described.get("nullable", True),
        server_default=None if default is None or generated is not None else _text(default),
        comment=described.get("comment"),
        autoincrement=serial or bool(described.get("autoincrement")),
    )


def _text(sql: str) -> sa.TextClause:
    # No colon in it is a parameter.
    return sa.text(sql.replace(":", r"\:"))


def _constrain(table: sa.Table, described: dict[str, Any]) -> None:
    key = described.get("primary_key")
    if key is not None:
        table.append_constraint(
            sa.PrimaryKeyConstraint(*_columns(table, key["columns"]), name=key.get("name"))
        )
    for unique in described.get("uniques", []):
        table.append_constraint(
            sa.UniqueConstraint(*_columns(table, unique["columns"]), name=unique.get("name"))
        )
    for check in described.get("checks", []):
        table.append_constraint(sa.CheckConstraint(_text(check["expr"]), name=check.get("name")))
    for foreign in described.get("foreign_keys", []):
        target = ".".join(part for part in (foreign.get("ref_schema"), foreign["ref_table"]) if part)
        columns = foreign.get("ref_columns") or foreign["columns"]
        table.append_constraint(
            sa.ForeignKeyConstraint(
                foreign["columns"],
                [f"{target}.{column}" for column in columns],
                name=foreign.get("name"),
                ondelete=_words(foreign.get("on_delete")),
                onupdate=_words(foreign.get("on_update")),
                link_to_name=True,
            )
        )
    for index in described.get("indexes", []):
        items = [
            table.c[item["column"]] if "column" in item else _text(item.get("expr", ""))
            for item in index["items"]
        ]
        sa.Index(index["name"], *items, unique=bool(index.get("unique")), _table=table)


def _columns(table: sa.Table, names: list[str]) -> list[sa.Column[Any]]:
    return [table.c[name] for name in names]


def _words(action: str | None) -> str | None:
    return None if action is None else action.replace("_", " ").upper()
