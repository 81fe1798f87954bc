"""`flask migrated` in a project of Flask-Migrate, whose `env.py` asks the application."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import tomli
from flask import Flask
from flask_migrate import Migrate, init, revision
from flask_migrate import upgrade as by_flask_migrate
from flask_sqlalchemy import SQLAlchemy

from bed.alembic_runtime import Runtime
from bed.programs import ROOT
from migrated.alembic.flask_command import command

# What Flask-Migrate's own env.py still calls.
pytestmark = pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")

BODY = """
def upgrade():
    op.create_table("book", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(80)))

def downgrade():
    op.drop_table("book")
"""


@pytest.fixture
def flask_app(on_sqlite: Runtime) -> Iterator[Flask]:
    """Give an application with one script, whose own settings lie where Flask-Migrate writes them."""
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = on_sqlite.url
    db: SQLAlchemy = SQLAlchemy(app)
    db.Table("book", db.Column("id", db.Integer, primary_key=True), db.Column("title", db.String(80)))
    Migrate(app, db)
    # An `alembic.ini` of something else in the working directory is none of Flask-Migrate's business.
    (on_sqlite.folder / "alembic.ini").write_text("[alembic]\nscript_location = nowhere\n")
    levels = {name: logging.getLogger(name).level for name in (None, "alembic", "sqlalchemy.engine")}
    handlers = list(logging.getLogger().handlers)
    with app.app_context():
        init()
        revision(message="books", rev_id="aa01")
        [path] = Path("migrations", "versions").glob("*.py")
        path.write_text(path.read_text().split("def upgrade")[0] + BODY.lstrip())
    yield app
    with app.app_context():
        db.engine.dispose()
    # Its env.py sets up the process's logging.
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def run(app: Flask, *arguments: str) -> str:
    """Run the command; give what it says."""
    done = app.test_cli_runner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_in_place_of_flask_db(flask_app: Flask, on_sqlite: Runtime) -> None:
    assert "Running upgrade  -> aa01, books" in run(flask_app, "upgrade", "head")
    assert on_sqlite.tables() == {"book"}
    assert "aa01 (head)" in run(flask_app, "current")
    assert "No new upgrade operations detected." in run(flask_app, "check")
    assert "Nothing to do" in run(flask_app, "-c", "migrations/alembic.ini", "upgrade", "head")
    run(flask_app, "downgrade", "base")
    assert on_sqlite.tables() == set()


def test_over_and_back(flask_app: Flask, on_sqlite: Runtime) -> None:
    with flask_app.app_context():
        by_flask_migrate()
    said = run(flask_app, "import")
    # Its own folder has the name that revisions have here.
    assert "1 revisions are written to revisions" in said
    assert "proved for sqlite" in said
    assert on_sqlite.url in (on_sqlite.folder / "migratectl.toml").read_text()
    assert "0 scripts are written to migrations/versions; 1 are there already" in run(flask_app, "export")


def test_configured(flask_app: Flask, on_sqlite: Runtime) -> None:
    (on_sqlite.folder / "migratectl.toml").write_text(f'database_url = "{on_sqlite.url}"\n')
    assert "Running upgrade  -> aa01" in run(flask_app, "upgrade", "head", "--configured")
    assert "Nothing to do" in run(flask_app, "upgrade", "head", "--configured")


def test_without_the_applications_context(
    flask_app: Flask, on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert flask_app.name == "shop"
    ini = on_sqlite.folder / "migrations" / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[alembic]\nscript_location = migrations"))
    from migrated.alembic.cli import main

    assert main(["-c", str(ini), "upgrade", "head"]) == 2
    assert "next: with Flask-Migrate it is `flask migrated" in capsys.readouterr().err


def test_flask_finds_it() -> None:
    settings = tomli.loads((ROOT / "client" / "python" / "pyproject.toml").read_text())
    [(name, where)] = settings["project"]["entry-points"]["flask.commands"].items()
    module, _, attribute = where.partition(":")
    assert getattr(import_module(module), attribute) is command
    assert name == command.name == "migrated"
