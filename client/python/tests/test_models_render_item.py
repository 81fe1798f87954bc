from __future__ import annotations

import enum
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrated.sqlalchemy import ModelError, Models, desired_schema


class Status(enum.Enum):
    """An enum of the application's."""

    DRAFT = "draft"
    DONE = "done"


class SafeEnum(sa.Enum):
    """A type of the application's own, which no revision should name."""

    cache_ok = True

    def __init__(self, kind: type[enum.Enum] = Status, **options: Any) -> None:
        options.setdefault("values_callable", lambda members: [member.value for member in members])
        super().__init__(kind, **options)


def notes() -> sa.MetaData:
    """Make models whose types `render_item` rewrites."""
    metadata = sa.MetaData()
    sa.Table(
        "note",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("status", SafeEnum(name="note_status"), server_default="draft"),
        sa.Column("at", sa.DateTime, server_default=sa.func.now()),
        sa.Column("stamps", postgresql.ARRAY(sa.DateTime)),
        sa.Column("either", sa.Text().with_variant(sa.DateTime(), "postgresql")),
        sa.Column("parent", sa.ForeignKey("note.id")),
        sa.CheckConstraint("id > 0", name="positive"),
        sa.UniqueConstraint("at", name="one_at_a_time"),
        info={"kept": True},
        prefixes=["UNLOGGED"],
    )
    sa.Sequence("tickets", metadata=metadata)
    sa.Enum("x", "y", name="loose", metadata=metadata)
    return metadata


def render_item(type_: str, obj: Any, autogen_context: Any) -> Any:
    """Do what the social notes of the seeds do."""
    if isinstance(obj, SafeEnum):
        values = [member.value for member in obj.enum_class or []]
        return f"sa.Enum({', '.join(repr(value) for value in values)}, name='{obj.name}')"
    if isinstance(obj, sa.DateTime):
        return "sa.DateTime(timezone=True)"
    return False


def table(asked: Models, dialect: str = "postgresql") -> dict[str, Any]:
    found: dict[str, Any] = desired_schema(asked, dialect).schema["tables"][0]
    return found


def types(asked: Models) -> dict[str, str]:
    return {column["name"]: column["type"] for column in table(asked)["columns"]}


def test_the_text_for_a_type_is_what_is_compared() -> None:
    assert types(Models(notes(), render_item=render_item)) == {
        "id": "SERIAL",
        "status": "note_status",
        "at": "TIMESTAMP WITH TIME ZONE",
        "stamps": "TIMESTAMP WITH TIME ZONE[]",
        "either": "TIMESTAMP WITH TIME ZONE",
        "parent": "INTEGER",
    }


def test_everything_else_stays() -> None:
    metadata = notes()
    plain = desired_schema(Models(metadata), "postgresql").schema
    asked = desired_schema(Models(metadata, render_item=lambda *_: False), "postgresql").schema
    assert asked == plain
    assert plain["tables"][0]["options"] == {"unlogged": True}
    rewritten = desired_schema(Models(metadata, render_item=render_item), "postgresql").schema
    assert [each["name"] for each in rewritten["enums"]] == ["note_status", "loose"]
    assert rewritten["sequences"] == plain["sequences"]
    assert rewritten["tables"][0]["foreign_keys"] == plain["tables"][0]["foreign_keys"]
    # The models themselves are as they were.
    assert isinstance(metadata.tables["note"].c.status.type, SafeEnum)


def test_checks_of_a_type_go_and_come_with_it() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("x", sa.Boolean(create_constraint=True, name="was")))

    def render(type_: str, obj: Any, _context: Any) -> Any:
        return (
            "sa.Enum('a', native_enum=False, create_constraint=True, name='now')"
            if type_ == "type"
            else False
        )

    assert table(Models(metadata, render_item=render))["checks"] == [{"name": "now", "expr": "x IN ('a')"}]


