"""`migrated-alembic revision --autogenerate`: the daemon compares, and what is written is a script of Alembic."""

from __future__ import annotations

from pathlib import Path

import pytest

from bed.alembic_runtime import Runtime

BEFORE = """
import sqlalchemy as sa
target_metadata = MetaData(naming_convention={
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
})
sa.Table("a", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(9)),
    sa.Column("gone", sa.Integer, server_default="3"),
    sa.Column("b_id", sa.Integer),
)
sa.Table("b", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer), sa.UniqueConstraint("x"),
)
sa.Table("z", target_metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("e", sa.Integer, index=True))
"""

AFTER = """
import sqlalchemy as sa
target_metadata = MetaData(naming_convention={
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
})
sa.Table("a", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), nullable=False, server_default="x"),
    sa.Column("mood", sa.Enum("sad", "fine", name="mood")),
    sa.Column("b_id", sa.Integer, sa.ForeignKey("b.id", ondelete="SET NULL")),
)
sa.Table("b", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("x", sa.Integer, index=True),
    sa.CheckConstraint("x > 0", name="positive"),
)
sa.Table("n", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Enum("p", "q", name="kind")),
    sa.Column("other", sa.Enum("r", "s", name="shared")),
    sa.Column("t", sa.String(5), index=True),
    sa.Column("price", sa.Numeric(10, 2), server_default=sa.text("0")),
)
sa.Table("o", target_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("other", sa.Enum("r", "s", name="shared")),
)
"""


def _only_script(runtime: Runtime, before: set[Path]) -> Path:
    [path] = set((runtime.folder / "env" / "versions").glob("*.py")) - before
    return path


