"""One large MetaData for each engine, with every construct that SQLAlchemy writes for it."""

from __future__ import annotations

import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

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
        postgresql_with={"fillfactor": 70, "autovacuum_enabled": False},
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


def _options(dialect: str, **options: Any) -> Any:
    return {f"{dialect}_{option}": value for option, value in options.items()}


def for_mysql(metadata: sa.MetaData, dialect: str) -> None:
    """Add what MySQL and MariaDB have."""
    my = mysql
    types: dict[str, Any] = {
        "tiny": my.TINYINT(1),
        "utiny": my.TINYINT(unsigned=True),
        "medium": my.MEDIUMINT(8, unsigned=True, zerofill=True),
        "ubig": my.BIGINT(unsigned=True),
        "bit": my.BIT(5),
        "year": my.YEAR(),
        "set": my.SET("a", "it's"),
        "enum": my.ENUM("x", "it's", "50%"),
        "moment6": my.DATETIME(fsp=6),
        "time3": my.TIME(fsp=3),
        "stamp": my.TIMESTAMP(fsp=2),
        "tinytext": my.TINYTEXT(),
        "mediumtext": my.MEDIUMTEXT(charset="utf8mb4"),
        "longtext": my.LONGTEXT(collation="utf8mb4_bin"),
        "longblob": my.LONGBLOB(),
        "tinyblob": my.TINYBLOB(),
        "mediumblob": my.MEDIUMBLOB(),
        "double": my.DOUBLE(10, 3),
        "float": my.FLOAT(7, 2, unsigned=True),
        "real": my.REAL(),
        "decimal": my.DECIMAL(9, 4, unsigned=True),
        "latin": my.VARCHAR(20, charset="latin1", collation="latin1_german2_ci"),
        "binary_text": my.VARCHAR(20, binary=True),
        "ascii": my.VARCHAR(20, ascii=True),
        "national": my.NVARCHAR(20),
        "nchar": my.NCHAR(3),
        "varbinary": sa.VARBINARY(10),
        "binary": sa.BINARY(10),
        "json": my.JSON(),
        "unsigned": my.INTEGER(unsigned=True),
        "numeric": my.NUMERIC(8, 3, unsigned=True),
        "small": my.SMALLINT(5),
    }
    options = _options(dialect, engine="InnoDB", charset="utf8mb4", collate="utf8mb4_unicode_ci")
    sa.Table(
        "my_types",
        metadata,
        *(sa.Column(f"m_{name}", type_) for name, type_ in types.items()),
        sa.Column(
            "changed", my.TIMESTAMP, server_default=sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
        ),
        sa.Column("precise", my.DATETIME(fsp=6), server_default=sa.text("CURRENT_TIMESTAMP(6)")),
        sa.Column("made", sa.String(40), server_default=sa.func.uuid()),
        sa.Column("backslash", sa.String(9), server_default="a\\b"),
        sa.Column("bool", sa.Boolean, server_default=sa.false()),
        sa.Column("virtual", sa.Integer, sa.Computed("m_tiny + 1", persisted=False)),
        sa.Column("either", sa.Integer, sa.Computed("m_tiny + 2")),
        sa.Column("nullable_stamp", my.TIMESTAMP, nullable=True),
        comment="With a comment, it's 100%",
        **options,
    )
    page = sa.Table(
        "page",
        metadata,
        sa.Column("id", my.BIGINT(unsigned=True), primary_key=True),
        sa.Column("name", sa.String(200)),
        sa.Column("body", sa.Text),
        sa.Column("other", sa.Integer, sa.ForeignKey("account.id")),
        sa.Column("again", sa.Integer, sa.ForeignKey("account.id", ondelete="RESTRICT")),
        sa.UniqueConstraint("name"),
        **_options(dialect, row_format="DYNAMIC", engine="InnoDB"),
    )
    sa.Index("page_name", page.c.name, page.c.id, **_options(dialect, length={"name": 10}))
    sa.Index("page_body", page.c.body, **_options(dialect, prefix="FULLTEXT"))
    sa.Index("page_body_start", page.c.body, **_options(dialect, length=20))
    sa.Index("page_hash", page.c.other, page.c.name, **_options(dialect, using="btree"))
    sa.Table(
        "cut",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer),
        **_options(dialect, partition_by="HASH (id)", partitions="4"),
    )
    sa.Sequence("numbers", start=7, increment=2, metadata=metadata)


def for_sqlite(metadata: sa.MetaData) -> None:
    """Add what SQLite has."""
    sa.Table(
        "counted",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(30, collation="NOCASE")),
        sa.Column("made", sa.DateTime, server_default=sa.text("(datetime('now'))")),
        sa.Column("expression", sa.Integer, server_default=sa.text("1 + 2")),
        sa.Column("strictly", sa.Integer, nullable=False, sqlite_on_conflict_not_null="FAIL"),
        sa.Column("virtual", sa.Integer, sa.Computed("id + 1", persisted=False)),
        sa.Column("either", sa.Integer, sa.Computed("id + 2")),
        sa.UniqueConstraint("name", sqlite_on_conflict="IGNORE", name="named"),
        sqlite_autoincrement=True,
    )
    plain = sa.Table(
        "plain",
        metadata,
        sa.Column("code", sa.String(9), primary_key=True, sqlite_on_conflict_primary_key="REPLACE"),
        sa.Column("other", sa.Integer, unique=True, sqlite_on_conflict_unique="ABORT"),
        sa.Column(
            "account", sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED", match="FULL")
        ),
        sqlite_with_rowid=False,
    )
    sa.Index("plain_some", plain.c.other, sqlite_where=plain.c.other > 5)
    sa.Index("plain_lower", sa.func.lower(plain.c.code), plain.c.other.desc(), unique=True)
    sa.Index("plain_collated", plain.c.code.collate("NOCASE"))
    sa.Index("plain_text", sa.text("other + 1 DESC"), _table=plain)
    sa.Table("strict", metadata, sa.Column("x", sa.Integer), sqlite_strict=True)


def large(dialect: str, convention: bool = True) -> sa.MetaData:
    """Make all of it for one dialect."""
    metadata = sa.MetaData(naming_convention=CONVENTION if convention else None)
    generic(metadata)
    if not convention:
        unnamed(metadata)
    if dialect == "postgresql":
        for_postgresql(metadata)
    elif dialect == "sqlite":
        for_sqlite(metadata)
    else:
        for_mysql(metadata, dialect)
    return metadata