def test_imports_of_the_context_and_of_the_project_are_known() -> None:
    def render(type_: str, obj: Any, autogen_context: Any) -> Any:
        if isinstance(obj, sa.DateTime):
            autogen_context.imports.add("from sqlalchemy.dialects import postgresql as pg")
            return "pg.TIMESTAMP(precision=3)"
        return "widths.text()" if isinstance(obj, sa.Text) else False

    widths: Any = type(sys)("widths")
    widths.text = lambda: sa.String(9)
    sys.modules["widths"] = widths
    try:
        found = types(Models(notes(), render_item=render, imports=["import widths"]))
    finally:
        del sys.modules["widths"]
    assert found["at"] == "TIMESTAMP(3) WITHOUT TIME ZONE"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("MyType()", "NameError: name 'MyType' is not defined"),
        ("sa.String(", "SyntaxError"),
        ("sa.Integer(1, 2, 3)", "TypeError"),
        ("sa.Column('x')", "which is a Column and no TypeEngine"),
    ],
)
def test_what_does_not_evaluate_is_shown(text: str, why: str) -> None:
    def render(type_: str, obj: Any, _context: Any) -> Any:
        return text if isinstance(obj, sa.DateTime) else False

    with pytest.raises(ModelError) as raised:
        types(Models(notes(), render_item=render))
    assert repr(text) in str(raised.value)
    assert why in str(raised.value)
    assert "table 'note', column 'at'" in str(raised.value)
    assert "autogen_context.imports" in raised.value.next_command


def test_an_import_that_fails_is_shown() -> None:
    def render(type_: str, obj: Any, autogen_context: Any) -> Any:
        autogen_context.imports.add("import nothing_of_that_name")
        return "sa.Text()" if isinstance(obj, sa.DateTime) else False

    with pytest.raises(ModelError, match="No module named 'nothing_of_that_name'"):
        types(Models(notes(), render_item=render))


def test_defaults_columns_and_constraints_are_asked_about_too() -> None:
    asked: list[tuple[str, str]] = []

    def render(type_: str, obj: Any, _context: Any) -> Any:
        asked.append((type_, str(getattr(obj, "name", ""))))
        if type_ == "server_default":
            return "sa.text('CURRENT_DATE')" if "now" in str(obj.arg) else None
        if type_ == "column" and obj.name == "either":
            return "sa.Column('either', sa.Text(), nullable=False, comment='as text')"
        if type_ == "check":
            return None
        return "sa.UniqueConstraint('at', 'id', name='both')" if type_ == "unique" else False

    found = table(Models(notes(), render_item=render))
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["at"]["default"] == "CURRENT_DATE"
    assert "default" not in columns["status"]
    assert columns["either"] == {"name": "either", "type": "TEXT", "nullable": False, "comment": "as text"}
    assert "checks" not in found
    assert found["uniques"] == [{"name": "both", "columns": ["at", "id"]}]
    constraints = {"primary_key", "foreign_key", "unique", "check"}
    assert {kind for kind, _ in asked} == {"column", "type", "server_default"} | constraints


def test_a_column_that_is_rendered_as_nothing_is_an_error() -> None:
    with pytest.raises(ModelError, match="include_object"):
        types(Models(notes(), render_item=lambda type_, _obj, _context: None if type_ == "column" else False))


def test_contexts_are_alembic_s_where_it_is_installed_and_alike_where_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def render(type_: str, obj: Any, autogen_context: Any) -> Any:
        seen.append(autogen_context)
        return False

    types(Models(notes(), render_item=render, opts={"own": 1}))
    for name in [name for name in sys.modules if name == "alembic" or name.startswith("alembic.")]:
        monkeypatch.setitem(sys.modules, name, None)
    types(Models(notes(), render_item=render, opts={"own": 1}))
    for context in (seen[0], seen[-1]):
        assert context.dialect.name == "postgresql"
        assert context.opts["own"] == 1
        assert context.imports == set()
        assert "note" in context.metadata.tables
        assert context.migration_context.dialect.name == "postgresql"
    assert type(seen[0]) is not type(seen[-1])
