//! MariaDB: a client executes a revision, it is cut off in the middle, and the body is run again from its beginning.

use crate::executed::three;
use crate::harness::{Daemon, Engine, Executor, Gate, Project, Running, on_each, value};
use migrated_proto::v1::execute_step_request::Kind as Says;
use migrated_proto::v1::sql_value::Kind;
use migrated_proto::v1::{ClientStatement, Failure, Parameters, StatementAnswer, StepBodyDone};

const MADE: &str =
    "CREATE TABLE made (id integer PRIMARY KEY AUTO_INCREMENT, name varchar(40)) ENGINE=InnoDB";

fn on_mariadb(test: impl Fn(&Project)) {
    on_each(&[Engine::Mariadb], test);
}

/// The step of a new run.
fn step(project: &Project, daemon: &Daemon) -> (Running, Executor) {
    let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
    executor.step();
    (client, executor)
}

/// Executes a statement: was it answered from the journal?
#[track_caller]
fn replayed(executor: &mut Executor, sql: &str) -> bool {
    executor.sql(sql).replayed
}

/// The rest of the run.
fn ends(project: &Project, client: Running, mut executor: Executor) {
    executor.done();
    executor.ends();
    client.ends(project).succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
    let journal = "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() \
                   AND table_name = 'migrated_journal'";
    assert_eq!(project.database.sql(journal), "0", "nothing is under way");
}

fn names(project: &Project) -> String {
    project.database.sql("SELECT group_concat(name ORDER BY id) FROM made")
}

/// Kills the daemon under its client, and starts another at the same address.
fn killed(project: &Project, daemon: Daemon, client: Running, executor: Executor) -> Daemon {
    let address = daemon.address.clone();
    drop(client);
    daemon.killed(project);
    drop(executor);
    Daemon::serve(project, &address, "[runs]\nexecutor_wait = \"30s\"\n")
}

/// Hears that the step ends, and why.
#[track_caller]
fn failure(executor: &mut Executor) -> Failure {
    executor.not_done().failure.expect("it says why")
}

/// Sends a statement after which the step cannot go on.
#[track_caller]
fn ended_by(executor: &mut Executor, sql: &str) -> Failure {
    executor.send(vec![ClientStatement { sql: sql.to_owned(), ..Default::default() }]);
    failure(executor)
}

fn told(answer: &StatementAnswer) -> (bool, Option<u64>, Option<i64>) {
    (answer.replayed, answer.row_count, answer.last_row_id)
}

#[test]
fn a_client_that_goes_away_leaves_what_committed() {
    on_mariadb(|project| {
        let daemon = three(project);
        let insert = "INSERT INTO made (name) VALUES ('one'), ('two')";
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        executor.sql(insert);
        drop(executor);
        let answer = client.ends(project).exits(5).is("EXECUTOR_LOST");
        assert!(answer.stderr.contains("1 of its statements took effect"), "{}", answer.story());
        assert_eq!(project.database.sql("SELECT count(*) FROM made"), "0", "what gathered is gone");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        let first = executor.sql(insert);
        assert_eq!(told(&first), (false, Some(2), Some(3)), "the server does not give keys twice");
        // A statement that commits by itself commits what gathered.
        executor.sql("ALTER TABLE made ADD at integer");
        executor.sql("INSERT INTO made (name) VALUES ('lost')");
        drop(executor);
        let answer = client.ends(project).exits(5).is("EXECUTOR_LOST");
        assert!(answer.stderr.contains("3 of its statements took effect"), "{}", answer.story());
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        assert_eq!(told(&executor.sql(insert)), (true, Some(2), Some(3)), "it is answered as it was then");
        assert!(replayed(&mut executor, "ALTER TABLE made ADD at integer"));
        assert!(
            !replayed(&mut executor, "INSERT INTO made (name) VALUES ('three')"),
            "an edit behind is taken"
        );
        let read = executor.sql("SELECT count(*) FROM made");
        assert!(!read.replayed && read.rows.len() == 1, "{read:?}");
        ends(project, client, executor);
        assert_eq!(names(project), "one,two,three");
    });
}

