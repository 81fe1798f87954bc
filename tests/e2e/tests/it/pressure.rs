//! Many at once, and what dies in the middle.

use crate::harness::{Answer, Database, Engine, Gate, Project, Running, on_each};
use rustix::process::Signal;
use std::rc::Rc;

/// A revision on `a1` that adds one to a counter, outside of a transaction, and takes its time.
fn slow_counter(project: &Project) {
    let first = "CREATE TABLE counter (v integer NOT NULL);\nINSERT INTO counter VALUES (0);";
    project.revision("a1", "", first, "DROP TABLE counter;");
    let slow = match project.database.engine {
        Engine::Postgres => "UPDATE counter SET v = v + 1 FROM pg_sleep(4);",
        Engine::Mariadb => "UPDATE counter SET v = v + 1 WHERE sleep(4) = 0;",
        Engine::Sqlite => {
            "UPDATE counter SET v = v + 1 WHERE (WITH RECURSIVE n(i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000) SELECT count(*) FROM n) > 0;"
        }
    };
    project.revision("b2", "a1", &format!("transaction:false\n{slow}"), "");
    project.revision("c3", "b2", "UPDATE counter SET v = v + 10;", "");
}

fn all_succeeded(answers: impl IntoIterator<Item = Answer>) {
    for answer in answers {
        answer.succeeds();
    }
}

#[test]
fn eight_at_once_from_eight_folders() {
    on_each(Engine::ALL, |first| {
        let database = Rc::clone(&first.database);
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Rc::clone(&database))).collect();
        let projects: Vec<&Project> = std::iter::once(first).chain(&others).collect();
        projects.iter().for_each(|project| slow_counter(project));
        let running: Vec<_> = projects.iter().map(|project| project.start("upgrade head")).collect();
        all_succeeded(running.into_iter().zip(&projects).map(|(one, project)| one.ends(project)));
        assert_eq!(database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert_eq!(database.sql("SELECT version_num FROM alembic_version"), "c3");
    });
}

#[test]
fn eight_at_once_through_one_daemon() {
    on_each(Engine::ALL, |project| {
        slow_counter(project);
        let running: Vec<_> = (0..8).map(|_| project.start("upgrade head")).collect();
        all_succeeded(running.into_iter().map(|one| one.ends(project)));
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
        let applied = project.ctl("runs list --output json").succeeds().stdout;
        assert_eq!(applied.matches("\"stepsDone\": 3").count(), 1, "one run did it all: {applied}");
    });
}

#[test]
fn eight_folders_through_one_daemon() {
    on_each(Engine::ALL, |first| {
        slow_counter(first);
        first.ctl("heads").succeeds();
        let server = first.server();
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Rc::clone(&first.database))).collect();
        others.iter().for_each(slow_counter);
        let words = format!("upgrade head --server {server}");
        let running: Vec<_> = others.iter().map(|project| project.start(&words)).collect();
        all_succeeded(running.into_iter().zip(&others).map(|(one, project)| one.ends(project)));
        assert_eq!(first.database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert!(others.iter().all(|project| project.daemon().is_none()), "nobody started another daemon");
    });
}

#[test]
fn an_old_image_and_a_new_one_at_once() {
    on_each(Engine::ALL, |new| {
        slow_counter(new);
        new.ctl("heads").succeeds();
        let server = new.server();
        let old = Project::beside(Rc::clone(&new.database));
        slow_counter(&old);
        old.remove("c3.sql");
        let words = format!("upgrade head --server {server}");
        let running = [old.start(&words), new.start(&words), old.start(&words), new.start(&words)];
        let owners = [&old, new, &old, new];
        all_succeeded(running.into_iter().zip(owners).map(|(one, project)| one.ends(project)));
        assert_eq!(new.database.sql("SELECT v FROM counter"), "11", "each revision once");
        let again = old.ctl(&words).succeeds();
        assert!(again.stderr.contains("AHEAD"), "{again:?}");
    });
}

