"""What goes wrong around a project of Alembic: each with a text, the state, and what to do."""

from __future__ import annotations

import hashlib
import textwrap
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from bed.alembic_runtime import NO_MODELS, Runtime
from bed.cutter import Cutter
from bed.project import SHARED, Project

A_TABLE = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("t")
"""


def refused(runtime: Runtime, capsys: pytest.CaptureFixture[str], *arguments: str, code: int | None) -> str:
    """Run a command that is refused; give what it said, which has an error, a state and a next step."""
    capsys.readouterr()
    ended = runtime.run(*arguments)
    # A run that failed tells by its code whether something of it is left.
    assert ended == ((5 if runtime.tables() else 4) if code is None else code)
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    for word in ("error: ", "state: ", "next: "):
        assert any(line.startswith(word) for line in lines), told.err
    return told.err


def test_no_daemon(
    on_sqlite: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.script("aa01", A_TABLE)
    monkeypatch.setenv("MIGRATECTL_SERVER", "127.0.0.1:1")
    assert "127.0.0.1:1" in refused(on_sqlite, capsys, "upgrade", "head", code=1)
    monkeypatch.delenv("MIGRATECTL_SERVER")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "migrated" in refused(on_sqlite, capsys, "upgrade", "head", code=1)
    assert not (on_sqlite.folder / "app.db").exists() or on_sqlite.tables() == set()


def test_models_that_raise(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    (on_sqlite.folder / "own_types.py").write_text("\nraise RuntimeError('SECRET_KEY is\\nnot set')\n")
    on_sqlite.env("import own_types\n" + NO_MODELS)
    on_sqlite.script("aa01", A_TABLE)
    said = refused(on_sqlite, capsys, "upgrade", "head", code=2)
    assert "error: env.py raised RuntimeError: SECRET_KEY is not set" in said
    assert "own_types.py" in said
    assert "alembic/script" not in said


def test_an_env_that_exits(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    on_sqlite.env("import sys\nsys.exit('set DATABASE first')\n" + NO_MODELS)
    assert "SystemExit: set DATABASE first" in refused(on_sqlite, capsys, "current", code=2)


def test_an_env_that_configures_nothing(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    (on_sqlite.folder / "env" / "env.py").write_text("x = 1\n")
    assert "never called context.run_migrations()" in refused(on_sqlite, capsys, "current", code=2)


def test_an_env_that_prints_and_starts_threads(
    on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    on_sqlite.env(
        textwrap.dedent(
            """
            import threading
            print("here I am")
            going = threading.Event()
            beside = threading.Thread(target=going.wait)
            beside.start()
            """
        )
        + NO_MODELS
    )
    env = on_sqlite.folder / "env" / "env.py"
    env.write_text(env.read_text() + "\ngoing.set()\nbeside.join()\n")
    on_sqlite.script("aa01", A_TABLE)
    assert on_sqlite.run("upgrade", "head") == 0
    capsys.readouterr()
    assert on_sqlite.run("current") == 0
    told = capsys.readouterr()
    assert told.out == "aa01 (head)\n"
    assert "here I am" in told.err
    assert on_sqlite.run("upgrade", "head", "--sql") == 0
    told = capsys.readouterr()
    assert "CREATE TABLE t" in told.out
    assert "here I am" not in told.out


def test_an_env_that_configures_twice(on_sqlite: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    env = on_sqlite.folder / "env" / "env.py"
    on_sqlite.script("aa01", A_TABLE)
    env.write_text(
        textwrap.dedent(
            """
            from alembic import context
            from sqlalchemy import create_engine, pool
            for name in ("one", "two"):
                engine = create_engine(f"sqlite:///{name}.db", poolclass=pool.NullPool)
                with engine.connect() as connection:
                    context.configure(connection=connection, target_metadata=None)
                    with context.begin_transaction():
                        context.run_migrations()
                engine.dispose()
            """
        )
    )
    said = refused(on_sqlite, capsys, "upgrade", "head", code=2)
    assert "runs migrations 2 times: sqlite:///one.db, sqlite:///two.db" in said
    env.write_text(
        env.read_text()
        .replace("context.configure(", "context.configure(connection=connection); context.configure(", 1)
        .replace('("one", "two")', '("one",)')
    )
    assert on_sqlite.run("upgrade", "head") == 0


def test_two_projects_and_one_database(
    on_postgresql: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_postgresql.script("aa01", A_TABLE)
    assert on_postgresql.run("upgrade", "head") == 0
    second = on_postgresql.folder / "second"
    second.mkdir()
    other = Runtime(second, on_postgresql.dialect, on_postgresql.url)
    other.script("bb02", A_TABLE.replace('"t"', '"u"'))
    monkeypatch.chdir(second)
    said = refused(other, capsys, "upgrade", "head", code=1)
    assert "aa01" in said
    assert on_postgresql.tables() == {"t"}
    other.env(options='version_table="second_version"')
    assert other.run("upgrade", "head") == 0
    assert on_postgresql.tables() == {"t", "u", "second_version"}


@pytest.mark.parametrize(
    ("commits", "says"),
    [
        ("op.get_bind().commit()", "a revision does not commit"),
        ('op.get_bind().execute(sa.text("COMMIT"))', "COMMIT"),
        ('op.execute("ROLLBACK")', "ROLLBACK"),
        ("op.get_bind().connection.commit()", "a revision does not commit"),
    ],
)
def test_a_script_that_commits(
    runtime: Runtime, capsys: pytest.CaptureFixture[str], commits: str, says: str
) -> None:
    path = runtime.script("aa01", A_TABLE.replace("\n\ndef down", f"\n    {commits}\n\ndef down"))
    said = refused(runtime, capsys, "upgrade", "head", code=None)
    assert says in said
    assert "aa01" in said
    assert path.name.removesuffix(".py") in said
    if runtime.dialect != "mysql":
        assert runtime.tables() == set()
    assert runtime.versions == []


STATEMENTS = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))
    for number in range(1, 6):
        op.execute(f"INSERT INTO t VALUES ({number})")
    found = op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar()
    assert found == 5, found

def downgrade():
    op.drop_table("t")
"""


