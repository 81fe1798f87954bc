from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from bed.models.drawn import metadata_of
from bed.models.engine import Engine
from bed.models.large import large
from bed.models.proof import differences, schemas

LONG = os.environ.get("MIGRATED_LONG") == "1"


@pytest.mark.parametrize("convention", [True, False], ids=["convention", "no convention"])
def test_a_large_metadata_is_described_as_create_all_makes_it(engine: Engine, convention: bool) -> None:
    assert differences(large(engine.dialect, convention), engine) == ""


def test_a_database_that_create_all_made_is_what_is_described(engine: Engine) -> None:
    metadata = large(engine.dialect)
    connected = sa.create_engine(engine.url)
    try:
        with connected.begin() as connection:
            for name in schemas(metadata, engine):
                connection.execute(sa.schema.CreateSchema(name))
            metadata.create_all(connection)
        assert differences(metadata, engine, engine.project.url) == ""
        # `create_all` has marked foreign keys that stand in a circle: they are described all the same.
        assert differences(metadata, engine, engine.project.url) == ""
    finally:
        with connected.begin() as connection:
            metadata.drop_all(connection)
            for name in schemas(metadata, engine):
                connection.execute(sa.schema.DropSchema(name, cascade=True))
        connected.dispose()


def test_what_differs_is_seen(engine: Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("one", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.String(5)))
    other = "CREATE TABLE one (id INTEGER NOT NULL PRIMARY KEY, x VARCHAR(6));"
    (engine.project.folder / "other.sql").write_text(other)
    assert "one" in differences(metadata, engine, "other.sql")


@settings(
    max_examples=200 if LONG else 5,
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(draw=metadata_of())
def test_any_metadata_is_described_as_create_all_makes_it(engine: Engine, draw: object) -> None:
    assert callable(draw)
    assert differences(draw(engine.dialect), engine) == ""
