//! Clients and daemons that fail while a client executes a revision.

use crate::executed::three;
use crate::harness::{Daemon, Engine, Executor, Gate, Project, on_each};
use migrated_proto::v1::{ClientStatement, StepBodyDone, execute_step_request::Kind as Says};
use rustix::process::Signal;

/// Nothing of `b2` is left, and a client that does its work gets to the end.
fn is_clean_and_goes_on(project: &Project, daemon: &Daemon) {
    project.ctl("current").succeeds().says("a1");
    let made = project.database.try_sql("SELECT count(*) FROM made");
    assert!(made.is_err(), "the table is there: {made:?}");
    goes_on(project, daemon);
}

fn goes_on(project: &Project, daemon: &Daemon) {
    let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
    executor.step();
    executor.sql("CREATE TABLE made (id integer)");
    executor.done();
    executor.ends();
    client.ends(project).succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
}

const TRANSACTIONAL: &[Engine] = &[Engine::Postgres, Engine::Sqlite];

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        for statements in 0..3 {
            let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
            executor.step();
            if statements > 0 {
                executor.sql("CREATE TABLE made (id integer)");
            }
            if statements > 1 {
                executor.sql("INSERT INTO made VALUES (1)");
            }
            drop(executor);
            client.ends(project).exits(4).is("EXECUTOR_LOST");
            project.ctl("current").succeeds().says("a1");
        }
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_client_that_closes_its_side_before_done_leaves_nothing() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.falls_silent();
        let told = executor.not_done();
        assert_eq!(told.failure.expect("it says why").reason, "EXECUTOR_LOST");
        executor.ends();
        client.ends(project).exits(4).is("EXECUTOR_LOST");
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_client_that_goes_away_during_a_statement_ends_it() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = three(project);
        let gate = Gate::shut(&project.database);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.sql("SELECT set_config('lock_timeout', '0', true)");
        let sql = "SELECT pg_advisory_xact_lock(4242)".to_owned();
        executor.send(vec![ClientStatement { sql, ..Default::default() }]);
        gate.reached(&project.database);
        drop(executor);
        client.ends(project).exits(4).is("EXECUTOR_LOST");
        gate.open();
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_client_that_goes_away_while_it_commits_changes_nothing_about_that() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.say(Says::Done(StepBodyDone {}));
        executor.falls_silent();
        drop(executor);
        let answer = client.ends(project);
        // Either what it said last arrived, or it did not: both are whole.
        let stands = project.ctl("current").succeeds().stdout;
        match answer.exit {
            0 => assert_eq!(stands.trim_end(), "c3 (head)"),
            _ => {
                answer.exits(4).is("EXECUTOR_LOST");
                is_clean_and_goes_on(project, &daemon);
            }
        }
    });
}

#[test]
fn a_body_that_fails_says_why() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        let told = executor.failed("ValueError: no such shop");
        let failure = told.failure.expect("it says why");
        assert_eq!((failure.reason.as_str(), told.will_retry), ("EXECUTOR_FAILED", false));
        executor.ends();
        client.ends(project).exits(4).is("EXECUTOR_FAILED").recorded("executor_failed_*");
        // What the database said wins: it is why the body failed.
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.refused("INSERT INTO nothing_there VALUES (1)");
        executor.failed("OperationalError: something about a table");
        executor.ends();
        client.ends(project).exits(4).is("STATEMENT_FAILED").recorded("executed_statement_failed_*");
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_lock_timeout_gives_the_step_to_the_client_again() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = three(project);
        let gate = Gate::shut(&project.database);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        assert_eq!(executor.step().attempt, 1);
        executor.sql("CREATE TABLE made (id integer)");
        executor.sql("SELECT set_config('lock_timeout', '50ms', true)");
        let refused = executor.refused("SELECT pg_advisory_xact_lock(4242)");
        assert_eq!(refused.reason, "LOCK_TIMEOUT");
        let told = executor.failed("OperationalError: lock timeout");
        assert!(told.will_retry && told.pause.is_some(), "{told:?}");
        gate.open();
        assert_eq!(executor.step().attempt, 2);
        executor.sql("CREATE TABLE made (id integer)");
        executor.done();
        client.ends(project).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn a_transaction_that_the_server_rolled_back_is_not_gone_on_with() {
    on_each(&[Engine::Mariadb], |project| {
        let daemon = three(project);
        // What the server says of a deadlock, and no second session to have one with.
        let fails = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'";
        let trigger = format!("CREATE TRIGGER refuses BEFORE UPDATE ON t_a1 FOR EACH ROW {fails}");
        project.ctl("upgrade a1").succeeds();
        project.database.sql(&trigger);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("INSERT INTO t_a1 VALUES (7)");
        assert_eq!(executor.refused("UPDATE t_a1 SET id = id + 10").reason, "STATEMENT_FAILED");
        assert_eq!(executor.refused("INSERT INTO t_a1 VALUES (8)").reason, "STATEMENT_FAILED");
        // A body that does not mind is not believed.
        executor.say(Says::Done(StepBodyDone {}));
        let told = executor.not_done();
        assert!(told.will_retry, "{told:?}");
        project.database.sql("DROP TRIGGER refuses");
        assert_eq!(executor.step().attempt, 2);
        executor.sql("INSERT INTO t_a1 VALUES (9)");
        executor.sql("UPDATE t_a1 SET id = id + 10");
        executor.done();
        executor.ends();
        client.ends(project).succeeds();
        assert_eq!(project.database.sql("SELECT group_concat(id ORDER BY id) FROM t_a1"), "11,19");
    });
}