#[test]
fn a_daemon_killed_between_two_statements_does_none_twice() {
    on_mariadb(|project| {
        let daemon = three(project);
        let body = [
            MADE,
            "INSERT INTO made (name) VALUES ('one')",
            "ALTER TABLE made ADD at integer",
            "UPDATE made SET name = concat(name, '!')",
            "CREATE INDEX made_name ON made (name)",
        ];
        let (client, mut executor) = step(project, &daemon);
        for sql in &body[..4] {
            assert!(!replayed(&mut executor, sql), "{sql}");
        }
        // The UPDATE has not been committed.
        let daemon = killed(project, daemon, client, executor);
        let (client, mut executor) = step(project, &daemon);
        let found: Vec<bool> = body.iter().map(|sql| replayed(&mut executor, sql)).collect();
        assert_eq!(found, [true, true, true, false, false]);
        let daemon = killed(project, daemon, client, executor);
        // An attempt that does nothing new leaves everything as it was.
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, body[0]));
        let daemon = killed(project, daemon, client, executor);
        let (client, mut executor) = step(project, &daemon);
        assert!(body.iter().all(|sql| replayed(&mut executor, sql)), "all is done");
        ends(project, client, executor);
        assert_eq!(names(project), "one!");
    });
}

/// How a statement that stands at the gate goes on after its daemon was killed.
enum After {
    TakesEffect,
    Ended,
    StillWaits,
}

#[test]
fn the_catalog_decides_about_a_statement_during_which_the_daemon_was_killed() {
    for after in [After::TakesEffect, After::Ended, After::StillWaits] {
        on_mariadb(|project| {
            let daemon = three(project);
            let database = &project.database;
            let gate = Gate::shut(database);
            let alter = Gate::stop_alone(database, "extra");
            let (client, mut executor) = step(project, &daemon);
            executor.sql("SET lock_wait_timeout = 600");
            executor.sql(MADE);
            executor.sql("INSERT INTO made (name) VALUES ('one')");
            executor.send(vec![ClientStatement { sql: alter.clone(), ..Default::default() }]);
            let orphan = gate.reached_by_another(database, "");
            let daemon = killed(project, daemon, client, executor);
            let mut gate = Some(gate);
            match after {
                After::TakesEffect => {
                    gate.take().expect("shut").open();
                    while Gate::columns(database) != "passed,extra" {}
                }
                After::Ended => {
                    gate.as_ref().expect("shut").kill_who_waits(database);
                    gate.take().expect("shut").open();
                }
                After::StillWaits => {}
            }
            let (client, mut executor) = step(project, &daemon);
            executor.sql("SET lock_wait_timeout = 600");
            assert!(replayed(&mut executor, MADE));
            assert!(replayed(&mut executor, "INSERT INTO made (name) VALUES ('one')"));
            if let Some(gate) = gate {
                executor.send(vec![ClientStatement { sql: alter, ..Default::default() }]);
                gate.reached_by_another(database, &orphan);
                gate.open();
                let answer = executor.answers().remove(0);
                assert_eq!((answer.failure, answer.replayed), (None, false));
            } else {
                let is_done = matches!(after, After::TakesEffect);
                assert_eq!(replayed(&mut executor, &alter), is_done);
            }
            executor.sql("INSERT INTO made (name) VALUES ('two')");
            ends(project, client, executor);
            assert_eq!(
                (names(project).as_str(), Gate::columns(database).as_str()),
                ("one,two", "passed,extra")
            );
        });
    }
}

