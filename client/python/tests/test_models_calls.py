from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bed.models.engine import Engine
from bed.postgres import Postgres
from bed.project import Project
from migrated import AsyncClient, Client
from migrated.errors import DropNotAllowed
from migrated.sqlalchemy import (
    Models,
    check,
    check_async,
    desired,
    diff,
    diff_async,
    revision,
    revision_async,
)
from migrated.v1.schema_pb2 import SchemaDiff

SCHEMA = [
    "CREATE TABLE person (id serial PRIMARY KEY, name varchar(50) DEFAULT 'x', age int)",
    "CREATE INDEX person_age ON person (age)",
    "CREATE INDEX person_old ON person (age) WHERE age > 60",
    "ALTER TABLE person ADD CONSTRAINT grown CHECK (age > 0)",
    "CREATE TABLE spatial_ref_sys (srid serial PRIMARY KEY)",
    "CREATE SCHEMA audit",
    "CREATE TABLE audit.log (id int PRIMARY KEY)",
    "CREATE TABLE audit.noise (id int PRIMARY KEY)",
]
"""What the database holds; `person` is the only table that the models have."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Make one project for all, and so one daemon."""
    project = Project(tmp_path_factory.mktemp("shared"))
    yield project
    project.end()


@pytest.fixture
def shop(shared: Project, postgres: Postgres) -> Engine:
    """Make a project whose target on PostgreSQL holds `SCHEMA`, by its one revision."""
    shared.url = postgres.database()
    for file in (shared.folder / "migrations").iterdir():
        file.unlink()
    shared.write("a1", up=";\n".join(SCHEMA) + ";", back="SELECT 1;")
    with Client(shared.config()) as client:
        client.upgrade().result()
    return Engine("postgresql", shared)


def models(**changed: Any) -> sa.MetaData:
    """Make models that are what `SCHEMA` says of `person`; `changed` says what is not."""
    metadata = sa.MetaData()
    person = sa.Table(
        "person",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", changed.get("name", sa.String(50)), server_default=changed.get("default", "x")),
        sa.Column("age", sa.Integer, index=False),
        *changed.get("more", []),
        sa.CheckConstraint("age > 0", name="grown"),
    )
    sa.Index("person_age", person.c.age)
    if changed.get("old", True):
        sa.Index("person_old", person.c.age, postgresql_where=person.c.age > 60)
    return metadata


