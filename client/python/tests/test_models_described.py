from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import DDL, AddConstraint

from bed.models.engine import Engine
from bed.models.proof import differences
from migrated.sqlalchemy import ModelError, schema_of
from migrated.sqlalchemy.dialects import dialect_for, version_of
from migrated.sqlalchemy.elements import index_item
from migrated.sqlalchemy.patterns import exactly
from migrated.sqlalchemy.type_text import type_of_text


def one(*items: Any, dialect: str = "postgresql", **options: Any) -> dict[str, Any]:
    """Describe a table of these items."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, *items, **options)
    found: dict[str, Any] = schema_of(metadata, dialect).schema["tables"][0]
    return found


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("a", {"column": "a"}),
        ("Folded", {"column": "folded"}),
        ('"Kept"', {"column": "Kept"}),
        ("lower(name)", {"expr": "lower(name)"}),
        ("(a + b)", {"expr": "a + b"}),
        ("(a) || (b)", {"expr": "(a) || (b)"}),
        ('name COLLATE "C" text_pattern_ops DESC NULLS LAST', {
            "column": "name", "collation": '"C"', "opclass": "text_pattern_ops", "desc": True, "nulls": "last",
        }),
        ("a DESC NULLS FIRST", {"column": "a", "desc": True}),
        ("a ASC NULLS LAST", {"column": "a"}),
        ("doc gin_trgm_ops (siglen = 32)", {"column": "doc", "opclass": "gin_trgm_ops (siglen = 32)"}),
        ("f('a) b') DESC", {"expr": "f('a) b')", "desc": True}),
    ],
)  # fmt: skip
def test_an_element_of_an_index_is_taken_apart(text: str, item: dict[str, Any]) -> None:
    assert index_item(text, "postgres") == item


@pytest.mark.parametrize(
    ("text", "engine", "item"),
    [
        ("a + 1 DESC", "sqlite", {"expr": "a + 1", "desc": True}),
        ('code COLLATE "NOCASE"', "sqlite", {"column": "code", "collation": "NOCASE"}),
        ("`a``b`(10) DESC", "mysql", {"column": "a`b", "length": 10, "desc": True}),
        ("(a + 1)", "mysql", {"expr": "a + 1"}),
    ],
)
def test_an_element_of_the_other_engines_too(text: str, engine: str, item: dict[str, Any]) -> None:
    assert index_item(text, engine) == item


@pytest.mark.parametrize(
    ("told", "name", "version", "mariadb"),
    [
        ("PostgreSQL 15.18 (Debian)", "postgresql", (15, 18), False),
        ("MariaDB 10.11.6", "mysql", (10, 11, 6), True),
        ("10.11.6-MariaDB-log", "mysql", (10, 11, 6), True),
        ("5.5.5-10.6.1-MariaDB", "mysql", (10, 6, 1), True),
        ("8.0.36", "mysql", (8, 0, 36), False),
        ("11.4", "mariadb", (11, 4), True),
        (None, "mysql", (8, 0, 16), False),
    ],
)
def test_a_server_s_version_is_read(
    told: str | None, name: str, version: tuple[int, ...], mariadb: bool
) -> None:
    dialect = dialect_for(name, told)
    assert (version_of(dialect), bool(getattr(dialect, "is_mariadb", False))) == (version, mariadb)


def test_a_dialect_may_be_given_as_sqlalchemy_has_it() -> None:
    assert dialect_for("postgresql+asyncpg://x").name == "postgresql"
    assert dialect_for(dialect_for("mysql", "10.6.2-MariaDB")).is_mariadb  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="no dialect 'oracle'"):
        dialect_for("oracle")
    with pytest.raises(ValueError, match="no version"):
        dialect_for("postgresql", "latest")


@pytest.mark.parametrize(
    ("text", "dialect", "made"),
    [
        ("character varying(50)", "postgresql", "VARCHAR(length=50)"),
        ("numeric(10,2)[]", "postgresql", "ARRAY(NUMERIC(precision=10, scale=2), dimensions=1)"),
        ("timestamp(3) with time zone", "postgresql", "TIMESTAMP(timezone=True, precision=3)"),
        ("interval day to second(2)", "postgresql", "INTERVAL(precision=2, fields='day to second')"),
        ("bit varying(8)", "postgresql", "BIT(length=8, varying=True)"),
        ("double precision", "postgresql", "DOUBLE_PRECISION()"),
        ('other."Letter"', "postgresql", "ENUM('x', name='Letter', schema='other', create_type=False)"),
        ("geometry(Point,4326)", "postgresql", "NullType()"),
        ("int(10) unsigned", "mysql", "INTEGER(display_width=10, unsigned=True)"),
        ("datetime(6)", "mysql", "DATETIME(fsp=6)"),
        ("enum('a','it''s')", "mysql", "ENUM('a', \"it's\")"),
        ("decimal(9,4)", "mysql", "DECIMAL(precision=9, scale=4)"),
        ("VARCHAR(7)", "sqlite", "VARCHAR(length=7)"),
        ("BIG INT", "sqlite", "INTEGER()"),
    ],
)
def test_a_type_is_read_as_reflection_would(text: str, dialect: str, made: str) -> None:
    letter = postgresql.ENUM("x", name="Letter", schema="other", create_type=False)
    own: dict[Any, Any] = {("other", "Letter"): letter}
    found = type_of_text(text, dialect_for(dialect), own)
    assert found is letter if "Letter" in text else repr(found) == made


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("plain", "plain"), ("a*b", "a\\*b"), ("[x]", "\\[x\\]"), ("/x/", "[/]x/"), ("", "")],
)
def test_a_pattern_that_only_one_name_fits(name: str, pattern: str) -> None:
    assert exactly(name) == pattern


def test_a_percent_sign_and_a_colon_stay_what_they_are() -> None:
    check = sa.CheckConstraint(sa.column("x") % 2 == 0, name="even")
    found = one(sa.Column("x", sa.Integer), sa.Column("y", sa.Text, server_default="50%: all"), check)
    assert found["checks"][0]["expr"] == "x % 2 = 0"
    assert found["columns"][1]["default"] == "'50%: all'"


def test_listeners_are_told_and_not_described() -> None:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("x", sa.Enum("a", name="e")))
    made: Any = DDL
    event.listen(table, "after_create", made("CREATE TRIGGER a\nON %(table)s"))
    event.listen(table, "after_create", made("only elsewhere").execute_if(dialect="sqlite"))

    def before(*_arguments: Any, **_options: Any) -> None:
        """Do nothing."""

    event.listen(metadata, "before_create", before)
    notes = schema_of(metadata, "postgresql").notes
    assert len(notes) == 2
    assert "MetaData: before_create calls" in notes[0]
    assert notes[1] == "table 't': after_create runs 'CREATE TRIGGER a …', whose effect is not described"


@pytest.mark.parametrize(("dialect", "made"), [("postgresql", True), ("mysql", False)])
def test_a_constraint_that_a_listener_adds_is_described_where_it_is_added(dialect: str, made: bool) -> None:
    metadata = sa.MetaData()
    check = sa.CheckConstraint("x > 1", name="later")
    table = sa.Table("t", metadata, sa.Column("x", sa.Integer), check)
    event.listen(table, "after_create", AddConstraint(check).execute_if(dialect="postgresql"))
    described = schema_of(metadata, dialect)
    assert ("checks" in described.schema["tables"][0]) is made
    assert described.notes == []


def test_ddl_if_decides_by_dialect() -> None:
    metadata = sa.MetaData()
    table = sa.Table(
        "t",
        metadata,
        sa.Column("x", sa.Integer),
        sa.CheckConstraint("x > 1", name="c").ddl_if(dialect="sqlite"),
    )
    sa.Index("i", table.c.x).ddl_if(dialect="postgresql")
    assert schema_of(metadata, "postgresql").schema["tables"][0].keys() == {"name", "columns", "indexes"}
    assert schema_of(metadata, "sqlite").schema["tables"][0].keys() == {"name", "columns", "checks"}


def test_schemas_are_translated_and_the_own_one_is_left_out() -> None:
    metadata = sa.MetaData(schema="app")
    sa.Table(
        "a", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("e", sa.Enum("x", name="e"))
    )
    far = sa.Enum("y", name="f", schema="z")
    sa.Table("b", metadata, sa.Column("a", sa.ForeignKey("app.a.id")), sa.Column("x", far))
    there = schema_of(metadata, "postgresql").schema
    assert [each["name"] for each in there["schemas"]] == ["app", "z"]
    assert there["tables"][0]["columns"][1]["type"] == "app.e"
    own = schema_of(metadata, "postgresql", schema_translate_map={"app": None, "z": "Tenant 1"}).schema
    assert own["schemas"] == [{"name": "Tenant 1"}]
    assert own["enums"] == [
        {"name": "e", "values": ["x"]},
        {"schema": "Tenant 1", "name": "f", "values": ["y"]},
    ]
    assert own["tables"][1]["columns"][1]["type"] == '"Tenant 1".f'
    assert own["tables"][1]["foreign_keys"][0] == {"columns": ["a"], "ref_table": "a", "ref_columns": ["id"]}
    assert "schemas" not in schema_of(metadata, "sqlite", schema_translate_map={"app": None}).schema


def test_several_metadata_are_one_schema() -> None:
    first, second = sa.MetaData(), sa.MetaData()
    a = sa.Table("a", first, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("b", second, sa.Column("a", sa.ForeignKey(a.c.id)))
    assert [each["name"] for each in schema_of([first, second], "sqlite").schema["tables"]] == ["a", "b"]
    sa.Table("a", second, sa.Column("id", sa.Integer))
    with pytest.raises(ModelError, match=r"table 'a': .*two tables"):
        schema_of([first, second], "sqlite")


def test_what_cannot_be_described_is_told_with_its_place() -> None:
    cases: list[tuple[str, list[Any], dict[str, Any], str]] = [
        ("mysql", [sa.Column("x", sa.String)], {}, "table 't', column 'x': .*VARCHAR requires a length"),
        ("postgresql", [sa.Column("x", sa.Enum("a"))], {}, "table 't', column 'x': .*needs a name"),
        (
            "mysql",
            [sa.Column("x", sa.Integer)],
            {"schema": "far"},
            "table 'far.t': .*schema 'far'.*one database",
        ),
        ("sqlite", [sa.Column("x", postgresql.INET)], {}, "table 't', column 'x'"),
        (
            "postgresql",
            [sa.Column("x", sa.ForeignKey("gone.id"))],
            {},
            "the models: .*'t.x' could not find table 'gone'",
        ),
        (
            "mysql",
            [sa.Column("x", sa.ForeignKey("t.y", match="FULL")), sa.Column("y", sa.Integer)],
            {},
            "MATCH",
        ),
        (
            "postgresql",
            [sa.Column("x", sa.Integer), sa.CheckConstraint("x > 1", name="c", deferrable=True)],
            {},
            "table 't', check constraint c: .*until the end",
        ),
    ]
    for dialect, items, options, told in cases:
        with pytest.raises(ModelError, match=told) as raised:
            one(*items, dialect=dialect, **options)
        assert "nothing was sent" in str(raised.value)
        assert raised.value.next_command


def test_temporary_tables_are_left_out() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("x", sa.Integer), prefixes=["TEMPORARY"])
    described = schema_of(metadata, "postgresql")
    assert described.schema == {"dialect": "postgres"}
    assert described.notes == ["table 't' is temporary: no part of a schema"]


@pytest.mark.skipif(not hasattr(sa, "CreateView"), reason="SQLAlchemy has views since 2.1")
def test_views_are_described(engine: Engine) -> None:
    metadata = sa.MetaData()
    people = sa.Table(
        "people", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
    )
    sa.CreateView(sa.select(people.c.id).where(people.c.name == "it's 50%"), "some people", metadata=metadata)
    if engine.dialect == "postgresql":
        view = sa.CreateView(sa.select(people.c.name), "names", metadata=metadata, materialized=True)
        sa.Index("names_by_name", view.table.c.name)
    assert len(schema_of(metadata, engine.dialect, engine.server).schema["views"]) >= 1
    assert differences(metadata, engine) == ""
