"""Constructs that hold for every engine."""

from __future__ import annotations

import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Colour(enum.Enum):
    """An enum of Python's."""

    RED = "red"
    GREEN = "green"


class Lowered(sa.TypeDecorator[str]):
    """A type of the application's own, over another."""

    impl = sa.String(40)
    cache_ok = True


class PerDialect(sa.TypeDecorator[Any]):
    """A type that is another one for each dialect."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.engine.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB())
        return dialect.type_descriptor(sa.JSON())


class Written(sa.types.UserDefinedType[str]):
    """A type that is only a text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "DECIMAL(7,3)"


GENERIC: dict[str, Any] = {
    "big": sa.BigInteger(),
    "small": sa.SmallInteger(),
    "flag": sa.Boolean(),
    "day": sa.Date(),
    "moment": sa.DateTime(),
    "zoned": sa.DateTime(timezone=True),
    "clock": sa.Time(),
    "span": sa.Interval(),
    "words": sa.Text(),
    "short": sa.String(30),
    "uni": sa.Unicode(12),
    "unitext": sa.UnicodeText(),
    "amount": sa.Numeric(10, 2),
    "plain_numeric": sa.Numeric(),
    "real": sa.Float(),
    "precise": sa.Float(53),
    "double": sa.Double(),
    "blob": sa.LargeBinary(),
    "doc": sa.JSON(),
    "key": sa.Uuid(),
    "key_text": sa.Uuid(native_uuid=False),
    "pickled": sa.PickleType(),
    "colour": sa.Enum(Colour, name="colour"),
    "shape": sa.Enum("round", "it's", "50%", name="shape", native_enum=False),
    "lowered": Lowered(),
    "per_dialect": PerDialect(),
    "written": Written(),
    "varied": sa.String(7).with_variant(sa.Text(), "postgresql").with_variant(sa.CHAR(9), "mysql", "mariadb"),
    "fixed": sa.CHAR(4),
    "dec": sa.DECIMAL(6, 1),
    "stamp": sa.TIMESTAMP(),
    "real_sql": sa.REAL(),
    "some_bytes": sa.LargeBinary(16),
}


def generic(metadata: sa.MetaData) -> None:
    """Add tables that hold for every engine."""
    sa.Table(
        "types",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(f"c_{name}", type_) for name, type_ in GENERIC.items()),
    )
    sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mail", sa.String(80), nullable=False, unique=True, comment="Where it's written to."),
        sa.Column("State Of", sa.String(10), server_default="new", key="state"),
        sa.Column("tries", sa.Integer, server_default=sa.text("0")),
        sa.Column("since", sa.DateTime, server_default=sa.func.current_timestamp(), nullable=False),
        sa.Column("active", sa.Boolean(create_constraint=True, name="yes_or_no"), server_default=sa.true()),
        sa.Column("kind", sa.Enum("a", "b", native_enum=False, create_constraint=True, name="kinds")),
        sa.Column("text_default", sa.String(30), server_default='it\'s 100% "so"'),
        sa.Column("weight", sa.Integer, server_default="7"),
        sa.CheckConstraint("tries < 100", name="few"),
        sa.UniqueConstraint("mail", "tries"),
        comment="Who may enter, 100% of them.",
    )
    sa.Table(
        "order",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("account", sa.ForeignKey("account.id", ondelete="CASCADE", onupdate="CASCADE")),
        sa.Column("parent_number", sa.Integer),
        sa.Column("parent_year", sa.Integer),
        sa.Column("total", sa.Numeric(12, 2), server_default=sa.literal(0, sa.Integer), index=True),
        sa.Column("doubled", sa.Numeric(12, 2), sa.Computed("total * 2", persisted=True)),
        sa.ForeignKeyConstraint(
            ["parent_number", "parent_year"],
            ["order.number", "order.year"],
            ondelete="SET NULL",
            name="parent",
        ),
    )
    orders = metadata.tables["order"]
    sa.Index("orders by total, newest first", orders.c.account, orders.c.total.desc())
    sa.Index("ix_unique", orders.c.parent_number, orders.c.year, unique=True)
    # A circle of two.
    sa.Table(
        "hen",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("egg", sa.ForeignKey("egg.id", use_alter=True, name="fk_hen_egg")),
        sa.Column("other", sa.ForeignKey("account.id")),
    )
    sa.Table(
        "egg",
        metadata,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite", "mysql", "mariadb"), primary_key=True
        ),
        sa.Column("hen", sa.ForeignKey("hen.id", name="fk_egg_hen")),
    )
    sa.Table("no_key", metadata, sa.Column("x", sa.Integer), sa.Column("y", sa.String(5)))
    sa.Table("text_key", metadata, sa.Column("code", sa.String(20), primary_key=True))


def unnamed(metadata: sa.MetaData) -> None:
    """Add constraints that the engine names; a convention with the constraint's own name in it allows none."""
    sa.Table(
        "unnamed",
        metadata,
        sa.Column("a", sa.Integer, sa.CheckConstraint("a > 1"), unique=True),
        sa.Column("b", sa.Integer, sa.CheckConstraint("b > 2")),
        sa.Column("c", sa.Integer, sa.ForeignKey("account.id"), sa.ForeignKey("hen.id")),
        sa.Column("flag", sa.Boolean(create_constraint=True)),
        sa.Column("letter", sa.Enum("a", "b", native_enum=False, create_constraint=True)),
        sa.CheckConstraint("a < b"),
        sa.CheckConstraint("b > 0"),
        sa.CheckConstraint("a > 0 AND '%' <> ':x'"),
        sa.UniqueConstraint("a", "b"),
        sa.UniqueConstraint("b", "a"),
        sa.ForeignKeyConstraint(["a"], ["account.id"]),
        sa.ForeignKeyConstraint(["c"], ["egg.id"], ondelete="SET NULL"),
    )
