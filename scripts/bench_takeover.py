"""How long until another daemon goes on with the run of one that was killed: a part of scripts/bench.

Two daemons on one store in PostgreSQL, the lease at its default. The second revision waits at a lock that is held here, its
daemon is killed with -9 at a random moment of the lease's renewal, and the time is taken until a watcher on the other daemon is
told that this revision begins again.
"""
import json, os, random, signal, statistics, subprocess, sys, time

TRIALS, KEY = 10, 4242
REVISIONS = (("a1", "", "CREATE TABLE t_a1 (x integer);"),
             ("b2", "a1", f"SELECT set_config('lock_timeout', '0', true);\nSELECT pg_advisory_xact_lock({KEY});\n"
                          "CREATE TABLE t_b2 (x integer);"),
             ("c3", "b2", "CREATE TABLE t_c3 (x integer);"))


def takeover(bench, root, a):
    root += "/takeover"
    os.makedirs(root + "/project/migrations")
    for name, down, sql in REVISIONS:
        parent = f"-- down_revision: {down}\n" if down else ""
        with open(f"{root}/project/migrations/{name}.sql", "w") as f:
            f.write(f"-- revision: {name}\n{parent}\n-- migrate:up\n{sql}\n")
    with open(root + "/project/migratectl.toml", "w") as f:
        f.write('dirs = ["migrations"]\nproject = "bench"\n')
    server = bench.Postgres(root)
    draw = random.Random(20261122)
    try:
        store = server.fresh("store").replace("postgresql:", "postgres:")
        connections = "".join(f'[connections.t{i}]\nurl = "{server.fresh(f"t{i}")}"\n' for i in range(TRIALS))

        def daemon(name):
            return bench.Daemon(f"{root}/{name}", f'[runs]\nowner = "{name}"\n{connections}', store=f'url = "{store}"')
        other = daemon("other")
        try:
            trials = [trial(bench, server, root, daemon(f"owner{i}"), other, f"t{i}", draw) for i in range(TRIALS)]
        finally:
            other.stop()
    finally:
        server.stop()
    for what, times in zip(("the first step of the new owner", "the takeover alone"), zip(*trials)):
        bench.row(f"from kill -9 of a run's owner to {what}, lease 10 s, {TRIALS} trials", "12 s",
                  f"**{max(times):.1f} s**", f"at least {min(times):.1f} s, median {statistics.median(times):.1f} s")


def waits_at_the_gate(server, target):
    return server.sql(target, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                              f"AND objid = {KEY} AND database = (SELECT oid FROM pg_database WHERE datname = '{target}')") == "1"


def next_event(watcher, kind, fits=lambda event: True):
    """The moment at which the watcher was told of such an event."""
    for line in watcher.stdout:
        event = json.loads(line)
        if kind in event and fits(event[kind]):
            return time.perf_counter()
    sys.exit(f"the watcher ended before {kind}")


def trial(bench, server, root, owner, other, target, draw):
    p = bench.Project(root + "/project", "")
    p.env.pop("DATABASE_URL")
    gate = subprocess.Popen([server.bin + "/psql", "-qAtX", "-d", target], env=server.env, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    gate.stdin.write(f"SELECT pg_advisory_lock({KEY});\n\\echo shut\n")
    gate.stdin.flush()
    while gate.stdout.readline().strip() != "shut":
        pass
    client = subprocess.Popen([bench.CTL, "upgrade", "head", "--target", target, "--server", owner.address], env=p.env,
                              cwd=p.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watcher = None
    try:
        while not waits_at_the_gate(server, target):
            time.sleep(0.05)
        run = server.sql("store", f"SELECT id FROM migrated.run WHERE target = '{target}'")
        watcher = subprocess.Popen([bench.CTL, "runs", "watch", run, "--output", "json", "--server", other.address],
                                   env=p.env, cwd=p.path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

        def is_second(step):
            return step["revision"] == "b2"
        next_event(watcher, "stepStarted", is_second)
        # The moment within the lease's renewal is what is drawn.
        time.sleep(draw.uniform(0, 2))
        os.kill(owner.process.pid, signal.SIGKILL)
        killed = time.perf_counter()
        taken = next_event(watcher, "warning", lambda warning: warning["reason"] == "RUN_TAKEN_OVER") - killed
        begun = next_event(watcher, "stepStarted", is_second) - killed
        gate.stdin.close()
        watcher.stdout.read()
        if watcher.wait() or server.sql(target, "SELECT version_num FROM alembic_version") != "c3":
            sys.exit(f"{target}: the run did not go on to its end")
        return begun, taken
    finally:
        for process in filter(None, (gate, client, watcher)):
            process.kill()
            process.wait()
        owner.process.wait()
