"""`--configured`: the database is migratectl's, and `env.py` runs only where there is something to execute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bed.alembic_runtime import NO_MODELS, Runtime
from bed.programs import ROOT
from migrated import Client, Config

A_TABLE = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
    op.create_unique_constraint(None, "t", ["n"]) if op.get_bind().dialect.name != "sqlite" else None

def downgrade():
    op.drop_table("t")
"""

LOADED = """
import json, sys
from migrated.alembic.cli import main
code = main(["upgrade", "head", "--configured"])
print(json.dumps([code, sorted({"alembic", "sqlalchemy"} & set(sys.modules))]))
"""


def configured(runtime: Runtime, *lines: str) -> None:
    """Write what migratectl is told of the project."""
    url = runtime.url.replace("+psycopg", "").replace("+pymysql", "")
    text = "\n".join([f"database_url = {json.dumps(url)}", *lines])
    (runtime.folder / "migratectl.toml").write_text(text + "\n")


def refused(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> str:
    """Upgrade, which is refused before anything is executed; give what it said."""
    capsys.readouterr()
    assert runtime.run("upgrade", "head", "--configured") == 2
    assert runtime.tables() == set()
    assert runtime.versions == []
    said = capsys.readouterr().err
    assert "state: nothing was done" in said
    return said


def test_nothing_to_do_asks_nobody(on_sqlite: Runtime) -> None:
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    assert on_sqlite.run("upgrade", "head") == 0
    (on_sqlite.folder / "env" / "env.py").write_text("raise RuntimeError('env.py runs')\n")
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=on_sqlite.folder,
        env={**os.environ, "PYTHONPATH": str(Path(ROOT, "client", "python", "src"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout) == [0, []], done.stderr
    assert "Nothing to do at aa01" in done.stderr


def test_what_is_executed_knows_what_env_says(runtime: Runtime) -> None:
    runtime.env('target_metadata = MetaData(naming_convention={"uq": "unique_%(table_name)s"})')
    runtime.script("aa01", A_TABLE)
    configured(runtime)
    assert runtime.run("upgrade", "head", "--configured") == 0
    assert runtime.versions == ["aa01"]
    if runtime.dialect != "sqlite":
        names = runtime.rows("SELECT constraint_name FROM information_schema.table_constraints")
        assert ("unique_t",) in names
    assert runtime.run("downgrade", "base", "--configured") == 0
    assert runtime.tables() == set()


def test_env_means_another_database(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    ini = on_sqlite.folder / "alembic.ini"
    ini.write_text(ini.read_text().replace("app.db", "other.db"))
    said = refused(on_sqlite, capsys)
    assert "other.db" in said
    assert "app.db" in said
    with Client(Config.load(cwd=on_sqlite.folder)) as client:
        # The run that was begun is over, and holds nobody up.
        assert [run.state for run in client.runs() if not run.HasField("end_time")] == []
    ini.write_text(ini.read_text().replace("other.db", "app.db"))
    assert on_sqlite.run("upgrade", "head", "--configured") == 0


def test_env_means_another_version_table(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.env(NO_MODELS, "version_table='own_versions'")
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    assert "version_table = 'own_versions'" in refused(on_sqlite, capsys)
    configured(on_sqlite, 'version_table = "own_versions"')
    assert on_sqlite.run("upgrade", "head", "--configured") == 0
    assert on_sqlite.rows("SELECT version_num FROM own_versions") == [("aa01",)]


def test_an_env_that_raises_ends_the_run(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.env("raise RuntimeError('no settings')")
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    assert "env.py raised RuntimeError: no settings" in refused(on_sqlite, capsys)


@pytest.mark.parametrize(
    "where",
    [
        "version_locations = env/versions",
        "script_location = {folder}/env",
        "recursive_version_locations = true",
    ],
)
def test_scripts_are_found_as_alembic_finds_them(on_sqlite: Runtime, where: str) -> None:
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    ini = on_sqlite.folder / "alembic.ini"
    text = ini.read_text()
    line = where.format(folder=on_sqlite.folder)
    if "script_location" in line:
        text = text.replace("script_location = env\n", "")
    ini.write_text(f"{text}{line}\n")
    assert on_sqlite.run("upgrade", "head", "--configured") == 0
    assert on_sqlite.versions == ["aa01"]
    assert on_sqlite.run("upgrade", "head") == 0


def test_settings_in_pyproject(on_sqlite: Runtime) -> None:
    on_sqlite.script("aa01", A_TABLE)
    configured(on_sqlite)
    (on_sqlite.folder / "elsewhere").mkdir()
    (on_sqlite.folder / "env" / "versions").rename(on_sqlite.folder / "elsewhere" / "versions")
    (on_sqlite.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nversion_locations = ["%(here)s/elsewhere/versions"]\n'
    )
    assert on_sqlite.run("upgrade", "head", "--configured") == 0
    assert on_sqlite.versions == ["aa01"]


def test_a_script_outside_of_transactions(on_postgresql: Runtime) -> None:
    on_postgresql.script("aa01", A_TABLE)
    on_postgresql.script(
        "bb02",
        """
        def upgrade():
            with op.get_context().autocommit_block():
                op.create_index("t_n", "t", ["n"], postgresql_concurrently=True)

        def downgrade():
            pass
        """,
        "aa01",
    )
    configured(on_postgresql)
    assert on_postgresql.run("upgrade", "head", "--configured") == 0
    assert on_postgresql.versions == ["bb02"]
    assert on_postgresql.run("upgrade", "head", "--configured") == 0


def test_nothing_is_configured(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.script("aa01", A_TABLE)
    assert on_sqlite.run("upgrade", "head", "--configured") == 1
    said = capsys.readouterr().err
    assert "no target: neither a name nor a database URL is given" in said
    assert "next: " in said
