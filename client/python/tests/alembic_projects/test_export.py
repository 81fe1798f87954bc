"""Revisions of migrated as scripts of Alembic."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from bed.alembic_project import ENV, project
from migrated.alembic.cli import main
from migrated.alembic.exporting import quoted, without_head
from migrated.alembic.proof import prove

FIRST = """-- revision: aa01
-- message: it's the first
-- branch_labels: shop

-- migrate:up
CREATE TABLE t (id int, at text DEFAULT '10:20', "colon::cast" text);
INSERT INTO t VALUES (1, 'a:b \\: %s', 'x');
-- migrate:up dialect:sqlite
CREATE TABLE t (id integer, at text DEFAULT '10:20');
INSERT INTO t VALUES (1, ':b 100%');

-- migrate:down
DROP TABLE t;
"""

SECOND = """revision: bb02
down_revision: aa01
up:
- add_column: {table: t, name: more, type: text}
"""

THIRD = """-- revision: cc03
-- down_revision: bb02
-- migrate:up
CREATE INDEX i ON t (more)
"""


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of scripts that were revisions."""
    (tmp_path / "migrations").mkdir()
    for name, body in (("a.sql", FIRST), ("b.yaml", SECOND), ("c.sql", THIRD)):
        (tmp_path / "migrations" / name).write_text(body)
    (tmp_path / "migratectl.toml").write_text('dirs = ["migrations"]\n[embedded]\nidle = "1s"\n')
    monkeypatch.chdir(tmp_path)
    versions = tmp_path / "back" / "versions_of_it" / "versions"
    command = ["export", "--dialect", "sqlite", "--dialect", "postgresql", "--dir", str(versions)]
    assert main(command) == 0
    return versions


def test_alembic_runs_them(exported: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == ["a.py", "b.py", "c.py"]
    scripts = {path.stem: path.read_text() for path in exported.iterdir()}
    assert 'branch_labels = "shop"' in scripts["a"].replace("'", '"')
    made = project(tmp_path / "again", scripts, ENV)
    assert prove(made.scripts, tmp_path / "migrations", "sqlite").holds


def test_text_arrives_as_it_is(exported: Path, tmp_path: Path) -> None:
    made = project(tmp_path / "again", {path.stem: path.read_text() for path in exported.iterdir()}, ENV)
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    from migrated.alembic.proof import by_alembic

    with engine.connect() as connection:
        by_alembic(made.scripts, connection, None)
        assert connection.execute(text("SELECT at FROM t")).scalar() == ":b 100%"
    assert {column["name"] for column in inspect(engine).get_columns("t")} == {"id", "at", "more"}
    engine.dispose()


def test_a_revision_without_a_way_back(exported: Path) -> None:
    assert "raise NotImplementedError" in (exported / "c.py").read_text()
    assert "op.execute('DROP TABLE t')".replace("'", '"') in (exported / "a.py").read_text()


def test_escapes() -> None:
    assert quoted("SELECT ':a', b::text, 'c:d'") == "\"SELECT '\\\\:a', b::text, 'c:d'\""


def test_the_head_is_taken_away() -> None:
    assert without_head("# revision: a\n# message: b\n\nimport x\n# c\n") == "import x\n# c\n"


def test_only_what_is_missing_is_written(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "# our own words\n" + (exported / "a.py").read_text()
    (exported / "a.py").write_text(own)
    (exported / "b.py").unlink()
    (exported.parent / "env.py").write_text(ENV)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = back/versions_of_it\n")
    settings = tmp_path / "migratectl.toml"
    settings.write_text(f'database_url = "sqlite:///app.db"\n{settings.read_text()}')
    capsys.readouterr()
    assert main(["export"]) == 0
    said = "1 scripts are written to back/versions_of_it/versions; 2 are there already\n"
    assert capsys.readouterr().out == said
    assert (exported / "a.py").read_text() == own
    assert "ADD COLUMN" in (exported / "b.py").read_text()


def test_another_revisions_file_is_left(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    b = exported / "b.py"
    b.write_text(b.read_text().replace("bb02", "bb99"))
    assert main(["export", "--dialect", "sqlite", "--dir", str(exported)]) == 2
    assert "b.py is another revision" in capsys.readouterr().err
    assert "bb99" in b.read_text()


def test_nobody_tells_the_dialect(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--dir", str(exported)]) == 2
    assert "next: name it with --dialect" in capsys.readouterr().err
