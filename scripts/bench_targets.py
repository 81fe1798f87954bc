"""A hundred targets at once through one daemon, beside as many `psql` with the same SQL: a part of scripts/bench.

Both write the version row in each revision's transaction. The daemon may have 100 connections to the server, which allows 400;
then the same with a server that allows PostgreSQL's usual 100.
"""
import os, statistics, subprocess, sys, time

TARGETS, REVISIONS, CAP = 100, 50, 100
# A psql for which the server has no room comes again; what fails later than that fails.
PATIENT = 'until "$@"; do [ $? = 2 ] || exit 1; sleep 0.05; done'


def targets_at_once(bench, root, a):
    root += "/targets"
    os.makedirs(root)
    path = bench.project(root + "/project", REVISIONS)
    file = root + "/floor.sql"
    bench.floor_file(file, REVISIONS, "postgresql")
    for allowed in (400, 100):
        server = bench.Postgres(root, max_connections=allowed, name=f"pg_{allowed}")
        try:
            one_server(bench, a, server, allowed, path, file)
        finally:
            server.stop()


def fresh(server):
    for i in range(TARGETS):
        server.sql("postgres", f"DROP DATABASE IF EXISTS t{i} WITH (FORCE)")
        server.sql("postgres", f"CREATE DATABASE t{i}")
    server.sql("postgres", "CHECKPOINT")
    return [f"postgresql://bench:bench@127.0.0.1:{server.port}/t{i}" for i in range(TARGETS)]


def all_at_once(start):
    begun = time.perf_counter()
    processes = [start(i) for i in range(TARGETS)]
    told = [process.communicate()[1].decode() for process in processes]
    took = time.perf_counter() - begun
    for process, story in zip(processes, told):
        if process.returncode:
            sys.exit(f"one of {TARGETS} ended with {process.returncode}:\n{story[-2000:]}")
    return took


def one_server(bench, a, server, allowed, path, file):
    daemon = bench.Daemon(f"{path}/{allowed}", f"[limits]\nmax_connections_per_server = {CAP}\n")
    p = bench.Project(path, "")
    p.env["MIGRATECTL_SERVER"] = daemon.address
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}

    def floor():
        fresh(server)

        def start(i):
            argv, env = server.shell(f"t{i}", file)
            return subprocess.Popen(["sh", "-c", PATIENT, "psql"] + argv, env=env, **quiet)
        return all_at_once(start)

    def ours(session):
        urls = fresh(server)

        def start(i):
            return subprocess.Popen([bench.CTL, "upgrade", "head", "--session", session],
                                    env={**p.env, "DATABASE_URL": urls[i]}, cwd=path, **quiet)
        took = all_at_once(start)
        for i in range(TARGETS):
            if (stands := server.sql(f"t{i}", "SELECT version_num FROM alembic_version")) != f"r{REVISIONS:05d}":
                sys.exit(f"t{i} stands at {stands}")
        return took
    try:
        for session in ("run", "revision"):
            pairs = [(floor(), ours(session)) for _ in range(a.runs)]
            bench.row(f"{TARGETS} targets at once, {REVISIONS} revisions each, one daemon with {CAP} connections, a server with "
                      f"{allowed}, --session {session}: its throughput / {TARGETS} `psql`", "0.8",
                      f"**{statistics.median(psql / took for psql, took in pairs):.2f}**",
                      f"median {statistics.median(took for _, took in pairs):.2f} s, `psql` "
                      f"{statistics.median(psql for psql, _ in pairs):.2f} s; all exit 0")
    finally:
        daemon.stop()
