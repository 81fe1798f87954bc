"""Any MetaData."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql, postgresql

from bed.models.large import CONVENTION, GENERIC

NAMES = [
    "a",
    "b",
    "Mixed Case",
    "order",
    "100%",
    "it's",
    'quo"te',
    "naïve",
    "_x",
    "select",
    "UPPER",
    "tick`",
    "dot.ted",
]

_OWN: dict[str, list[Any]] = {
    "postgresql": [
        postgresql.JSONB(),
        postgresql.ARRAY(sa.String(3)),
        postgresql.INET(),
        postgresql.TSRANGE(),
        postgresql.BIT(3, varying=True),
        postgresql.INTERVAL(fields="YEAR"),
        postgresql.TIMESTAMP(timezone=True, precision=2),
    ],
    "mysql": [
        mysql.INTEGER(unsigned=True),
        mysql.ENUM("x", "y'"),
        mysql.SET("p", "q"),
        mysql.DATETIME(fsp=3),
        mysql.VARCHAR(12, collation="utf8mb4_bin"),
        mysql.DECIMAL(5, 2, unsigned=True),
        mysql.MEDIUMTEXT(),
    ],
    "sqlite": [sa.String(4, collation="NOCASE"), sa.NUMERIC(3), sa.BLOB()],
}

_INDEXED = ["big", "small", "day", "moment", "short", "amount", "colour", "shape", "fixed", "key", "dec"]


@st.composite
def metadata_of(draw: st.DrawFn) -> Callable[[str], sa.MetaData]:
    """Draw what makes a MetaData for a dialect."""
    convention = draw(st.booleans())
    tables = draw(st.lists(_table(), min_size=1, max_size=4, unique_by=lambda table: table["name"].lower()))
    comments = draw(st.booleans())

    def make(dialect: str) -> sa.MetaData:
        metadata = sa.MetaData(naming_convention=CONVENTION if convention else None)
        for at, table in enumerate(tables):
            _add(metadata, table, tables[:at], dialect, comments)
        return metadata

    return make


@st.composite
def _table(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique_by=str.lower))
    return {
        "name": "t " + draw(st.sampled_from(NAMES)),
        "serial": draw(st.sampled_from([None, sa.Integer, sa.BigInteger, sa.SmallInteger])),
        "columns": [draw(_column(name)) for name in names],
        "unique": draw(st.booleans()),
        "check": draw(st.booleans()),
        "descending": draw(st.booleans()),
        "partial": draw(st.booleans()),
        "action": draw(st.sampled_from([None, "CASCADE", "SET NULL", "NO ACTION", "RESTRICT"])),
        "deferred": draw(st.booleans()),
    }


@st.composite
def _column(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": draw(st.sampled_from([*_INDEXED, *GENERIC, "own"])),
        "own": draw(st.integers(0, 100)),
        "nullable": draw(st.booleans()),
        "default": draw(st.sampled_from([None, None, "text", "number", "null", "now"])),
        "indexed": draw(st.booleans()),
        "unique": draw(st.booleans()),
        "foreign": draw(st.integers(0, 5)),
    }


def _add(
    metadata: sa.MetaData, drawn: dict[str, Any], earlier: list[dict[str, Any]], dialect: str, comments: bool
) -> None:
    own = _OWN["mysql" if dialect == "mariadb" else dialect]
    table = sa.Table(drawn["name"], metadata, comment='50% of "it\'s" \\ all' if comments else None)
    if drawn["serial"] is not None:
        table.append_column(sa.Column("id", drawn["serial"], primary_key=True))
    keyed = [other for other in earlier if other["serial"] is not None]
    for column in drawn["columns"]:
        indexed = column["type"] in _INDEXED
        type_ = own[column["own"] % len(own)] if column["type"] == "own" else GENERIC[column["type"]]
        arguments: list[Any] = []
        nullable = column["nullable"]
        if keyed and column["foreign"] == 0:
            other = keyed[column["own"] % len(keyed)]
            nullable = nullable or drawn["action"] == "SET NULL"
            late = drawn["deferred"] and dialect not in {"mysql", "mariadb"}
            key = sa.ForeignKey(
                metadata.tables[other["name"]].c.id,
                ondelete=drawn["action"],
                deferrable=late or None,
                initially="DEFERRED" if late else None,
            )
            type_, arguments, indexed = other["serial"](), [key], True
        made = sa.Column(
            column["name"],
            type_,
            *arguments,
            nullable=nullable,
            server_default=None if arguments else _default(column, type_),
            index=indexed and column["indexed"],
            unique=(indexed and column["unique"]) or None,
            comment="said % of 'it'" if comments else None,
        )
        table.append_column(made)
    whole = [column for column in table.columns if type(column.type) in {sa.BigInteger, sa.SmallInteger}]
    if not whole:
        return
    first = whole[0]
    if drawn["unique"]:
        sa.Index(f"ix whole {drawn['name']}", first.desc() if drawn["descending"] else first)
    if drawn["check"] and not first.foreign_keys and not first.primary_key:
        table.append_constraint(sa.CheckConstraint(first % 7 != 3, name=f"ck whole {drawn['name']}"))
    if drawn["partial"] and dialect in {"postgresql", "sqlite"}:
        where: Any = {f"{dialect}_where": first > 5}
        sa.Index(f"ix some {drawn['name']}", first, **where)


def _default(column: dict[str, Any], type_: Any) -> Any:
    affinity = type_._type_affinity
    if (
        isinstance(type_, sa.String)
        and not isinstance(type_, sa.Text | sa.Enum)
        and column["default"] == "text"
    ):
        return "i's"
    if affinity in {sa.Integer, sa.Numeric} and column["default"] == "number":
        return sa.text("7")
    if affinity is sa.DateTime and column["default"] == "now":
        return sa.func.current_timestamp()
    if column["default"] == "null" and column["nullable"] and isinstance(type_, sa.String | sa.Integer):
        return sa.null()
    return None