/// A project on PostgreSQL whose second revision stops at a gate.
fn gated(test: impl Fn(&Project, Gate)) {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        let up = format!("CREATE TABLE t_b2 (id integer);\n{}", Gate::STOP);
        project.revision("b2", "a1", &up, "DROP TABLE t_b2;");
        test(project, Gate::shut(&project.database));
    });
}

#[test]
fn two_daemons_exclude_each_other() {
    gated(|project, gate| {
        let first = project.start("upgrade head");
        gate.reached(&project.database);
        let other = Project::beside(Rc::clone(&project.database));
        other.three();
        let up = format!("CREATE TABLE t_b2 (id integer);\n{}", Gate::STOP);
        other.revision("b2", "a1", &up, "DROP TABLE t_b2;");
        let locked_out = other.ctl("upgrade head --lock-wait 1s").exits(6).is("LOCK_WAIT_EXPIRED");
        assert!(
            locked_out.stderr.contains("stands at a1; nothing was changed by this run"),
            "{locked_out:?}"
        );
        let mut longer = other.command("sh");
        longer.args(["-c", &locked_out.next()]);
        let mut second = Running::start(longer, "the command that was named");
        second.told("waiting");
        gate.open();
        all_succeeded([first.ends(project), second.ends(&other)]);
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
    });
}

#[test]
fn a_client_that_vanishes_leaves_its_run_alone() {
    gated(|project, gate| {
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        drop(client); // SIGKILL
        gate.open();
        project.ctl("wait head --timeout 60s").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        let runs = project.ctl("runs list").succeeds().stdout;
        assert_eq!(runs.matches("SUCCEEDED").count(), 1, "{runs}");
    });
}

