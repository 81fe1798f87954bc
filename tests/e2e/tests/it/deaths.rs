//! The daemon dies in the middle.

use crate::harness::{Daemon, Engine, Gate, Leaves, Project, on_each};

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

/// Runs the command that is named after a run was cut off: it settles that run, and goes on.
#[track_caller]
fn settled_by(project: &Project, next: &str) {
    project.shell(next).succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
    let states = project.store("SELECT state FROM run ORDER BY created_at DESC, id DESC LIMIT 2");
    assert_eq!(states, "SUCCEEDED\nFAILED\n", "what was cut off is settled");
}

#[test]
fn an_embedded_daemon_killed_while_its_client_watches() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
        project.ctl("upgrade a1").succeeds();
        let before = project.place();
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[1/2]");
        project.kill_daemon();
        // The client starts another daemon, which finds the run cut off.
        let answer = client.ends(project).exits(9).is("RUN_INTERRUPTED").recorded("interrupted_run_*");
        before.is_kept(&project.place(), Leaves::Run("RUNNING"));
        gate.open();
        settled_by(project, &answer.next());
    });
}

#[test]
fn a_daemon_that_comes_back_while_its_client_watches() {
    on_each(Gate::ENGINES, |project| {
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        let address = daemon.address.clone();
        project.configure_server(&format!("http://{address}"), "");
        let gate = project.gated();
        project.ctl("upgrade a1").succeeds();
        let before = project.place();
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[1/2]");
        daemon.killed(project);
        client.told("the stream is lost");
        let daemon = Daemon::serve(project, &address, "");
        client.told("the stream is back");
        let answer = client.ends(project).exits(9).is("RUN_INTERRUPTED");
        before.is_kept(&project.place(), Leaves::Run("RUNNING"));
        gate.open();
        settled_by(project, &answer.next());
        daemon.killed(project);
    });
}

#[test]
fn a_daemon_that_stays_away() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        let address = daemon.address.clone();
        project.configure_server(&format!("http://{address}"), "");
        let gate = project.gated();
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[1/3]");
        let before = project.place();
        daemon.killed(project);
        // It is waited for: for a minute.
        let answer = client.ends(project).exits(9).is("STREAM_LOST").recorded("stream_lost");
        before.is_kept(&project.place(), Leaves::Nothing);
        gate.open();
        // The command that is named tells, once the daemon is there again, how the run ended, from where it was left.
        project.shell(&answer.next()).exits(9).is("DAEMON_UNREACHABLE");
        let daemon = Daemon::serve(project, &address, "");
        let watched = project.shell(&answer.next()).exits(9).is("RUN_INTERRUPTED");
        assert!(!watched.stderr.contains("[1/3]"), "nothing comes twice\n{}", watched.story());
        settled_by(project, &watched.next());
        daemon.killed(project);
    });
}
