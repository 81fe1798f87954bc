"""Ten thousand watchers on one run: what they cost the run, and the daemon in memory.

The run stands at a lock, which is held here, until every watcher has its first message; then the lock is let go. Time is
taken from there to the end of the command that began the run. Rounds with and without watchers take turns.
"""
import json, os, resource, statistics, subprocess, sys, threading, time

PAUSE = 0.05


class Lock:
    """An advisory lock that the first revision waits for."""

    def __init__(self, server):
        self.session = subprocess.Popen([server.bin + "/psql", "-XqAt", "-d", "t"], env=server.env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.session.stdin.write("SELECT pg_advisory_lock(4242);\n\\echo held\n")
        self.session.stdin.flush()
        while "held" not in self.session.stdout.readline():
            pass
        self.server = server

    def reached(self):
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted"
        while subprocess.run([self.server.bin + "/psql", "-XqAt", "-d", "t", "-c", waits], env=self.server.env,
                             stdout=subprocess.PIPE).stdout.strip() != b"1":
            time.sleep(PAUSE)

    def open(self):
        self.session.stdin.close()
        self.session.wait()


class Daemon:
    def __init__(self, bench, root, url):
        self.bench, self.address = bench, f"127.0.0.1:{bench.port()}"
        with open(root + "/watched.toml", "w") as f:
            f.write(f'[listen]\naddresses = ["{self.address}"]\nmax_connections = 20000\n[store]\npath = "{root}/watched.db"\n'
                    f'[projects]\ncreate_on_push = true\n[connections.main]\nurl = "{url}"\n')
        self.process = subprocess.Popen([bench.DAEMON, "--config", root + "/watched.toml", "--log", "warn"])
        self.env = {**os.environ, "MIGRATECTL_SERVER": "http://" + self.address, "NO_COLOR": "1"}
        self.env.pop("DATABASE_URL", None)

    def ctl(self, path, *args):
        return [self.bench.CTL, *args, "--server", "http://" + self.address], {"env": self.env, "cwd": path}

    def memory(self, key="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(key)) / 1024

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            return sum(map(int, f.read().rsplit(")")[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def round_of(bench, root, server, path, watchers, connections, options):
    """One run: its wall time from the lock on, and what was seen meanwhile."""
    url = server.fresh("t")
    for name in os.listdir(root):
        if name.startswith("watched.db"):
            os.remove(os.path.join(root, name))
    daemon = Daemon(bench, root, url)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        heads, where = daemon.ctl(path, "heads")
        while subprocess.run(heads, **where, **quiet).returncode:
            time.sleep(PAUSE)
        lock = Lock(server)
        upgrade, where = daemon.ctl(path, "upgrade", "head", "--target", "main", *options)
        command = subprocess.Popen(upgrade, **where, **quiet)
        lock.reached()
        look, where = daemon.ctl(path, "runs", "list", "--output", "json")
        run = json.loads(subprocess.run(look, **where, stdout=subprocess.PIPE, check=True).stdout)["runs"][0]["id"]
        crowd, seen = None, {"before": daemon.memory()}
        if watchers:
            crowd = subprocess.Popen([os.path.join(bench.BIN, "migrated-watchers"), daemon.address, run, str(watchers),
                                      str(connections)], stdout=subprocess.PIPE, text=True)
            if crowd.stdout.readline().strip() != "ready":
                sys.exit("the watchers did not come")
            seen["waiting"] = daemon.memory()
        begun, spent = time.perf_counter(), daemon.cpu()
        lock.open()
        if command.wait():
            sys.exit("the run failed")
        took = time.perf_counter() - begun
        seen["cpu"] = daemon.cpu() - spent
        if crowd:
            told = crowd.communicate()[0]
            if crowd.returncode:
                sys.exit("a watcher failed")
            seen.update(json.loads(told), last=time.perf_counter() - begun)
        seen["peak"] = daemon.memory("VmHWM")
        return took, seen
    finally:
        daemon.stop()


def watchers(bench, root, a):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = bench.Postgres(root)
    try:
        path = bench.project(root + "/watched", a.rows)
        first = path + "/migrations/00001_m.sql"
        with open(first) as f:
            text = f.read()
        with open(first, "w") as f:
            f.write(text.replace("-- migrate:up\n", "-- migrate:up\nSET LOCAL lock_timeout = 0;\n"
                                                    "SELECT pg_advisory_xact_lock(4242);\n"))
        # One for each watcher, where the system gives so many files.
        shapes = [c for c in (100, a.watchers) if c + 200 < hard]
        for options in ([], ["--session", "run"]):
            for connections in shapes:
                pairs = []
                for _ in range(a.runs):
                    alone, _ = round_of(bench, root, server, path, 0, 0, options)
                    beside, seen = round_of(bench, root, server, path, a.watchers, connections, options)
                    pairs.append((alone, beside, seen))
                ratio = statistics.median(beside / alone for alone, beside, _ in pairs)
                alone, beside, seen = pairs[-1]
                name = f"{a.watchers} watchers over {connections} connections, {a.rows} revisions{' '.join(['', *options])}"
                bench.row(f"{name}: the run / without watchers", "1.2", f"**{ratio:.2f}**",
                          f"{beside:.2f} s / {alone:.2f} s; the daemon's processor time {seen['cpu']:.1f} s; "
                          f"{seen['events']} events in {seen['messages']} messages; the last watcher had all of them "
                          f"{seen['last'] - beside:.1f} s after the run's end")
                bench.row(f"{name}: the daemon's memory", "400 MB", f"{max(s['peak'] for *_, s in pairs):.0f} MB",
                          f"{seen['waiting']:.0f} MB while they wait, {seen['before']:.0f} MB without them")
    finally:
        server.stop()