#[test]
fn a_body_that_sends_something_else_loses_nothing() {
    on_mariadb(|project| {
        let daemon = three(project);
        let insert = "INSERT INTO made (name) VALUES ('one')";
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        executor.sql(insert);
        executor.sql("ALTER TABLE made ADD at integer");
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let before = project.database.dump();
        // Other statements at each place, the same with a parameter, and fewer.
        let others: [(&[&str], &str); 3] = [
            (&[], "CREATE TABLE other (id integer)"),
            (&[MADE], "INSERT INTO made (name) VALUES ('other')"),
            (&[MADE], "CREATE TABLE other (id integer)"),
        ];
        for (same, other) in others {
            let (client, mut executor) = step(project, &daemon);
            for sql in same {
                assert!(replayed(&mut executor, sql), "{sql}");
            }
            assert_eq!(ended_by(&mut executor, other).reason, "CHANGED_PARTIAL", "{other}");
            executor.ends();
            client.ends(project).exits(5).is("CHANGED_PARTIAL");
            assert_eq!(project.database.dump(), before, "{other}");
        }
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        let parameters = vec![Parameters { values: vec![value(Kind::Text("one".into()))] }];
        let sql = "INSERT INTO made (name) VALUES (?)".to_owned();
        executor.send(vec![ClientStatement { sql, parameters, ..Default::default() }]);
        assert_eq!(failure(&mut executor).reason, "CHANGED_PARTIAL");
        executor.ends();
        client.ends(project).exits(5).is("CHANGED_PARTIAL");
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        executor.say(Says::Done(StepBodyDone {}));
        assert_eq!(failure(&mut executor).reason, "CHANGED_PARTIAL");
        executor.ends();
        client.ends(project).exits(5).is("CHANGED_PARTIAL").recorded("executed_changed_partial");
        assert_eq!(project.database.dump(), before);
        // As it was, it goes on.
        let (client, mut executor) = step(project, &daemon);
        for sql in [MADE, insert, "ALTER TABLE made ADD at integer"] {
            assert!(replayed(&mut executor, sql), "{sql}");
        }
        ends(project, client, executor);
        assert_eq!(names(project), "one");
    });
}

#[test]
fn savepoints_hold_while_a_body_is_run_again() {
    on_mariadb(|project| {
        let daemon = three(project);
        let insert = |name: &str| format!("INSERT INTO made (name) VALUES ('{name}')");
        let body = [
            MADE.to_owned(),
            insert("kept"),
            "SAVEPOINT a".to_owned(),
            insert("undone"),
            "ROLLBACK TO a".to_owned(),
            insert("after"),
            "SAVEPOINT b".to_owned(),
            insert("released"),
            "RELEASE SAVEPOINT b".to_owned(),
        ];
        let (client, mut executor) = step(project, &daemon);
        body.iter().for_each(|sql| assert!(!replayed(&mut executor, sql), "{sql}"));
        executor.sql("ALTER TABLE made ADD at integer");
        drop(executor);
        let answer = client.ends(project).exits(5).is("EXECUTOR_LOST");
        assert!(answer.stderr.contains("5 of its statements took effect"), "{}", answer.story());
        assert_eq!(names(project), "kept,after,released");
        for attempt in 0..2 {
            let (client, mut executor) = step(project, &daemon);
            let found: Vec<bool> = body.iter().map(|sql| replayed(&mut executor, sql)).collect();
            assert_eq!(found, [true, true, false, false, false, true, false, true, false]);
            assert!(replayed(&mut executor, "ALTER TABLE made ADD at integer"));
            if attempt == 0 {
                drop(executor);
                let answer = client.ends(project).exits(5).is("EXECUTOR_LOST");
                assert!(answer.stderr.contains("5 of its statements took effect"), "{}", answer.story());
            } else {
                ends(project, client, executor);
            }
        }
        assert_eq!(names(project), "kept,after,released");
    });
}

