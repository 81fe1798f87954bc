"""Fifty `upgrade head` at once on one target, beside a single one: a part of scripts/bench.

Each revision also writes its number into a table, so that the target tells whether each was applied once. Once all go through
one daemon, once each through an embedded daemon of its own, from a copy of the project's folder.
"""
import json, os, shutil, statistics, subprocess, sys, time

REVISIONS, CLIENTS = 200, 50
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}


def together(bench, root, a):
    root += "/together"
    os.makedirs(root)
    server = bench.Postgres(root)
    try:
        first = bench.project(root + "/project", REVISIONS, extra="INSERT INTO ledger VALUES ({i});\n")
        through_one(bench, root, a, server, first)
        each_its_own(bench, root, a, server, first)
    finally:
        server.stop()


def database(server, name):
    url = server.fresh(name)
    server.sql(name, "CREATE TABLE ledger (revision integer NOT NULL)")
    return url


def all_at_once(commands):
    """Seconds until the last has ended; all must succeed."""
    begun = time.perf_counter()
    processes = [subprocess.Popen(argv, env=project.env, cwd=project.path, **QUIET) for argv, project in commands]
    told = [process.communicate()[1].decode() for process in processes]
    took = time.perf_counter() - begun
    for process, story in zip(processes, told):
        if process.returncode:
            sys.exit(f"one of {len(processes)} clients ended with {process.returncode}:\n{story[-2000:]}")
    return took


def worked(bench, project, url):
    """The runs on that target that did something, by their steps."""
    name = url.rsplit("/", 1)[1]
    told = subprocess.run([bench.CTL, "runs", "list", "--all-projects", "--limit", "1000", "--output", "json"], check=True,
                          env=project.env, cwd=project.path, stdout=subprocess.PIPE).stdout.decode()
    ours = [run for run in json.loads(told).get("runs", []) if run["target"].split("?")[0].endswith("/" + name)]
    return [int(run["stepsDone"]) for run in ours if int(run.get("stepsDone", 0))]


def done_once(server, name, steps):
    """Exits unless one run applied every revision once."""
    ledger = server.sql(name, "SELECT count(*), count(DISTINCT revision) FROM ledger")
    if steps != [REVISIONS] or ledger != f"{REVISIONS}|{REVISIONS}":
        sys.exit(f"not one run that did everything once: {steps} steps, {ledger} rows of {REVISIONS}")


def through_one(bench, root, a, server, path):
    p = bench.Project(path, "")
    p.to(database(server, "one_warm")).ctl("upgrade", "head")
    upgrade = [bench.CTL, "upgrade", "head"]
    pairs = []
    for turn in range(a.runs):
        single = p.to(database(server, f"one_single_{turn}")).ctl("upgrade", "head")
        name = f"one_many_{turn}"
        url = database(server, name)
        p.to(url)
        pairs.append((single, all_at_once([(upgrade, p)] * CLIENTS)))
        done_once(server, name, worked(bench, p, url))
    p.stop()
    told(bench, "through one daemon", "1.3", pairs)


def each_its_own(bench, root, a, server, path):
    shutil.rmtree(path + "/.migrated", ignore_errors=True)
    upgrade = [bench.CTL, "upgrade", "head"]

    def copies(kind, count, url):
        made = []
        for i in range(count):
            made.append(bench.Project(shutil.copytree(path, f"{root}/{kind}_{i}"), url))
        return made

    def timed(kind, count):
        url = database(server, kind)
        projects = copies(kind, count, url)
        # Files that were written a moment ago are read again, for they could change without their times moving.
        time.sleep(2.5)
        try:
            took = all_at_once([(upgrade, project) for project in projects])
            done_once(server, kind, [steps for project in projects for steps in worked(bench, project, url)])
        finally:
            for project in projects:
                project.stop()
                shutil.rmtree(project.path, ignore_errors=True)
        return took
    pairs = [(timed(f"own_single_{turn}", 1), timed(f"own_many_{turn}", CLIENTS)) for turn in range(a.runs)]
    told(bench, f"through {CLIENTS} embedded daemons, none of them running", "2", pairs)


def told(bench, how, reach, pairs):
    ratio = statistics.median(many / single for single, many in pairs)
    bench.row(f"{CLIENTS} × `upgrade head` at once on one target, {REVISIONS} revisions, {how} / a single one", reach,
              f"**{ratio:.2f}**", f"median {statistics.median(many for _, many in pairs):.2f} s, a single one "
              f"{statistics.median(single for single, _ in pairs):.2f} s; all exit 0, one run, each revision once")