def test_a_stream_that_dies_anywhere(
    on_postgresql: Runtime,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_postgresql.script("aa01", STATEMENTS)
    daemon = project.serve(shared=SHARED + '[runs]\nexecutor_wait = "2s"\n')
    monkeypatch.setenv("MIGRATECTL_PROJECT", "shop")

    def cut(after: int) -> tuple[int, str, int]:
        cutter = Cutter(daemon, [after])
        monkeypatch.setenv("MIGRATECTL_SERVER", cutter.address)
        capsys.readouterr()
        code = on_postgresql.run("upgrade", "head")
        cutter.close()
        return code, capsys.readouterr().err, cutter.passed[0]

    code, _, whole = cut(10**9)
    assert code == 0
    seen = set()
    for after in [*range(0, whole, max(1, whole // 24)), whole - 1]:
        monkeypatch.setenv("MIGRATECTL_SERVER", daemon)
        assert on_postgresql.run("downgrade", "base") == 0
        code, said, _ = cut(after)
        seen.add(code)
        stands = on_postgresql.versions
        if code == 0:
            assert stands == ["aa01"], said
            continue
        for word in ("error: ", "state: ", "next: "):
            assert any(line.startswith(word) for line in said.splitlines()), said
        # Whole or not at all; and another attempt makes it whole.
        assert (stands, on_postgresql.tables()) in [([], set()), (["aa01"], {"t"})], said
        monkeypatch.setenv("MIGRATECTL_SERVER", daemon)
        assert on_postgresql.run("upgrade", "head") == 0, capsys.readouterr().err
        assert on_postgresql.versions == ["aa01"]
        assert len(on_postgresql.rows("SELECT id FROM t")) == 5
    assert seen > {0}


def test_a_token_that_expires(
    on_postgresql: Runtime,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_postgresql.script("aa01", A_TABLE)
    tokens = "".join(
        f'[[access.tokens]]\nname = "{name}"\nsha256 = "{hashlib.sha256(name.encode()).hexdigest()}"\n'
        f'rights = ["operate"]\nexpires = {end}\n'
        for name, end in (("good", "2999-01-01T00:00:00Z"), ("old", "2020-01-01T00:00:00Z"))
    )
    monkeypatch.setenv("MIGRATECTL_PROJECT", "shop")
    monkeypatch.setenv("MIGRATECTL_SERVER", project.serve(sections=tokens))
    monkeypatch.setenv("MIGRATECTL_TOKEN", "old")
    said = refused(on_postgresql, capsys, "upgrade", "head", code=1)
    assert "MG6001" in said
    assert "expired at 2020-01-01T00:00:00Z" in said
    assert on_postgresql.tables() == set()
    monkeypatch.setenv("MIGRATECTL_TOKEN", "good")
    assert on_postgresql.run("upgrade", "head") == 0


class _Older(grpc.GenericRpcHandler):
    """A daemon that knows nothing of what it is asked."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> None:
        return None


def test_a_daemon_of_another_version(
    on_sqlite: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.script("aa01", A_TABLE)
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Older()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("MIGRATECTL_PROJECT", "shop")
    monkeypatch.setenv("MIGRATECTL_SERVER", f"127.0.0.1:{port}")
    said = refused(on_sqlite, capsys, "upgrade", "head", code=1)
    server.stop(None).wait()
    assert "UNIMPLEMENTED" in said
    assert "upgrade" in next(line for line in said.splitlines() if line.startswith("next: "))
