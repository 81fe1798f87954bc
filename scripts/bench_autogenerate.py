"""Autogenerate beside Alembic's, on the same tables of one PostgreSQL: a part of scripts/bench.

Alembic runs `alembic check`, which does all that its autogenerate does but write the file; migratectl runs `revision
--autogenerate`. Nothing is there to find. The models are a module of SQLAlchemy, the statements are what it prints for them.
"""
import os, statistics, subprocess, sys, time

MODELS = """
from sqlalchemy import *
from sqlalchemy.schema import CreateTable, CreateIndex
from sqlalchemy.dialects import postgresql
metadata = MetaData()
for i in range({n}):
    Table(f"t{{i:05d}}", metadata,
          Column("id", BigInteger, primary_key=True),
          Column("parent", BigInteger, ForeignKey(f"t{{i // 2:05d}}.id", name=f"t{{i:05d}}_parent_fkey")),
          Column("name", String(50), nullable=False, server_default="none"),
          Column("price", Numeric(10, 2)), Column("created", DateTime(timezone=True), server_default=func.now(), nullable=False),
          Column("active", Boolean, server_default=true(), nullable=False), Column("note", Text), Column("amount", Integer),
          Column("day", Date), Column("code", String(20)),
          Index(f"t{{i:05d}}_name_idx", "name"), Index(f"t{{i:05d}}_code_idx", "code"))
if __name__ == "__main__":
    for table in metadata.sorted_tables:
        print(str(CreateTable(table).compile(dialect=postgresql.dialect())).strip() + ";")
        for index in sorted(table.indexes, key=lambda index: index.name):
            print(str(CreateIndex(index).compile(dialect=postgresql.dialect())) + ";")
"""

ENV = """
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
from alembic import context
from sqlalchemy import create_engine
from models import metadata
with create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


class Alembic:
    def __init__(self, root, n, python):
        self.path, self.python = f"{root}/alembic_{n}", python
        os.makedirs(self.path + "/scripts/versions")
        for name, text in (("models.py", MODELS.format(n=n)), ("env.py", ENV)):
            with open(f"{self.path}/scripts/{name}", "w") as f:
                f.write(text)
        with open(self.path + "/alembic.ini", "w") as f:
            f.write("[alembic]\nscript_location = scripts\n")

    def ddl(self):
        return subprocess.run([self.python, self.path + "/scripts/models.py"], check=True, stdout=subprocess.PIPE).stdout.decode()

    def check(self, url):
        """Seconds and megabytes."""
        begun = time.perf_counter()
        process = subprocess.Popen([os.path.join(os.path.dirname(self.python), "alembic"), "check"], cwd=self.path,
                                   env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        told = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"alembic check failed:\n{told[-2000:]}")
        return time.perf_counter() - begun, used.ru_maxrss / 1024


def median(times):
    return statistics.median(times)


def autogenerate(bench, root, a):
    root += "/autogenerate"
    os.makedirs(root)
    subprocess.run([sys.executable, "-m", "venv", root + "/venv"], check=True)
    python = root + "/venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "alembic", "sqlalchemy",
                    "psycopg[binary]"], check=True)
    server = bench.Postgres(root)
    try:
        for n in a.tables:
            tables(bench, root, a, server, Alembic(root, n, python), n)
    finally:
        server.stop()
    if a.tables:
        for example in ("diff_time", "render_time"):
            told = subprocess.run(["cargo", "run", "-q", "--release", "-p", "migrated-core", "--example", example],
                                  cwd=bench.HERE, stdout=subprocess.PIPE, check=True).stdout.decode()
            for line in told.splitlines():
                what, measured = line.rsplit(": ", 1)
                bench.row(what, "1 s" if example == "diff_time" else "0.2 s", measured)


def tables(bench, root, a, server, alembic, n):
    url = server.fresh(f"tables_{n}")
    path = bench.project(f"{root}/tables_{n}", 0)
    p = bench.Project(path, url)
    ddl = alembic.ddl()
    file = f"{path}/schema.sql"
    with open(file, "w") as f:
        f.write(ddl)
    argv, env = server.shell(f"tables_{n}", file)
    bench.timed(argv, env)
    with open(path + "/schema.json", "w") as f:
        subprocess.run([bench.CTL, "inspect", "--format", "json"], env=p.env, cwd=path, stdout=f, check=True)
    p.ctl("heads")

    def ours(schema):
        return p.ctl("revision", "--autogenerate", "-m", "nothing", "--schema", schema)

    def cold():
        p.stop()
        return ours("schema.json")

    def unknown(turn):
        with open(path + "/new.sql", "w") as f:
            f.write(f"-- {turn}\n{ddl}")
        return ours("new.sql")

    def floor():
        server.fresh("made")
        argv, env = server.shell("made", file)
        return bench.timed(argv, env)
    rounds = [dict(alembic=alembic.check(url), cold=cold(), warm=min(ours("schema.json") for _ in range(3)), floor=floor(),
                   unknown=unknown(turn), known=min(ours("new.sql") for _ in range(3))) for turn in range(a.runs)]
    theirs = median(turn["alembic"][0] for turn in rounds)
    first = f"{n:,} tables, nothing to find"

    def ratio(what, key, reach):
        got = median(turn[key] / turn["alembic"][0] for turn in rounds)
        bench.row(f"{first}: {what} / Alembic", reach, f"**{got:.3f}**",
                  f"{median(turn[key] for turn in rounds):.2f} s / {theirs:.2f} s")
    ratio("a description, daemon running", "warm", "0.1")
    ratio("a description, daemon not running", "cold", "0.33")
    over = median(turn["unknown"] - turn["floor"] for turn in rounds)
    bench.row(f"{first}: SQL seen for the first time, beyond `psql` with the same file", "0.4 s", f"**{over:.2f} s**",
              f"{median(turn['unknown'] for turn in rounds):.2f} s / {median(turn['floor'] for turn in rounds):.2f} s")
    ratio("SQL seen before", "known", "0.1")
    p.stop()
    ours("schema.json")
    bench.row(f"{first}: daemon's memory at its peak, a description", "300 MB at 5,000", f"{p.rss(key='VmHWM'):.0f} MB",
              f"Alembic {max(turn['alembic'][1] for turn in rounds):.0f} MB")
    ours("new.sql")
    bench.row(f"{first}: the same, SQL seen before", "300 MB at 5,000", f"{p.rss(key='VmHWM'):.0f} MB")
    p.stop()
