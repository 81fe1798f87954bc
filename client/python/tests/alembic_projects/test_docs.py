"""The page about Alembic projects does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from alembic import command

from bed.alembic_runtime import Runtime
from bed.programs import PROGRAMS, ROOT
from migrated.alembic.project import Project

MODELS = """
import sqlalchemy as sa
target_metadata = MetaData()
sa.Table("customers", target_metadata, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("orders", target_metadata, sa.Column("id", sa.Integer, primary_key=True))
"""


def _script(table: str) -> str:
    return f"""
    def upgrade():
        op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))

    def downgrade():
        op.drop_table("{table}")
    """


def _project(runtime: Runtime) -> None:
    """Write the project that the pages speak of."""
    runtime.env(MODELS)
    for revision, parent, table in (
        ("ae1027a6acf3", None, "customers"),
        ("b7d41c9e0f52", "ae1027a6acf3", "orders"),
    ):
        path = runtime.script(revision, _script(table), parent)
        path.write_text(path.read_text().replace(f"about {revision}", table))


def _brought_by_alembic(runtime: Runtime) -> None:
    """Give the project another database, which Alembic brings up to date: who takes a project over has one."""
    ini = runtime.folder / "alembic.ini"
    ini.write_text(ini.read_text().replace(runtime.url, "sqlite:///shop.db"))
    command.upgrade(Project.load(ini).config, "head")


def _commands(page: str) -> list[tuple[str, list[str]]]:
    """Read the commands of the page's sessions, each with the lines that it answers."""
    found: list[tuple[str, list[str]]] = []
    for session in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for line in session.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


class Shell:
    """Where the commands are typed."""

    def __init__(self, runtime: Runtime) -> None:
        beside = runtime.folder / "bin"
        beside.mkdir()
        for name, module in (("migrated-alembic", "migrated.alembic.cli"), ("alembic", "alembic.config")):
            entry = "main" if name == "alembic" else "program"
            program = beside / name
            program.write_text(
                f"#!{sys.executable}\nimport sys\nfrom {module} import {entry}\nsys.exit({entry}())\n"
            )
            program.chmod(0o755)
        self.runtime = runtime
        self.environ = {
            "PATH": os.pathsep.join([str(beside), str(PROGRAMS), "/usr/bin", "/bin"]),
            "PYTHONPATH": str(Path(ROOT, "client", "python", "src")),
            "HOME": str(runtime.folder),
        }

    def type(self, line: str, answers: list[str]) -> None:
        """Run a line: it succeeds, and its answers are among what it says."""
        if line.startswith("pip "):
            _brought_by_alembic(self.runtime)
            self.environ.pop("DATABASE_URL", None)
            return
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.runtime.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said = (done.stdout + done.stderr).splitlines()
        assert [one for one in answers if one not in said] == [], (line, said)


def test_the_sessions(on_sqlite: Runtime) -> None:
    _project(on_sqlite)
    shell = Shell(on_sqlite)
    shell.environ["DATABASE_URL"] = on_sqlite.url
    commands = _commands((ROOT / "docs" / "alembic.md").read_text())
    assert len(commands) == 11
    for line, answers in commands:
        shell.type(line, answers)
    assert len(list((on_sqlite.folder / "env" / "versions").glob("*.py"))) == 3


def test_a_person_with_the_readme_alone(on_sqlite: Runtime) -> None:
    page = (ROOT / "client" / "python" / "README.md").read_text()
    section = page.split("## Projects of Alembic")[1].split("\n## ")[0]
    over, back = re.findall(r"```console\n.*?```", section, re.DOTALL)
    _project(on_sqlite)
    shell = Shell(on_sqlite)
    commands = _commands(over)
    assert len(commands) == 3
    for line, answers in commands:
        shell.type(line, answers)
    live = f"sqlite:///{on_sqlite.folder / 'shop.db'}"
    shell.type("migratectl current", ["b7d41c9e0f52 (head)"])
    # What is made meanwhile comes along on the way back.
    [notes] = _made(shell)
    notes.write_text(
        notes.read_text()
        + "\n-- migrate:up\nCREATE TABLE notes (id int);\n-- migrate:down\nDROP TABLE notes;\n"
    )
    shell.type("migratectl upgrade head", [])
    [(line, answers)] = _commands(back)
    shell.type(line, answers)
    on_sqlite.url = live
    assert on_sqlite.tables() == {"customers", "orders", "notes"}
    shell.type("alembic upgrade head", [])
    shell.type("alembic downgrade -1", [])
    assert on_sqlite.tables() == {"customers", "orders"}
    assert on_sqlite.versions == ["b7d41c9e0f52"]


def _made(shell: Shell) -> list[Path]:
    """Make an empty revision; give its file."""
    folder = shell.runtime.folder / "migrations"
    before = set(folder.iterdir())
    shell.type("migratectl revision -m notes", [])
    made = [path for path in folder.iterdir() if path not in before]
    for path in made:
        path.write_text(path.read_text().split("-- migrate:up")[0])
    return made
