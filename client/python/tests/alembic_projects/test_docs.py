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


def _brought_by_alembic(runtime: Runtime) -> str:
    """Give the project another database."""
    url = f"sqlite:///{runtime.folder / 'live.db'}"
    ini = runtime.folder / "alembic.ini"
    ini.write_text(ini.read_text().replace(runtime.url, url))
    command.upgrade(Project.load(ini).config, "head")
    return url


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


def test_the_sessions(on_sqlite: Runtime) -> None:
    on_sqlite.env(MODELS)
    for revision, parent, table in (
        ("ae1027a6acf3", None, "customers"),
        ("b7d41c9e0f52", "ae1027a6acf3", "orders"),
    ):
        path = on_sqlite.script(revision, _script(table), parent)
        path.write_text(path.read_text().replace(f"about {revision}", table))
    beside = on_sqlite.folder / "bin"
    beside.mkdir()
    program = beside / "migrated-alembic"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom migrated.alembic.cli import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    environ = {
        "PATH": os.pathsep.join([str(beside), str(PROGRAMS), os.environ["PATH"]]),
        "PYTHONPATH": str(Path(ROOT, "client", "python", "src")),
        "HOME": str(on_sqlite.folder),
        "DATABASE_URL": on_sqlite.url,
    }
    commands = _commands((ROOT / "docs" / "alembic.md").read_text())
    assert len(commands) == 8
    for line, answers in commands:
        if line.startswith("pip "):
            # Who takes a project over has a database that Alembic brought where it is.
            environ["DATABASE_URL"] = _brought_by_alembic(on_sqlite)
            continue
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=on_sqlite.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said = (done.stdout + done.stderr).splitlines()
        assert [one for one in answers if one not in said] == [], (line, said)
    assert len(list((on_sqlite.folder / "alembic_again" / "versions").glob("*.py"))) == 2