#[test]
fn rows_that_a_statement_gave_are_known_to_nobody() {
    on_mariadb(|project| {
        let daemon = three(project);
        let insert = "INSERT INTO made (name) VALUES ('one') RETURNING id";
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        assert_eq!(executor.sql(insert).rows.len(), 1);
        executor.sql("ALTER TABLE made ADD at integer");
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        assert_eq!(ended_by(&mut executor, insert).reason, "TARGET_PARTIAL");
        executor.ends();
        client.ends(project).exits(5).is("TARGET_PARTIAL").recorded("executed_rows_unknown");
        assert_eq!(names(project), "one");
        // A person settles it.
        project.ctl("stamp b2").succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn what_went_with_the_session_is_refused() {
    on_mariadb(|project| {
        let daemon = three(project);
        let first = [
            MADE,
            "CREATE TEMPORARY TABLE seen (name varchar(40))",
            "INSERT INTO seen VALUES ('one')",
            "CREATE TABLE other (made_id integer)",
        ];
        let (client, mut executor) = step(project, &daemon);
        first.iter().for_each(|sql| assert!(!replayed(&mut executor, sql), "{sql}"));
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        // Its row is recorded as done and would not come again.
        assert_eq!(ended_by(&mut executor, first[1]).reason, "TARGET_PARTIAL");
        client.ends(project).exits(5).is("TARGET_PARTIAL").recorded("executed_lost_with_session");
        project.ctl("stamp a1").succeeds();
        project.database.sql("DROP TABLE made; DROP TABLE other");
        // The key of an INSERT that is answered from the journal is not this session's.
        let insert = "INSERT INTO made (name) VALUES ('one')";
        let reads = "INSERT INTO other VALUES (LAST_INSERT_ID())";
        let (client, mut executor) = step(project, &daemon);
        for sql in [MADE, insert, "CREATE TABLE other (made_id integer)"] {
            assert!(!replayed(&mut executor, sql), "{sql}");
        }
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let (client, mut executor) = step(project, &daemon);
        for sql in [MADE, insert, "CREATE TABLE other (made_id integer)"] {
            assert!(replayed(&mut executor, sql), "{sql}");
        }
        assert_eq!(ended_by(&mut executor, reads).reason, "TARGET_PARTIAL");
        client.ends(project).exits(5).is("TARGET_PARTIAL");
        // Behind an INSERT of its own it is.
        let (client, mut executor) = step(project, &daemon);
        for sql in [MADE, insert, "CREATE TABLE other (made_id integer)"] {
            assert!(replayed(&mut executor, sql), "{sql}");
        }
        executor.sql("INSERT INTO made (name) VALUES ('two')");
        executor.sql(reads);
        ends(project, client, executor);
        assert_eq!(project.database.sql("SELECT made_id FROM other"), "2");
    });
}

#[test]
fn a_statement_with_several_sets_is_done_whole_or_not_at_all() {
    on_mariadb(|project| {
        let daemon = three(project);
        let insert = "INSERT INTO made VALUES (?, ?)";
        let set = |id| vec![value(Kind::Integer(id)), value(Kind::Text("row".into()))];
        let alter = "ALTER TABLE made ADD at integer";
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        let answer = executor.many(insert, vec![set(1), set(2), set(1)]);
        assert_eq!(answer.failure.expect("a key comes twice").reason, "STATEMENT_FAILED");
        assert_eq!(executor.many(insert, vec![set(1), set(3)]).row_count, Some(2));
        executor.sql(alter);
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        assert_eq!(project.database.sql("SELECT group_concat(id) FROM made"), "1,3");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        assert!(executor.many(insert, vec![set(1), set(2), set(1)]).failure.is_some(), "it fails again");
        assert_eq!(told(&executor.many(insert, vec![set(1), set(3)])), (true, Some(2), Some(3)));
        assert!(replayed(&mut executor, alter));
        ends(project, client, executor);
        assert_eq!(project.database.sql("SELECT group_concat(id) FROM made"), "1,3");
    });
}