#[test]
fn a_run_waits_for_a_client_and_not_for_ever() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = three(project);
        drop(daemon);
        let daemon = Daemon::serve(project, "127.0.0.1:0", "[runs]\nexecutor_wait = \"200ms\"\n");
        project.configure_server(&format!("http://{}", daemon.address), "");
        let answer = project.ctl("upgrade head").exits(4).is("EXECUTOR_MISSING");
        let answer = answer.recorded("executor_missing_*");
        assert!(answer.stderr.contains("b2 waits up to 200 ms for a python client"), "{answer:?}");
        project.ctl("current").succeeds().says("a1");
    });
}

#[test]
fn a_run_that_is_cancelled_leaves_its_client() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let (mut client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        client.signal(Signal::INT);
        client.told("interrupted: cancelling");
        let told = executor.not_done();
        assert_eq!(told.failure.expect("it says why").reason, "CANCELLED");
        executor.ends();
        client.ends(project).exits(4).is("CANCELLED");
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_deadline_holds_for_a_client_that_says_nothing() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head --deadline 2s");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        let told = executor.not_done();
        assert_eq!(told.failure.expect("it says why").reason, "DEADLINE_PASSED");
        client.ends(project).exits(7).is("DEADLINE_PASSED");
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn a_daemon_that_is_killed_leaves_nothing_of_the_step() {
    on_each(TRANSACTIONAL, |project| {
        let daemon = three(project);
        let address = daemon.address.clone();
        let (client, mut executor) = Executor::of(project, &address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        drop(client);
        daemon.killed(project);
        assert!(executor.hear().is_err(), "the stream breaks off");
        let daemon = Daemon::serve(project, &address, "");
        is_clean_and_goes_on(project, &daemon);
    });
}

#[test]
fn another_client_waits_as_spare() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = three(project);
        project.remove("c3.sql");
        project.file("c3.rev.py", "# revision: c3\n# down_revision: b2\n");
        let (client, mut first) = Executor::of(project, &daemon.address, "upgrade head");
        first.step();
        let run = project.store("SELECT id FROM run ORDER BY created_at DESC LIMIT 1").trim().to_owned();
        let mut spare = Executor::open(&daemon.address, &run).expect("the run is there");
        first.falls_silent_after_done();
        let step = spare.step();
        assert_eq!(step.revision, "c3");
        spare.done();
        spare.ends();
        client.ends(project).succeeds();
        // A run that has ended ends the stream at once; one that never was is an error.
        Executor::open(&daemon.address, &run).expect("it is known").ends();
        let refused = Executor::open(&daemon.address, "0123456789").err().expect("no such run");
        assert_eq!(refused.code(), tonic::Code::NotFound);
    });
}

#[test]
fn a_message_out_of_place_is_told_to_its_sender() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.say(Says::Open(Default::default()));
        let refused = executor.hear().expect_err("it was out of place");
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        client.ends(project).exits(4).is("EXECUTOR_LOST");
        is_clean_and_goes_on(project, &daemon);
    });
}