#[test]
fn the_first_interrupt_cancels_the_run() {
    gated(|project, gate| {
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.signal(Signal::INT);
        client.told("interrupted: cancelling");
        let answer = client.ends(project).exits(4).is("CANCELLED").recorded("interrupted_once");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "a1", "clean");
        gate.open();
        project.shell(&answer.next()).succeeds();
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn detaching_leaves_the_run_to_the_daemon() {
    gated(|project, gate| {
        let mut client = project.start("upgrade head --on-interrupt detach");
        gate.reached(&project.database);
        client.signal(Signal::INT);
        let line = client.told("goes on");
        client.ends(project).exits(130);
        gate.open();
        // The line names the command that watches the run to its end.
        let watch = line.split('`').nth(1).expect("a command");
        project.shell(watch).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn the_second_interrupt_leaves_at_once() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        // Refuses to be cancelled, until its session is ended.
        let stubborn = "DO $$ BEGIN SET LOCAL lock_timeout = 0; LOOP BEGIN PERFORM pg_advisory_xact_lock(4242); EXIT; \
                        EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;";
        project.revision("b2", "a1", stubborn, "");
        let gate = Gate::shut(&project.database);
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.signal(Signal::INT);
        client.told("interrupted: cancelling");
        client.signal(Signal::INT);
        let line = client.told("may still go on");
        client.ends(project).exits(130);
        let watch = line.split('`').nth(1).expect("a command");
        project.shell(watch).exits(4).is("CANCELLED");
        gate.open();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn a_daemon_killed_in_a_transaction() {
    gated(|project, gate| {
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        gate.open();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
        let runs = project.ctl("runs list").succeeds().stdout;
        assert!(!runs.contains("RUNNING"), "the run of the dead daemon is settled: {runs}");
    });
}

#[test]
fn a_daemon_killed_outside_of_a_transaction() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        let up = "transaction:false\nCREATE TABLE t_b2 (v integer);\nINSERT INTO t_b2 VALUES (0);\n\
                  UPDATE t_b2 SET v = v + 1 WHERE (SELECT pg_advisory_xact_lock(4242)) IS NOT NULL;\n\
                  UPDATE t_b2 SET v = v + 10;";
        project.revision("b2", "a1", up, "");
        let gate = Gate::shut(&project.database);
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        gate.open();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT v FROM t_b2"), "11", "each statement once");
    });
}

#[test]
fn a_daemon_killed_while_sqlite_works() {
    on_each(&[Engine::Sqlite], |project| {
        slow_counter(project);
        let mut client = project.start("upgrade head");
        client.told("[1/3]");
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert_eq!(project.database.sql("PRAGMA integrity_check"), "ok");
    });
}

#[test]
fn a_daemon_killed_while_mariadb_works() {
    on_each(&[Engine::Mariadb], |project| {
        slow_counter(project);
        let mut client = project.start("upgrade head");
        client.told("[1/3]");
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
    });
}

#[test]
fn children_survive_a_rebuild_of_their_parent() {
    on_each(&[Engine::Sqlite], |project| {
        let up = "CREATE TABLE parent (id integer PRIMARY KEY, name text);\n\
                  CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent ON DELETE CASCADE);\n\
                  INSERT INTO parent VALUES (1, 'a'), (2, 'b');\nINSERT INTO child VALUES (1, 1), (2, 1), (3, 2);";
        project.revision("a1", "", up, "");
        let up = "PRAGMA foreign_keys=ON;\nPRAGMA foreign_keys=OFF;\n\
                  CREATE TABLE new (id integer PRIMARY KEY, name text NOT NULL);\n\
                  INSERT INTO new SELECT * FROM parent;\nDROP TABLE parent;\nALTER TABLE new RENAME TO parent;\n\
                  PRAGMA foreign_keys=ON;";
        project.revision("b2", "a1", up, "");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM child"), "3");
        // A rebuild that leaves orphans is found before it is committed.
        let up = "PRAGMA foreign_keys=OFF;\nDELETE FROM parent WHERE id = 2;";
        project.revision("c3", "b2", up, "");
        let before = project.database.dump();
        project.ctl("upgrade head").exits(4).is("STATEMENT_FAILED").recorded("orphans");
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn a_fleet_keeps_to_the_connections_that_it_may_have() {
    on_each(&[Engine::Postgres], |first| {
        first.three();
        let mut heads = first.command("migratectl");
        heads.env("MIGRATED_LIMITS__MAX_CONNECTIONS_PER_SERVER", "5").arg("heads");
        Running::start(heads, "heads").ends(first).succeeds();
        let words = format!("upgrade head --server {}", first.server());
        let fleet: Vec<Project> =
            (0..6).filter_map(|_| Database::new(Engine::Postgres)).map(Project::new).collect();
        let names: Vec<String> = fleet.iter().map(|one| format!("'{}'", one.database.name)).collect();
        // What is there at any moment is counted by the server, for as long as somebody may be at work.
        first.database.sql("CREATE TABLE most (connections bigint); INSERT INTO most VALUES (0)");
        let count = format!(
            "DO $$ DECLARE idle integer := 0; n bigint; top bigint := 0; BEGIN WHILE idle < 100 LOOP \
             SELECT count(*) INTO n FROM pg_stat_activity WHERE application_name LIKE 'migrated%' AND datname IN ({}); \
             top := greatest(top, n); idle := CASE WHEN n = 0 AND top > 0 THEN idle + 1 ELSE 0 END; \
             PERFORM pg_stat_clear_snapshot(), pg_sleep(0.003); END LOOP; UPDATE most SET connections = top; END $$",
            names.join(",")
        );
        std::thread::scope(|scope| {
            let url = first.database.url();
            let counting = scope.spawn(move || {
                std::process::Command::new("psql").args(["-XqAt", "-d", &url, "-c", &count]).status()
            });
            fleet.iter().for_each(Project::three);
            let running: Vec<_> = fleet.iter().map(|one| one.start(&words)).collect();
            all_succeeded(running.into_iter().zip(&fleet).map(|(one, project)| one.ends(project)));
            assert!(counting.join().expect("no panic").expect("psql is installed").success());
        });
        let most: u32 = first.database.sql("SELECT connections FROM most").parse().expect("a number");
        assert!((2..=5).contains(&most), "{most} connections at a time");
        assert!(fleet.iter().all(|one| one.database.sql("SELECT version_num FROM alembic_version") == "c3"));
    });
}
