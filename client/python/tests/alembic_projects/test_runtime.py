"""Scripts of Alembic, executed by `migrated-alembic` through the daemon, on three engines."""

from __future__ import annotations

import pytest

from bed.alembic_runtime import Runtime

PEOPLE = """
def upgrade():
    op.create_table(
        "person",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("born", sa.Date),
        sa.Column("mood", sa.Enum("sad", "fine", name="mood"), server_default="fine"),
    )
    person = sa.table("person", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("born", sa.Date))
    import datetime
    op.bulk_insert(person, [
        {"id": 1, "name": "Ada", "born": datetime.date(1815, 12, 10)},
        {"id": 2, "name": "it's :x 100% ?", "born": None},
    ])


def downgrade():
    op.drop_table("person")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TYPE mood")
"""


def test_there_and_back(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script("aa01", PEOPLE)
    assert runtime.run("upgrade", "head") == 0
    assert "Running upgrade  -> aa01, about aa01" in capsys.readouterr().err
    assert runtime.versions == ["aa01"]
    assert runtime.rows("SELECT name, mood FROM person ORDER BY id") == [
        ("Ada", "fine"),
        ("it's :x 100% ?", "fine"),
    ]
    assert runtime.run("current") == 0
    assert capsys.readouterr().out == "aa01 (head)\n"
    assert runtime.run("upgrade", "head") == 0
    assert "Nothing to do at aa01" in capsys.readouterr().err
    assert runtime.run("downgrade", "base") == 0
    assert runtime.tables() == set()
    assert runtime.versions == []
    assert runtime.run("upgrade", "+1") == 0
    assert runtime.versions == ["aa01"]


def test_a_script_reads_and_inspects(runtime: Runtime) -> None:
    runtime.script("aa01", PEOPLE)
    runtime.script(
        "bb02",
        """
        from sqlalchemy.orm import Session, declarative_base

        Base = declarative_base()

        class Person(Base):
            __tablename__ = "person"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String(80))
            born = sa.Column(sa.Date)
            nick = sa.Column(sa.String(80))

        def upgrade():
            bind = op.get_bind()
            found = {column["name"] for column in sa.inspect(bind).get_columns("person")}
            assert found == {"id", "name", "born", "mood"}, found
            op.add_column("person", sa.Column("nick", sa.String(80)))
            assert "nick" in {column["name"] for column in sa.inspect(bind).get_columns("person")}
            assert sa.inspect(bind).has_table("person")
            session = Session(bind=bind)
            for person in session.query(Person).order_by(Person.id):
                person.nick = person.name[:3] + (str(person.born.year) if person.born else "")
            session.add(Person(id=3, name="Charles"))
            session.commit()
            assert bind.execute(sa.text("SELECT count(*) FROM person WHERE id > :low"), {"low": 1}).scalar() == 2
            done = bind.execute(sa.text("UPDATE person SET nick = 'C' WHERE id = 3"))
            assert done.rowcount == 1, done.rowcount

        def downgrade():
            with op.batch_alter_table("person") as batch:
                batch.drop_column("nick")
            op.execute(sa.text("DELETE FROM person WHERE id = :id").bindparams(id=3))
        """,
        "aa01",
    )
    assert runtime.run("upgrade", "head") == 0
    wanted = [(1, "Ada1815"), (2, "it'"), (3, "C")]
    assert runtime.rows("SELECT id, nick FROM person ORDER BY id") == wanted
    assert runtime.run("downgrade", "-1") == 0
    assert runtime.rows("SELECT id FROM person ORDER BY id") == [(1,), (2,)]
    assert runtime.versions == ["aa01"]


def test_batches(runtime: Runtime) -> None:
    runtime.script("aa01", PEOPLE)
    runtime.script(
        "bb02",
        """
        def upgrade():
            with op.batch_alter_table("person") as batch:
                batch.alter_column("name", existing_type=sa.String(80), type_=sa.String(120), nullable=False)
                batch.add_column(sa.Column("age", sa.Integer, server_default="7"))
                batch.create_unique_constraint("person_name", ["name"])

        def downgrade():
            with op.batch_alter_table("person") as batch:
                batch.drop_constraint("person_name", type_="unique")
                batch.drop_column("age")
        """,
        "aa01",
    )
    assert runtime.run("upgrade", "head") == 0
    assert runtime.rows("SELECT id, age FROM person ORDER BY id") == [(1, 7), (2, 7)]
    assert runtime.run("downgrade", "aa01") == 0
    assert runtime.rows("SELECT id, mood FROM person ORDER BY id") == [(1, "fine"), (2, "fine")]


def test_savepoints(runtime: Runtime) -> None:
    runtime.script(
        "aa01",
        """
        def upgrade():
            op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            bind = op.get_bind()
            with bind.begin_nested():
                bind.execute(sa.text("INSERT INTO t VALUES (1)"))
            try:
                with bind.begin_nested():
                    bind.execute(sa.text("INSERT INTO t VALUES (2)"))
                    bind.execute(sa.text("INSERT INTO t VALUES (1)"))
            except sa.exc.IntegrityError as error:
                assert error.orig.failure.sql.message
            else:
                raise AssertionError("it was taken twice")
            bind.execute(sa.text("INSERT INTO t VALUES (3)"))

        def downgrade():
            op.drop_table("t")
        """,
    )
    assert runtime.run("upgrade", "head") == 0
    assert runtime.rows("SELECT id FROM t ORDER BY id") == [(1,), (3,)]


def test_arguments(runtime: Runtime) -> None:
    runtime.script(
        "aa01",
        """
        from alembic import context

        def upgrade():
            tenant = context.get_x_argument(as_dictionary=True)["tenant"]
            op.create_table(f"t_{tenant}", sa.Column("id", sa.Integer))

        def downgrade():
            op.drop_table("t_" + context.get_x_argument(as_dictionary=True)["tenant"])
        """,
    )
    assert runtime.run("-x", "tenant=blue", "upgrade", "head") == 0
    assert runtime.tables() == {"t_blue"}
    assert runtime.run("-x", "tenant=blue", "downgrade", "base") == 0
    assert runtime.tables() == set()


def test_outside_of_a_transaction(runtime: Runtime) -> None:
    runtime.script("aa01", PEOPLE)
    concurrently = ", postgresql_concurrently=True" if runtime.dialect == "postgresql" else ""
    runtime.script(
        "bb02",
        f"""
        def upgrade():
            with op.get_context().autocommit_block():
                op.create_index("person_by_name", "person", ["name"]{concurrently})

        def downgrade():
            with op.get_context().autocommit_block():
                op.drop_index("person_by_name", "person"{concurrently})
        """,
        "aa01",
    )
    assert runtime.run("upgrade", "head") == 0
    assert runtime.versions == ["bb02"]
    assert runtime.run("downgrade", "aa01") == 0
    assert runtime.versions == ["aa01"]


def _table(name: str) -> str:
    return f"""
    def upgrade():
        op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))

    def downgrade():
        op.drop_table("{name}")
    """


def test_branches_and_dependencies(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script("aa01", _table("a"))
    runtime.script("bb02", _table("b"), "aa01", labels=("left",))
    runtime.script("cc03", _table("c"), "aa01", labels=("right",))
    runtime.script("dd04", _table("d"), None, labels=("alone",), depends="cc03")
    assert runtime.run("upgrade", "alone@head") == 0
    assert runtime.tables() == {"a", "c", "d"}
    assert runtime.versions == ["dd04"]
    assert runtime.run("upgrade", "head") == 1
    assert "MG10" in capsys.readouterr().err
    assert runtime.run("upgrade", "heads") == 0
    assert runtime.versions == ["bb02", "dd04"]
    assert runtime.run("merge", "bb02", "cc03", "-m", "both", "--rev-id", "ee05") == 0
    assert runtime.run("upgrade", "ee05") == 0
    assert runtime.versions == ["dd04", "ee05"]
    assert runtime.run("downgrade", "bb02") == 0
    (runtime.folder / "env" / "versions" / "ee05_both.py").unlink()
    assert runtime.run("downgrade", "left@aa01") == 0
    assert runtime.tables() == {"a", "c", "d"}
    assert runtime.run("stamp", "heads") == 0
    assert runtime.versions == ["bb02", "dd04"]
    assert runtime.run("stamp", "--purge", "base") == 0
    assert runtime.versions == []


def test_check(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.env(
        """
        from sqlalchemy import Column, Integer, String, Table
        target_metadata = MetaData()
        Table("a", target_metadata, Column("id", Integer, primary_key=True))
        """
    )
    runtime.script("aa01", _table("a"))
    assert runtime.run("upgrade", "head") == 0
    assert runtime.run("check") == 0
    assert "No new upgrade operations detected." in capsys.readouterr().out
    env = runtime.folder / "env" / "env.py"
    env.write_text(
        env.read_text().replace("primary_key=True)", "primary_key=True), Column('more', String(9))")
    )
    assert runtime.run("check") == 3
    assert "add column a.more" in capsys.readouterr().out


def test_options_of_env_py(runtime: Runtime) -> None:
    schema = ', version_table_schema="own"' if runtime.dialect == "postgresql" else ""
    runtime.env(options=f'version_table="standing"{schema}')
    if schema:
        with runtime.connected() as connection:
            connection.exec_driver_sql("CREATE SCHEMA own")
    runtime.script("aa01", _table("a"))
    assert runtime.run("upgrade", "head") == 0
    place = "own.standing" if schema else "standing"
    assert runtime.rows(f"SELECT version_num FROM {place}") == [("aa01",)]


def test_a_script_that_fails(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script("aa01", _table("a"))
    path = runtime.script(
        "bb02",
        """
        def upgrade():
            op.get_bind().execute(sa.text("INSERT INTO a VALUES (1)"))
            raise RuntimeError("this far\\nand no further")

        def downgrade():
            pass
        """,
        "aa01",
    )
    assert runtime.run("upgrade", "head") == 4
    said = capsys.readouterr().err
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "raise RuntimeError" in text)
    assert "RuntimeError: this far and no further" in said
    assert f"line {line}" in said or f":{line}" in said, said
    assert runtime.versions == ["aa01"]
    path.write_text(path.read_text().replace("raise RuntimeError", "print"))
    assert runtime.rows("SELECT id FROM a") == []
    assert runtime.run("upgrade", "head") == 0
    assert runtime.versions == ["bb02"]


BACKFILL = """
def upgrade():
    with op.get_context().autocommit_block():
        bind = op.get_bind()
        while bind.execute(sa.text("UPDATE person SET mood = 'sad' WHERE mood = 'fine'")).rowcount:
            pass
    {more}

def downgrade():
    pass
"""


def test_an_autocommit_block_that_reads_is_a_transaction(
    on_postgresql: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    on_postgresql.script("aa01", PEOPLE)
    on_postgresql.script("bb02", BACKFILL.format(more=""), "aa01")
    assert on_postgresql.run("upgrade", "head") == 0
    assert set(on_postgresql.rows("SELECT mood FROM person")) == {("sad",)}
    # What cannot be in a transaction fails in it, and nothing of the script is left.
    with on_postgresql.connected() as connection:
        connection.exec_driver_sql("UPDATE person SET mood = 'fine'")
    more = 'op.execute("CREATE INDEX CONCURRENTLY person_mood ON person (mood)")'
    on_postgresql.script("cc03", BACKFILL.format(more=more), "bb02")
    capsys.readouterr()
    assert on_postgresql.run("upgrade", "head") == 4
    assert "cannot run inside a transaction block" in capsys.readouterr().err
    assert set(on_postgresql.rows("SELECT mood FROM person")) == {("fine",)}
    assert on_postgresql.versions == ["bb02"]