def only_ours(item: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    return not (type_ == "table" and reflected and name == "spatial_ref_sys")


def found(diff: SchemaDiff) -> list[str]:
    return [difference.summary for difference in diff.differences]


def checked(shop: Engine, asked: Models) -> list[str]:
    with Client(shop.project.config()) as client:
        return found(check(client, asked))


def test_what_models_and_the_database_share_is_no_difference(shop: Engine) -> None:
    assert checked(shop, Models(models(), include_object=only_ours)) == []


def test_a_table_that_no_model_has_is_seen_as_dropped(shop: Engine) -> None:
    assert "drop table spatial_ref_sys" in checked(shop, Models(models()))


def test_include_object_sees_both_sides_and_keeps_parts_of_tables(shop: Engine) -> None:
    asked: list[tuple[Any, ...]] = []

    def include(item: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
        kind = type(compare_to).__name__
        asked.append((type_, name, reflected, kind, getattr(getattr(item, "type", None), "length", None)))
        return name not in {"spatial_ref_sys", "person_old", "nick"}

    metadata = models(old=False, more=[sa.Column("nick", sa.Text), sa.Column("rank", sa.Integer)])
    assert checked(shop, Models(metadata, include_object=include)) == ["add column person.rank integer"]
    assert set(asked) >= {
        ("table", "person", False, "Table", None),
        ("table", "spatial_ref_sys", True, "NoneType", None),
        ("column", "name", False, "Column", 50),
        ("column", "nick", False, "NoneType", None),
        ("index", "person_age", False, "Index", None),
        ("index", "person_old", True, "NoneType", None),
        ("check_constraint", "grown", False, "CheckConstraint", None),
    }


def test_an_excluded_table_of_the_models_is_neither_made_nor_changed(shop: Engine) -> None:
    metadata = models()
    sa.Table("spatial_ref_sys", metadata, sa.Column("srid", sa.Text, primary_key=True))
    sa.Table("new", metadata, sa.Column("id", sa.Integer, primary_key=True))
    # What a foreign key of a table refers to has to be there when it is tried.
    sa.Table("place", metadata, sa.Column("id", sa.Integer, sa.ForeignKey("new.id"), primary_key=True))

    def include(_item: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
        return not (type_ == "table" and name in {"spatial_ref_sys", "new"})

    assert checked(shop, Models(metadata, include_object=include)) == ["create table place"]


def test_include_name_leaves_out_what_the_database_has(shop: Engine) -> None:
    asked: list[tuple[str | None, str, dict[str, str | None]]] = []

    def include(name: str | None, type_: str, parents: dict[str, str | None]) -> bool:
        asked.append((name, type_, dict(parents)))
        return (type_, name) not in {
            ("table", "spatial_ref_sys"),
            ("index", "person_old"),
            ("table", "noise"),
            ("schema", "other"),
        }

    shop.execute("CREATE SCHEMA other", "CREATE TABLE other.thing (id int)")
    metadata = models(old=False)
    sa.Table(
        "log", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), schema="audit"
    )
    assert checked(shop, Models(metadata, include_schemas=True, include_name=include)) == []
    assert (None, "schema", {}) in asked
    assert ("noise", "table", {"schema_name": "audit", "schema_qualified_table_name": "audit.noise"}) in asked
    whole = {"schema_name": None, "table_name": "person", "schema_qualified_table_name": "person"}
    assert ("person_old", "index", whole) in asked
    assert (
        "thing",
        "table",
        {"schema_name": "other", "schema_qualified_table_name": "other.thing"},
    ) not in asked


def test_schemas_that_models_name_are_looked_at_and_others_are_not(shop: Engine) -> None:
    metadata = models()
    sa.Table(
        "log", metadata, sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False), schema="audit"
    )
    differences = checked(shop, Models(metadata, include_object=only_ours))
    assert differences == ["drop table audit.noise", "alter column audit.log.id: type integer to bigint"]


def test_compare_type_may_call_two_types_the_same(shop: Engine) -> None:
    asked: list[tuple[Any, ...]] = []

    def compare(context: Any, inspected: Any, column: Any, inspected_type: Any, type_: Any) -> bool | None:
        asked.append(
            (context.dialect.name, inspected.name, column.table.name, repr(inspected_type), repr(type_))
        )
        return False if column.name == "name" else None

    metadata = models(name=sa.String(80))
    assert checked(shop, Models(metadata, include_object=only_ours)) == [
        "alter column person.name: type character varying(50) to character varying(80)"
    ]
    assert checked(shop, Models(metadata, include_object=only_ours, compare_type=compare)) == []
    assert checked(shop, Models(metadata, include_object=only_ours, compare_type=False)) == []
    assert ("postgresql", "name", "person", "VARCHAR(length=50)", "String(length=80)") in asked


def test_compare_server_default_may_call_two_defaults_the_same(shop: Engine) -> None:
    asked: list[tuple[Any, ...]] = []

    def compare(
        _context: Any, inspected: Any, column: Any, inspected_default: Any, default: Any, rendered: Any
    ) -> bool | None:
        asked.append((column.name, inspected.name, inspected_default, default.arg, rendered))
        return False if column.name == "name" else None

    metadata = models(default="y")
    assert len(checked(shop, Models(metadata, include_object=only_ours))) == 1
    assert checked(shop, Models(metadata, include_object=only_ours, compare_server_default=compare)) == []
    assert checked(shop, Models(metadata, include_object=only_ours, compare_server_default=False)) == []
    assert ("name", "name", "'x'::character varying", "y", "'y'") in asked


def test_what_sqlalchemy_has_no_word_for_is_left_alone(shop: Engine) -> None:
    shop.execute(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE VIEW young AS SELECT id FROM person WHERE age < 20",
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE SEQUENCE tickets",
        "CREATE EXTENSION pg_trgm",
        "ALTER TABLE person ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON person USING (age > 1)",
        "ALTER TABLE person SET (fillfactor = 70)",
        "ALTER TABLE person ALTER COLUMN name SET STORAGE EXTERNAL",
        "COMMENT ON INDEX person_age IS 'by age'",
    )
    with Client(shop.project.config()) as client:
        assert found(diff(client, Models(models(), include_object=only_ours))) == []


def test_renames_and_more_rules_are_sent(shop: Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("spatial", metadata, sa.Column("srid", sa.Integer, primary_key=True))
    asked = Models(metadata, rules={"exclude": [{"kind": "table", "name": "person"}]})
    with Client(shop.project.config()) as client:
        found_there = check(client, asked, renames={"spatial_ref_sys": "spatial"})
    assert found(found_there)[0] == "rename table spatial_ref_sys to spatial"
    assert not any(line.startswith("drop table") for line in found(found_there))


def test_a_revision_makes_the_models_and_then_nothing_is_missing(shop: Engine) -> None:
    metadata = models(more=[sa.Column("mail", sa.String(80), unique=True)])
    sa.Table(
        "badge",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("colour", sa.Enum("red", "blue", name="colour"), server_default="red"),
        sa.Column("person", sa.ForeignKey("person.id", ondelete="CASCADE"), index=True),
    )
    asked = Models(metadata, include_object=only_ours)
    with Client(shop.project.config()) as client:
        with pytest.raises(DropNotAllowed):
            revision(client, metadata, "all of it")
        made, file = revision(client, asked, "badges")
        assert file is not None
        assert "CREATE TABLE badge" in file.path.read_text()
        assert len(made.differences) >= 3
        client.upgrade().result()
        assert found(check(client, asked)) == []
        assert revision(client, asked, "nothing")[1] is None


def test_asyncio_does_the_same(shop: Engine) -> None:
    asked = Models(models(name=sa.String(80)), include_object=only_ours)
    line = "alter column person.name: type character varying(50) to character varying(80)"

    async def ask() -> None:
        async with AsyncClient(shop.project.config()) as client:
            assert found(await check_async(client, asked)) == [line]
            assert found(await diff_async(client, asked)) == [line]
            made, file = await revision_async(client, asked, "longer names")
            assert file is not None
            assert found(made) == [line]

    asyncio.run(ask())


def test_each_engine_is_described_for_its_own_server(engine: Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("empty", metadata, sa.Column("key", sa.Uuid, primary_key=True))
    engine.project.write("a1", up="SELECT 1;", back="SELECT 1;")
    with Client(engine.project.config()) as client:
        client.stamp("heads").result()
        wanted = desired(client, Models(metadata, dialect=engine.dialect))
        # MariaDB has the type since 10.7, and both dialects speak to it.
        native = "CHAR(32)" if engine.dialect == "sqlite" else "UUID"
        assert wanted.schema["tables"][0]["columns"][0]["type"] == native
        assert "create table empty" in found(diff(client, Models(metadata, dialect=engine.dialect)))