def test_forth_and_back(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.env(BEFORE)
    assert runtime.run("revision", "--autogenerate", "-m", "it begins", "--rev-id", "aa01") == 0
    first = runtime.folder / "env" / "versions" / "aa01_it_begins.py"
    assert "op.create_table('a'," in first.read_text()
    assert runtime.run("upgrade", "head") == 0
    assert runtime.run("check") == 0
    runtime.env(AFTER)
    assert runtime.run("revision", "--autogenerate", "-m", "more", "--rev-id", "bb02") == 0
    said = capsys.readouterr().err
    assert "WARNING  [migrated] This drops" in said
    assert "does not undo" not in said
    text = (runtime.folder / "env" / "versions" / "bb02_more.py").read_text()
    assert "sa.String(length=20)" in text
    assert "op.drop_table('z')" in text
    assert runtime.run("upgrade", "head") == 0, text
    assert runtime.run("check") == 0, capsys.readouterr().out + text
    runtime.env(BEFORE)
    assert runtime.run("downgrade", "-1") == 0, text
    runtime.run("stamp", "head")
    assert runtime.run("check") == 0, capsys.readouterr().out + text
    runtime.run("stamp", "aa01")
    assert runtime.run("upgrade", "head") == 0, text
    assert runtime.run("downgrade", "base") == 0, text
    assert runtime.tables() == set()


def test_alembic_itself_runs_what_was_written(runtime: Runtime) -> None:
    from alembic import command

    from migrated.alembic.project import Project

    runtime.env(BEFORE)
    assert runtime.run("revision", "--autogenerate", "--rev-id", "aa01") == 0
    runtime_project = Project.load(runtime.folder / "alembic.ini")
    command.upgrade(runtime_project.config, "head")
    runtime.env(AFTER)
    assert runtime.run("revision", "--autogenerate", "--rev-id", "bb02") == 0
    command.upgrade(runtime_project.config, "head")
    assert runtime.run("check") == 0
    command.downgrade(runtime_project.config, "base")
    assert runtime.tables() == set()


def test_render_item_and_its_imports(runtime: Runtime) -> None:
    (runtime.folder / "own_types.py").write_text(
        "import sqlalchemy as sa\n\n\nclass Money(sa.types.TypeDecorator):\n"
        "    impl = sa.Numeric(12, 4)\n    cache_ok = True\n"
    )
    runtime.env(
        """
        import sqlalchemy as sa
        from own_types import Money
        target_metadata = MetaData()
        sa.Table("t", target_metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("price", Money()))

        def render_item(kind, item, autogen_context):
            if kind == "type" and isinstance(item, Money):
                autogen_context.imports.add("from own_types import Money")
                return "Money()"
            return False
        """,
        "render_item=render_item",
    )
    assert runtime.run("revision", "--autogenerate", "--rev-id", "aa01") == 0
    text = _only_script(runtime, set()).read_text()
    assert "from own_types import Money" in text
    assert "sa.Column('price', Money(), nullable=True)" in text
    assert runtime.run("upgrade", "head") == 0
    assert runtime.run("check") == 0


def test_hooks_of_env_py(on_sqlite: Runtime) -> None:
    on_sqlite.env(
        """
        target_metadata = MetaData()

        def process(context, revision, directives):
            asked = context.config.cmd_opts.autogenerate
            if asked and directives[0].upgrade_ops.is_empty():
                directives[:] = []
        """,
        "process_revision_directives=process",
    )
    assert on_sqlite.run("revision", "--autogenerate") == 0
    assert not list((on_sqlite.folder / "env" / "versions").glob("*.py"))


def test_renames(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    models = """
    import sqlalchemy as sa
    target_metadata = MetaData()
    sa.Table("t", target_metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("NAME", sa.String(80)))
    """
    runtime.env(models.replace("NAME", "full_name"))
    assert runtime.run("revision", "--autogenerate", "--rev-id", "aa01") == 0
    assert runtime.run("upgrade", "head") == 0
    with runtime.connected() as connection:
        connection.exec_driver_sql("INSERT INTO t (id, full_name) VALUES (1, 'Ada')")
    runtime.env(models.replace("NAME", "whole_name"))
    assert (
        runtime.run("revision", "--autogenerate", "--rev-id", "bb02", "--rename", "t.full_name=t.whole_name")
        == 0
    )
    assert runtime.run("upgrade", "head") == 0
    assert runtime.rows("SELECT whole_name FROM t") == [("Ada",)]
    assert runtime.run("check") == 0
    assert runtime.run("downgrade", "-1") == 0
    assert runtime.rows("SELECT full_name FROM t") == [("Ada",)]
    capsys.readouterr()
    assert runtime.run("revision", "--autogenerate", "--rename", "nothing") == 2
    assert "next: write --rename OLD=NEW" in capsys.readouterr().err


def test_a_database_that_is_behind(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.env(BEFORE)
    assert on_sqlite.run("revision", "-m", "empty", "--rev-id", "aa01") == 0
    assert "def upgrade():\n    pass" in _only_script(on_sqlite, set()).read_text()
    assert on_sqlite.run("revision", "--autogenerate") == 1
    assert "NOT_AT_HEAD" in capsys.readouterr().err


def test_sql_where_there_is_no_directive(on_postgresql: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    models = """
    import sqlalchemy as sa
    target_metadata = MetaData()
    sa.Table("t", target_metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mood", sa.Enum(VALUES, name="mood")))
    """
    on_postgresql.env(models.replace("VALUES", "'a', 'b'"))
    assert on_postgresql.run("revision", "--autogenerate", "--rev-id", "aa01") == 0
    assert on_postgresql.run("upgrade", "head") == 0
    on_postgresql.env(models.replace("VALUES", "'a', 'b', 'c'"))
    assert on_postgresql.run("revision", "--autogenerate", "--rev-id", "bb02") == 0
    text = (on_postgresql.folder / "env" / "versions" / "bb02_.py").read_text()
    assert "op.execute(" in text
    assert "ALTER TYPE mood ADD VALUE 'c'" in text.replace("\\", "")
    assert on_postgresql.run("upgrade", "head") == 0
    assert on_postgresql.run("check") == 0


BOT = """
import sqlalchemy as sa
target_metadata = MetaData(schema="bot")
sa.Table("message", target_metadata, sa.Column("id", sa.Integer, primary_key=True){more})

def include_name(name, type_, parents):
    return name == "bot" if type_ == "schema" else True
"""

BOTS_TABLE = """
def upgrade():
    op.create_table("message", sa.Column("id", sa.Integer, primary_key=True), schema="bot")

def downgrade():
    op.drop_table("message", schema="bot")
"""


def test_one_schema_for_everything_that_is_the_targets_own(
    on_postgresql: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    """The env.py hides the default schema, which by `database_schema` is the one that the models name."""
    options = "include_schemas=True, include_name=include_name, version_table_schema='bot'"
    on_postgresql.env(BOT.format(more=""), options)
    on_postgresql.script("aa01", BOTS_TABLE)
    with on_postgresql.connected() as connection:
        connection.exec_driver_sql("CREATE SCHEMA bot")
        connection.exec_driver_sql("CREATE TABLE not_the_bots (id int)")
    (on_postgresql.folder / "migratectl.toml").write_text('database_schema = "bot"\n')
    assert on_postgresql.run("upgrade", "head") == 0
    assert on_postgresql.run("check") == 0
    more = ', sa.Column("text", sa.Text, nullable=False, server_default="")'
    on_postgresql.env(BOT.format(more=more), options)
    capsys.readouterr()
    assert on_postgresql.run("check") == 3
    assert capsys.readouterr().out == "add column message.text text\n"
    assert on_postgresql.run("revision", "--autogenerate", "-m", "text", "--rev-id", "bb02") == 0
    [path] = (on_postgresql.folder / "env" / "versions").glob("bb02*.py")
    assert "op.add_column('message', sa.Column('text'" in path.read_text()
    assert on_postgresql.run("upgrade", "head") == 0
    assert on_postgresql.run("check") == 0
