"""Constructs of PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

WITH: Any = (
    {"postgresql_with": {"fillfactor": 70, "autovacuum_enabled": False}} if sa.__version__ > "2.1" else {}
)
"""Storage parameters of a table, which SQLAlchemy writes since 2.1."""


def for_postgresql(metadata: sa.MetaData) -> None:
    """Add what PostgreSQL has and the others have not."""
    pg = postgresql
    positive = pg.DOMAIN(
        "positive",
        sa.Integer,
        check="VALUE > 0",
        not_null=True,
        default=sa.text("1"),
        constraint_name="above",
    )
    mood = pg.ENUM("sad", "fine", name="mood", metadata=metadata)
    elsewhere = pg.ENUM("x", "y", name="Letter", schema="other")
    types: dict[str, Any] = {
        "inet": pg.INET(),
        "cidr": pg.CIDR(),
        "mac": pg.MACADDR(),
        "mac8": pg.MACADDR8(),
        "money": pg.MONEY(),
        "oid": pg.OID(),
        "regclass": pg.REGCLASS(),
        "regconfig": pg.REGCONFIG(),
        "tsvector": pg.TSVECTOR(),
        "tsquery": pg.TSQUERY(),
        "jsonb": pg.JSONB(),
        "jsonpath": pg.JSONPATH(),
        "json": pg.JSON(),
        "bit": pg.BIT(4),
        "varbit": pg.BIT(8, varying=True),
        "bytea": pg.BYTEA(),
        "interval": pg.INTERVAL(fields="DAY TO SECOND"),
        "interval3": pg.INTERVAL(precision=3),
        "stamp3": pg.TIMESTAMP(precision=3, timezone=True),
        "time3": pg.TIME(precision=3, timezone=True),
        "double": pg.DOUBLE_PRECISION(),
        "uuid": pg.UUID(),
        "array": pg.ARRAY(sa.Integer),
        "array2": pg.ARRAY(sa.String(5), dimensions=2),
        "array_coll": pg.ARRAY(sa.String(5, collation="C")),
        "enum_array": pg.ARRAY(mood),
        "generic_array": sa.ARRAY(sa.Numeric(4, 2)),
        "int4range": pg.INT4RANGE(),
        "int8range": pg.INT8RANGE(),
        "numrange": pg.NUMRANGE(),
        "daterange": pg.DATERANGE(),
        "tsrange": pg.TSRANGE(),
        "tstzrange": pg.TSTZRANGE(),
        "int4multirange": pg.INT4MULTIRANGE(),
        "tstzmultirange": pg.TSTZMULTIRANGE(),
        "mood": mood,
        "letter": elsewhere,
        "positive": positive,
        "positives": pg.ARRAY(positive),
        "coll": sa.Text(collation="C"),
    }
    sa.Table(
        "pg_types",
        metadata,
        *(sa.Column(f"p_{name}", type_) for name, type_ in types.items()),
        sa.Column("mood_default", mood, server_default="fine"),
        sa.Column("array_default", pg.ARRAY(sa.Text), server_default=sa.text("'{}'")),
        sa.Column("json_default", pg.JSONB, server_default=sa.text("'{\"a\\:b\": 1}'::jsonb")),
        sa.Column("uuid_default", sa.Uuid, server_default=sa.func.gen_random_uuid()),
        sa.Column("backslash", sa.Text, server_default="a\\b"),
    )
    counted = sa.Sequence("Counted", start=10, increment=5, minvalue=5, maxvalue=10_000, cycle=True, cache=3)
    sa.Sequence("loose", data_type=sa.Integer, metadata=metadata)
    sa.Sequence("far", schema="other", metadata=metadata)
    sa.Table(
        "numbers",
        metadata,
        sa.Column(
            "id",
            sa.BigInteger,
            sa.Identity(always=True, start=100, increment=10, cycle=True),
            primary_key=True,
        ),
        sa.Column("other", sa.Integer, sa.Identity()),
        sa.Column("counted", sa.Integer, counted, server_default=counted.next_value()),
        sa.Column("doubled", sa.Integer, sa.Computed("other * 2", persisted=True)),
    )
    sa.Table("small_serial", metadata, sa.Column("id", sa.SmallInteger, primary_key=True))
    sa.Table("big_serial", metadata, sa.Column("id", sa.BigInteger, primary_key=True))
    sa.Table("by_hand", metadata, sa.Column("id", sa.Integer, sa.Sequence("by_hand_seq"), primary_key=True))
    far = sa.Table(
        "Far Away",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED")),
        sa.Column("at", sa.DateTime, index=True),
        schema="other",
    )
    room = sa.Table(
        "room",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("during", pg.TSRANGE),
        sa.Column("name", sa.Text),
        sa.Column("words", pg.TSVECTOR),
        sa.Column("doc", pg.JSONB),
        sa.Column("far", sa.Integer),
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.UniqueConstraint("a", "b", deferrable=True, initially="IMMEDIATE", name="later"),
        sa.UniqueConstraint("far", postgresql_nulls_not_distinct=True, name="one_null"),
        sa.ForeignKeyConstraint(["far"], [far.c.id], match="FULL", onupdate="SET DEFAULT", name="matched"),
        pg.ExcludeConstraint(
            (sa.column("during"), "&&"),
            where=sa.text("id > 0"),
            using="gist",
            name="not_at_once",
            deferrable=True,
        ),
        sa.CheckConstraint(sa.column("a") != sa.column("b"), name="apart", comment="why so"),
        **WITH,
    )
    sa.Index("room_during", room.c.during, postgresql_using="gist")
    sa.Index("room_lower", sa.func.lower(room.c.name), unique=True)
    sa.Index(
        "room_ops",
        room.c.name,
        room.c.a.desc().nulls_last(),
        room.c.b.nulls_first(),
        postgresql_ops={"name": "text_pattern_ops"},
        postgresql_include=["doc"],
        postgresql_where=room.c.a > 5,
        postgresql_with={"fillfactor": 60},
    )
    sa.Index("room_doc", room.c.doc, postgresql_using="gin", postgresql_ops={"doc": "jsonb_path_ops"})
    sa.Index("room_text", sa.text("lower(name) varchar_pattern_ops DESC NULLS LAST"), room.c.a, _table=room)
    sa.Index("room_expression", (room.c.a + room.c.b), room.c.name.collate("C"))
    sa.Index("room_json", room.c.doc["key"].astext)
    sa.Index("room_nulls", room.c.a, unique=True, postgresql_nulls_not_distinct=True)
    sa.Index("room_fast", room.c.b, postgresql_concurrently=False, postgresql_using="hash")
    sa.Table(
        "measure",
        metadata,
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("value", sa.Integer),
        postgresql_partition_by="RANGE (day)",
    )
    sa.Table("parent", metadata, sa.Column("p", sa.Integer))
    sa.Table("child", metadata, sa.Column("c", sa.Integer), postgresql_inherits="parent")
    sa.Table("fast", metadata, sa.Column("x", sa.Integer), prefixes=["UNLOGGED"])
