//! The daemon dies in the middle.

use crate::harness::{Engine, Gate, on_each};

#[test]
fn a_daemon_killed_in_a_transaction() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
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
        project.slow_counter();
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
        project.slow_counter();
        let mut client = project.start("upgrade head");
        client.told("[1/3]");
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
    });
}
