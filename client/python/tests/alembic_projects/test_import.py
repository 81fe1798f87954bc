"""Scripts of Alembic as revisions that need no Python."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bed.alembic_project import project, script
from bed.alembic_runtime import Runtime
from migrated.alembic.cli import main
from migrated.alembic.environment import learn
from migrated.alembic.importing import Outcome, read_scripts
from migrated.alembic.proof import prove

CUSTOMERS = script(
    "aa01",
    None,
    """
    def upgrade():
        op.create_table(
            "customer",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("mail", sa.String(80), nullable=False),
            sa.Column("mood", sa.Enum("sad", "fine", name="mood"), server_default="fine"),
            sa.UniqueConstraint("mail"),
        )
        op.create_index("customer_mood", "customer", ["mood"])
        op.bulk_insert(
            sa.table("customer", sa.column("id", sa.Integer), sa.column("mail", sa.String)),
            [{"id": 1, "mail": "it's 100%"}, {"id": 2, "mail": "a:b\\tc"}],
        )


    def downgrade():
        op.drop_table("customer")
        op.execute("DROP TYPE IF EXISTS mood") if op.get_context().dialect.name == "postgresql" else None
    """,
)

BATCH = script(
    "bb02",
    "aa01",
    """
    def upgrade():
        with op.batch_alter_table("customer") as batch:
            batch.alter_column("mail", existing_type=sa.String(80), type_=sa.String(120), existing_nullable=False)
            batch.add_column(sa.Column("age", sa.Integer))


    def downgrade():
        with op.batch_alter_table("customer") as batch:
            batch.drop_column("age")
    """,
    labels=("shop",),
)

MORE = script(
    "bb02",
    "aa01",
    """
    def upgrade():
        op.create_table("a.b", sa.Column("id", sa.Integer))
        op.add_column("customer", sa.Column("boss", sa.Integer, sa.ForeignKey("customer.id", ondelete="SET NULL")))
        op.create_check_constraint("adult", "customer", "boss > 0")
        op.alter_column("customer", "mail", type_=sa.Text)
        op.drop_constraint(op.f("uq_customer_mail"), "customer", type_="unique")
        op.rename_table("a.b", "c")


    def downgrade():
        op.drop_column("customer", "boss")
        op.drop_index("customer_mood", "customer")
    """,
)

READS = script(
    "cc03",
    "bb02",
    """
    def upgrade():
        bind = op.get_bind()
        for row in bind.execute(sa.text("SELECT id FROM customer")):
            op.execute(f"UPDATE customer SET age = {row.id} WHERE id = {row.id}")


    def downgrade():
        pass
    """,
    depends="bb02",
)


def outcome_of(
    folder: Path, *scripts: str, dialects: tuple[str, ...] = ("postgresql",), **options: object
) -> Outcome:
    """Import a project of these scripts."""
    made = project(folder, {f"s{n}": text for n, text in enumerate(scripts)})
    metadata = learn(made.config, made.scripts, offline=True)[0].metadata[0]
    return read_scripts(made.scripts, dialects, metadata=metadata, **options)  # type: ignore[arg-type]


def test_heads_are_kept(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, CUSTOMERS, BATCH, sql=True)
    assert [file.name for file in outcome.files] == ["s0.sql", "s1.sql"]
    assert outcome.files[1].text.startswith(
        "-- revision: bb02\n-- down_revision: aa01\n-- branch_labels: shop\n-- message: about bb02\n"
        "-- created: 2026-03-01T10:20:30Z\n"
    )


def test_what_postgresql_executes(tmp_path: Path) -> None:
    [customers, batch] = outcome_of(tmp_path, CUSTOMERS, BATCH, sql=True).files
    assert "CREATE TYPE mood AS ENUM ('sad', 'fine');" in customers.text
    assert "CONSTRAINT uq_customer_mail UNIQUE (mail)" in customers.text
    assert "INSERT INTO customer (id, mail) VALUES (1, 'it''s 100%');" in customers.text
    assert "VALUES (2, 'a:b\tc');" in customers.text
    assert "DROP TYPE IF EXISTS mood;" in customers.text
    assert "ALTER TABLE customer ALTER COLUMN mail TYPE VARCHAR(120);" in batch.text
    assert "dialect:" not in batch.text


def test_operations(tmp_path: Path) -> None:
    [customers, more] = outcome_of(tmp_path, CUSTOMERS, MORE).files
    read = yaml.safe_load(customers.text)
    assert [next(iter(one)) for one in read["up"]] == [
        "create_enum",
        "create_table",
        "create_index",
        "execute",
        "execute",
    ]
    assert read["up"][1]["create_table"]["uniques"] == [{"name": "uq_customer_mail", "columns": ["mail"]}]
    assert read["up"][3] == {"execute": "INSERT INTO customer (id, mail) VALUES (1, 'it''s 100%')"}
    assert read["down"] == [{"drop_table": {"table": "customer"}}, {"execute": "DROP TYPE IF EXISTS mood"}]
    read = yaml.safe_load(more.text)
    assert read["up"] == [
        {"create_table": {"name": "a.b", "columns": [{"name": "id", "type": "INTEGER"}]}},
        {"add_column": {"table": "customer", "column": {"name": "boss", "type": "INTEGER"}}},
        {
            "create_foreign_key": {
                "table": "customer",
                "columns": ["boss"],
                "ref_table": "customer",
                "ref_columns": ["id"],
                "on_delete": "set_null",
            }
        },
        {"create_check_constraint": {"table": "customer", "name": "adult", "expr": "boss > 0"}},
        {"execute": "ALTER TABLE customer ALTER COLUMN mail TYPE TEXT"},
        {"drop_constraint": {"table": "customer", "name": "uq_customer_mail", "type": "unique"}},
        {"rename_table": {"from": {"name": "a.b"}, "to": "c"}},
    ]
    assert read["down"][0] == {"drop_column": {"table": "customer", "column": "boss"}}


def test_operations_leave_what_alembic_leaves(tmp_path: Path) -> None:
    made = project(tmp_path / "p", {"s0": CUSTOMERS, "s1": BATCH})
    folder = tmp_path / "out"
    folder.mkdir()
    for file in read_scripts(made.scripts, ["sqlite"]).files:
        (folder / file.name).write_text(file.text)
    assert (folder / "s0.yaml").exists()
    assert prove(made.scripts, folder, "sqlite").holds


def test_sections_for_dialects_that_differ(tmp_path: Path) -> None:
    [customers, batch] = outcome_of(tmp_path, CUSTOMERS, BATCH, dialects=("postgresql", "sqlite")).files
    assert "-- migrate:up dialect:postgresql\n" in batch.text
    assert "-- migrate:up dialect:sqlite\n" in batch.text
    assert "_alembic_tmp_customer" in batch.text
    assert customers.text.count("-- migrate:up") == 2


def test_a_script_that_reads_is_named_with_its_line(tmp_path: Path) -> None:
    [refused] = outcome_of(tmp_path, CUSTOMERS, BATCH, READS).refused
    line = next(n for n, text in enumerate(READS.splitlines(), 1) if "for row in" in text)
    assert (refused.head.revision, refused.line, refused.reason) == (
        "cc03",
        line,
        "reads the rows of a statement",
    )


def test_a_script_that_reads_is_named_on_sqlite_too(tmp_path: Path) -> None:
    [refused] = outcome_of(tmp_path, CUSTOMERS, BATCH, READS, dialects=("sqlite",)).refused
    assert (refused.head.revision, refused.reason) == ("cc03", "reads the database")


def test_what_it_executes_is_captured(tmp_path: Path) -> None:
    outcome = outcome_of(
        tmp_path, CUSTOMERS, BATCH, READS, dialects=("sqlite",), capture={"sqlite": "memory"}
    )
    assert not outcome.refused
    assert "UPDATE customer SET age = 2 WHERE id = 2;" in outcome.files[2].text
    assert "SELECT id FROM customer" not in outcome.files[2].text


def test_it_stays_python(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, CUSTOMERS, BATCH, READS, keep_python=True)
    kept = outcome.files[2]
    assert kept.name == "s2.rev.py"
    assert kept.text == (
        "# revision: cc03\n# down_revision: bb02\n# depends_on: bb02\n# message: about cc03\n"
        f"# created: 2026-03-01T10:20:30Z\n\n{READS}"
    )


def test_what_differs_from_run_to_run_is_refused(tmp_path: Path) -> None:
    body = """
    import uuid

    def upgrade():
        op.execute(f"INSERT INTO t VALUES ('{uuid.uuid4()}')")
    """
    [refused] = outcome_of(tmp_path, script("aa01", None, body)).refused
    assert "same twice" in refused.reason


def test_a_missing_downgrade_is_no_section(tmp_path: Path) -> None:
    body = """
    def upgrade():
        op.execute("CREATE TABLE t (id int)")


    def downgrade():
        raise NotImplementedError("there is no way back")
    """
    outcome = outcome_of(tmp_path, script("aa01", None, body))
    assert "migrate:down" not in outcome.files[0].text
    assert "there is no way back" in outcome.notes[0]


def test_outside_of_a_transaction(tmp_path: Path) -> None:
    body = """
    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("i", "t", ["a"], postgresql_concurrently=True)


    def downgrade():
        op.drop_index("i")
    """
    [file] = outcome_of(tmp_path, script("aa01", None, body)).files
    assert "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n" in file.text
    assert "-- migrate:down\nDROP INDEX i;\n" in file.text


def test_the_proof_finds_what_is_missing(tmp_path: Path) -> None:
    made = project(tmp_path / "p", {"s0": CUSTOMERS, "s1": BATCH})
    folder = tmp_path / "out"
    folder.mkdir()
    for file in read_scripts(made.scripts, ["sqlite"]).files:
        (folder / file.name).write_text(file.text)
    assert prove(made.scripts, folder, "sqlite").holds
    damaged = folder / "s1.sql"
    damaged.write_text(
        damaged.read_text().replace("-- migrate:up\n", "-- migrate:up\nCREATE TABLE extra (id int);\n")
    )
    proof = prove(made.scripts, folder, "sqlite")
    assert (proof.holds, proof.differences) == (False, ("drop table extra",))


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, {"s0": CUSTOMERS, "s1": BATCH, "s2": READS})
    monkeypatch.chdir(tmp_path)
    assert main(["import"]) == 1
    said = capsys.readouterr().err
    assert "s2.py:" in said
    assert "--keep-python" in said
    assert not (tmp_path / "migrations").exists()
    assert main(["import", "--capture", "memory"]) == 0
    assert "proved for sqlite: 3 revisions" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "migrations").iterdir()) == [
        "s0.yaml",
        "s1.sql",
        "s2.sql",
    ]
    assert 'dirs = ["migrations"]' in (tmp_path / "migratectl.toml").read_text()
    assert main(["import", "--capture", "memory"]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_what_stays_python_is_not_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, {"s0": CUSTOMERS, "s1": BATCH, "s2": READS})
    monkeypatch.chdir(tmp_path)
    assert main(["import", "--keep-python"]) == 0
    assert "not proved: of the scripts 1 stay Python" in capsys.readouterr().out
    assert (tmp_path / "migrations" / "s2.rev.py").exists()


def test_a_proof_on_which_alembic_fails(tmp_path: Path) -> None:
    made = project(
        tmp_path / "p", {"s0": script("aa01", None, "def upgrade():\n    op.execute('nonsense')\n")}
    )
    proof = prove(made.scripts, tmp_path, "sqlite")
    assert not proof.holds
    assert "Alembic itself fails on an empty database" in (proof.failure or "")


ONE_SCHEMA = """
target_metadata = MetaData(schema="bot")
if not context.is_offline_mode():
    engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS bot")
"""

IN_IT = """
def upgrade():
    op.create_table("message", sa.Column("id", sa.Integer, primary_key=True), schema="bot")

def downgrade():
    op.drop_table("message", schema="bot")
"""


def test_the_schema_that_env_makes_is_there_for_the_proof(
    on_postgresql: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    on_postgresql.env(ONE_SCHEMA)
    on_postgresql.script("aa01", IN_IT)
    assert on_postgresql.run("import", "--prove", on_postgresql.url) == 0
    told = capsys.readouterr()
    assert "note: both histories began with the schemas bot, as env.py makes them" in told.err
    assert "proved for postgresql: 1 revisions" in told.out


def test_a_schema_that_a_script_makes_is_not_made_before(
    on_postgresql: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    on_postgresql.env('target_metadata = MetaData(schema="bot")')
    made = IN_IT.replace("op.create_table", 'op.execute("CREATE SCHEMA bot")\n    op.create_table')
    on_postgresql.script("aa01", made)
    assert on_postgresql.run("import", "--prove", on_postgresql.url) == 0
    told = capsys.readouterr()
    assert "note" not in told.err
    assert "proved for postgresql" in told.out
