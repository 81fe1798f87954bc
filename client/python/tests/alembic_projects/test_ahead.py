"""Statements that are sent ahead: what goes wrong is told as if each had been waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bed.alembic_project import script
from bed.alembic_runtime import Runtime
from migrated.alembic.ahead import ahead_of, never
from migrated.dbapi import Conversation

MANY = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
    for number in range(1, 201):
        op.execute(f"INSERT INTO t (id, n) VALUES ({number}, 0)")
    bind = op.get_bind()
    done = bind.execute(sa.text("UPDATE t SET n = 1 WHERE id < 8"))
    bind.execute(sa.text("UPDATE t SET n = :n WHERE id = 200"), {"n": done.rowcount})
    LAST

def downgrade():
    op.drop_table("t")
"""


def sent_ahead(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the statements that are sent ahead."""
    seen: list[str] = []
    plain = Conversation.send_ahead

    def noted(self: Conversation, statement: object, cursor: object, line: int) -> None:
        seen.append(getattr(statement, "sql"))  # noqa: B009
        plain(self, statement, cursor, line)  # type: ignore[arg-type]

    monkeypatch.setattr(Conversation, "send_ahead", noted)
    return seen


def test_they_count(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sent_ahead(monkeypatch)
    runtime.script("aa01", MANY.replace("LAST", "pass"))
    assert runtime.run("upgrade", "head") == 0
    assert len(seen) == 203
    assert runtime.rows("SELECT count(*) FROM t") == [(200,)]
    assert runtime.rows("SELECT n FROM t WHERE id = 200") == [(7,)]


@pytest.mark.parametrize(
    "after", ["op.execute('CREATE TABLE u (id INTEGER)')", "bind.scalar(sa.text('SELECT 1'))"]
)
def test_the_line_that_fails_is_told(
    runtime: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    seen = sent_ahead(monkeypatch)
    wrong = "op.execute('INSERT INTO t (id, n) VALUES (3, 0)')"
    path = runtime.script("aa01", MANY.replace("LAST", f"{wrong}\n    {after}\n    {after}"))
    assert runtime.run("upgrade", "head") == (5 if runtime.dialect == "mysql" else 4)
    said = capsys.readouterr().err
    assert len(seen) >= 204
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if wrong in text)
    assert f"line {line}" in said or f":{line}" in said, said
    assert "unique" in said.lower() or "duplicate" in said.lower()
    assert runtime.tables() == ({"t"} if runtime.dialect == "mysql" else set())


@pytest.mark.parametrize(
    "body",
    [
        "try:\n        op.execute('x')\n    except Exception:\n        pass",
        "print('so far')",
        "open('x')",
        "op.get_bind().begin_nested()",
        "import os",
        "from . import other",
    ],
)
def test_scripts_that_could_tell_wait(tmp_path: Path, body: str) -> None:
    path = tmp_path / "s.py"
    path.write_text(script("aa01", None, f"def upgrade():\n    {body}\n\ndef downgrade():\n    pass"))
    assert ahead_of(path) is never


def test_what_fails_is_caught_where_it_is_executed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of another module catches: its statements wait, though the script could send them ahead."""
    seen = sent_ahead(monkeypatch)
    (runtime.folder / "own_types.py").write_text(
        "def attempt(op):\n    bind = op.get_bind()\n    bind.exec_driver_sql('SAVEPOINT s')\n"
        "    try:\n        op.execute('DELETE FROM nowhere')\n    except Exception:\n"
        "        bind.exec_driver_sql('ROLLBACK TO SAVEPOINT s')\n        return 'caught'\n"
    )
    runtime.script(
        "aa01",
        """
        from own_types import attempt

        def upgrade():
            assert attempt(op) == "caught"
            op.execute("CREATE TABLE t (id INTEGER)")

        def downgrade():
            op.drop_table("t")
        """,
    )
    assert runtime.run("upgrade", "head") == 0
    assert seen == []
    assert runtime.tables() == {"t"}
