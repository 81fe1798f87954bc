//! PostgreSQL: a client executes a revision that says `transaction: false`.

use crate::executed::three;
use crate::harness::{Daemon, Engine, Executor, LONG, Leaves, Project, Running, on_each, value};
use migrated_proto::v1::execute_step_request::Kind as Says;
use migrated_proto::v1::sql_value::Kind;
use migrated_proto::v1::{ClientStatement, Failure, StepBodyDone};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const MADE: &str = "CREATE TABLE made (id integer PRIMARY KEY, name text)";
const INDEX: &str = "CREATE INDEX CONCURRENTLY made_name ON made (name)";

fn on_postgres(test: impl Fn(&Project, Daemon)) {
    on_each(&[Engine::Postgres], |project| {
        let daemon = three(project);
        let head = "# revision: b2\n# down_revision: a1\n# transaction: false\n\ndef upgrade(): ...\n";
        project.file("b2.rev.py", head);
        test(project, daemon);
    });
}

/// The step of a new run.
fn step(project: &Project, daemon: &Daemon) -> (Running, Executor) {
    let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
    assert!(!executor.step().transactional);
    (client, executor)
}

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
    assert_eq!(project.database.sql("SELECT to_regclass('migrated_journal') IS NULL"), "t");
}

/// Kills the daemon under its client, and starts another at the same address.
fn killed(project: &Project, daemon: Daemon, client: Running, executor: Executor) -> Daemon {
    let address = daemon.address.clone();
    drop(client);
    daemon.killed(project);
    drop(executor);
    Daemon::serve(project, &address, "[runs]\nexecutor_wait = \"30s\"\n")
}

/// Sends a statement after which the step cannot go on.
#[track_caller]
fn ended_by(executor: &mut Executor, sql: &str) -> Failure {
    executor.send(vec![ClientStatement { sql: sql.to_owned(), ..Default::default() }]);
    executor.not_done().failure.expect("it says why")
}

fn names(project: &Project) -> String {
    project.database.sql("SELECT string_agg(name, ',' ORDER BY id) FROM made")
}

/// Whether the index is there and of use.
fn index(project: &Project) -> String {
    project.database.sql(
        "SELECT coalesce((SELECT indisvalid::text FROM pg_index WHERE indexrelid = to_regclass('made_name')), 'absent')",
    )
}

/// Somebody whose open transaction CREATE INDEX CONCURRENTLY has to wait for.
struct Writer(Child);

impl Writer {
    fn begin(project: &Project) -> Writer {
        let mut shell = Command::new("psql");
        shell.args(["-XqAt", "-d", &project.database.url()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("it is installed");
        let stdin = shell.stdin.as_mut().expect("piped");
        writeln!(stdin, "BEGIN; LOCK TABLE made IN ROW EXCLUSIVE MODE;\n\\echo open").expect("it reads");
        let mut told = String::new();
        BufReader::new(shell.stdout.as_mut().expect("piped")).read_line(&mut told).expect("it answers");
        assert_eq!(told, "open\n");
        Writer(shell)
    }

    /// Waits until a backend other than `one` waits for it, and tells which.
    fn waited_for(project: &Project, one: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            let pid = project.database.sql(
                "SELECT pg_sleep(0.02)::text || coalesce((SELECT min(pid)::text FROM pg_stat_activity \
                 WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' \
                 AND datname = current_database()), '')",
            );
            if !pid.is_empty() && pid != one {
                return pid;
            }
            assert!(Instant::now() < until, "nobody waits");
        }
    }

    fn ends(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("psql ends with its input");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn each_statement_takes_effect_by_itself() {
    on_postgres(|project, daemon| {
        let (client, mut executor) = step(project, &daemon);
        executor.sql("SET lock_timeout = '5s'");
        executor.sql(MADE);
        let set = |id, name: &str| vec![value(Kind::Integer(id)), value(Kind::Text(name.into()))];
        let insert = "INSERT INTO made VALUES ($1, $2)";
        assert_eq!(executor.many(insert, vec![set(1, "one"), set(2, "two")]).row_count, Some(2));
        assert_eq!(names(project), "one,two", "others see it");
        // What refuses a transaction, and what needs one.
        executor.sql(INDEX);
        assert_eq!(index(project), "true");
        executor.sql("VACUUM made");
        let refused = executor.refused("SAVEPOINT a").sql.expect("the server says it");
        assert_eq!(refused.sqlstate, "25P01", "{refused:?}");
        assert_eq!(executor.refused("COMMIT").reason, "TRANSACTION_CONTROL");
        let failure = executor.with("VACUUM made", set(1, "x")).failure.expect("it takes no parameters");
        assert_eq!(failure.reason, "INVALID_REQUEST");
        // A failure undoes its statement, with all sets of parameters, and nothing else.
        assert!(executor.many(insert, vec![set(3, "three"), set(1, "again")]).failure.is_some());
        assert_eq!(names(project), "one,two");
        let failure = executor.refused("CREATE UNIQUE INDEX CONCURRENTLY made_one ON made ((1))");
        assert_eq!(failure.sql.expect("the server says it").sqlstate, "23505");
        assert_eq!(project.database.sql("SELECT to_regclass('made_one') IS NULL"), "t", "no leftover");
        let answer = executor.with("SELECT name FROM made WHERE id = $1", vec![value(Kind::Integer(2))]);
        assert_eq!(answer.rows.len(), 1);
        assert_eq!(executor.sql("DELETE FROM made WHERE id = 2 RETURNING name").rows.len(), 1);
        let answer = executor.sql("SELECT current_setting('lock_timeout')");
        assert_eq!(answer.rows[0].values[0].kind, Some(Kind::Text("5s".into())), "the session is one");
        ends(project, client, executor);
        assert_eq!(names(project), "one");
    });
}

#[test]
fn a_body_that_failed_first_leaves_nothing_and_later_a_part() {
    on_postgres(|project, daemon| {
        let before = project.place();
        let (client, mut executor) = step(project, &daemon);
        executor.sql("SELECT 1");
        executor.failed("ValueError: no");
        executor.ends();
        client.ends(project).exits(4).is("EXECUTOR_FAILED");
        before.runs_grew(&project.place(), Leaves::Run("FAILED"));
        assert_eq!(project.database.sql("SELECT to_regclass('migrated_journal') IS NULL"), "t");
        let (client, mut executor) = step(project, &daemon);
        executor.sql(MADE);
        executor.failed("ValueError: no");
        executor.ends();
        let answer = client.ends(project).exits(5).is("EXECUTOR_FAILED");
        assert!(answer.stderr.contains("1 of its statements took effect"), "{}", answer.story());
        assert_eq!(project.database.sql("SELECT count(*) FROM made"), "0");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        ends(project, client, executor);
    });
}

#[test]
fn a_daemon_killed_between_two_statements_does_none_twice() {
    on_postgres(|project, daemon| {
        let body = [
            MADE,
            "INSERT INTO made VALUES (1, 'one'), (2, 'two')",
            INDEX,
            "WITH w AS (SELECT 1) UPDATE made SET name = name || '!'",
        ];
        let (client, mut executor) = step(project, &daemon);
        body.iter().for_each(|sql| assert!(!replayed(&mut executor, sql), "{sql}"));
        let daemon = killed(project, daemon, client, executor);
        let (client, mut executor) = step(project, &daemon);
        let found: Vec<bool> = body.iter().map(|sql| replayed(&mut executor, sql)).collect();
        assert_eq!(found, [true; 4]);
        let count = executor.sql("SELECT count(*) FROM made");
        assert!(!count.replayed && count.rows.len() == 1, "what reads is executed again: {count:?}");
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let (client, mut executor) = step(project, &daemon);
        let answer = executor.sql(body[0]);
        assert_eq!((answer.replayed, answer.row_count), (true, None));
        let answer = executor.sql(body[1]);
        assert_eq!((answer.replayed, answer.row_count), (true, Some(2)), "it is answered as it was then");
        assert!(replayed(&mut executor, body[2]) && replayed(&mut executor, body[3]));
        executor.sql("INSERT INTO made VALUES (3, 'three')");
        ends(project, client, executor);
        assert_eq!(names(project), "one!,two!,three");
    });
}

/// How an index is gone on with whose daemon was killed between INTENT and DONE.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// The orphan finishes it.
    Finished,
    /// An administrator ends the orphan: the index is left invalid.
    Ended,
    /// The orphan still waits when the next run comes, which ends it.
    StillWaits,
}

#[test]
fn the_catalog_decides_about_a_statement_during_which_the_daemon_was_killed() {
    for after in [After::Finished, After::Ended, After::StillWaits] {
        on_postgres(|project, daemon| {
            let (client, mut executor) = step(project, &daemon);
            // The orphan is not to end by itself.
            executor.sql("SET client_connection_check_interval = 0");
            executor.sql(MADE);
            executor.sql("INSERT INTO made VALUES (1, 'one')");
            let writer = Writer::begin(project);
            executor.send(vec![ClientStatement { sql: INDEX.to_owned(), ..Default::default() }]);
            let orphan = Writer::waited_for(project, "");
            let states = "SELECT string_agg(state, ',' ORDER BY statement) FROM migrated_journal";
            assert_eq!(project.database.sql(states), "DONE,DONE,INTENT");
            let mut writer = Some(writer);
            let address = daemon.address.clone();
            drop(client);
            daemon.killed(project);
            drop(executor);
            match after {
                After::Finished => {
                    writer.take().expect("open").ends();
                    let until = Instant::now() + LONG;
                    while index(project) != "true" {
                        assert!(Instant::now() < until, "the orphan does not finish");
                    }
                }
                After::Ended => {
                    project.database.sql(&format!("SELECT pg_terminate_backend({orphan}, 20000)"));
                    assert_eq!(index(project), "false");
                    writer.take().expect("open").ends();
                }
                After::StillWaits => {}
            }
            let daemon = Daemon::serve(project, &address, "[runs]\nexecutor_wait = \"30s\"\n");
            let (client, mut executor) = step(project, &daemon);
            assert!(replayed(&mut executor, MADE));
            assert!(replayed(&mut executor, "INSERT INTO made VALUES (1, 'one')"));
            match writer {
                None => assert_eq!(replayed(&mut executor, INDEX), after == After::Finished),
                Some(writer) => {
                    // What the orphan left is taken away first, which waits for the writer, too.
                    executor.send(vec![ClientStatement { sql: INDEX.to_owned(), ..Default::default() }]);
                    let until = Instant::now() + LONG;
                    let gone = format!(
                        "SELECT pg_sleep(0.02)::text || (count(*) = 0) FROM pg_stat_activity WHERE pid = {orphan}"
                    );
                    while project.database.sql(&gone) != "true" {
                        assert!(Instant::now() < until, "the orphan is ended");
                    }
                    writer.ends();
                    let answer = executor.answers().remove(0);
                    assert_eq!((answer.failure, answer.replayed), (None, false));
                }
            }
            assert_eq!(index(project), "true");
            executor.sql("INSERT INTO made VALUES (2, 'two')");
            ends(project, client, executor);
            assert_eq!(names(project), "one,two");
        });
    }
}

#[test]
fn a_body_that_sends_something_else_loses_nothing() {
    on_postgres(|project, daemon| {
        let insert = "INSERT INTO made VALUES (1, 'one')";
        let (client, mut executor) = step(project, &daemon);
        [MADE, insert, INDEX].iter().for_each(|sql| assert!(!replayed(&mut executor, sql)));
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let before = project.database.dump();
        for (same, other) in [
            (&[][..], "CREATE TABLE other (id integer)"),
            (&[MADE][..], "INSERT INTO made VALUES (1, 'other')"),
            (&[MADE][..], "DROP INDEX CONCURRENTLY made_name"),
        ] {
            let (client, mut executor) = step(project, &daemon);
            same.iter().for_each(|sql| assert!(replayed(&mut executor, sql), "{sql}"));
            assert_eq!(ended_by(&mut executor, other).reason, "CHANGED_PARTIAL", "{other}");
            executor.ends();
            client.ends(project).exits(5).is("CHANGED_PARTIAL");
            assert_eq!(project.database.dump(), before, "{other}");
        }
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        executor.say(Says::Done(StepBodyDone {}));
        assert_eq!(executor.not_done().failure.expect("it says why").reason, "CHANGED_PARTIAL");
        executor.ends();
        client.ends(project).exits(5).is("CHANGED_PARTIAL");
        assert_eq!(project.database.dump(), before);
        let (client, mut executor) = step(project, &daemon);
        [MADE, insert, INDEX].iter().for_each(|sql| assert!(replayed(&mut executor, sql)));
        ends(project, client, executor);
        assert_eq!(names(project), "one");
    });
}

#[test]
fn what_nobody_knows_any_more_is_refused() {
    on_postgres(|project, daemon| {
        let insert = "INSERT INTO made VALUES (1, 'one') RETURNING id";
        let body = [MADE, "CREATE TEMPORARY TABLE seen AS SELECT now()", insert];
        let (client, mut executor) = step(project, &daemon);
        body.iter().for_each(|sql| assert!(!replayed(&mut executor, sql), "{sql}"));
        drop(executor);
        client.ends(project).exits(5).is("EXECUTOR_LOST");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        assert_eq!(ended_by(&mut executor, body[1]).reason, "TARGET_PARTIAL", "a temporary table");
        executor.ends();
        client.ends(project).exits(5).is("TARGET_PARTIAL");
        let (client, mut executor) = step(project, &daemon);
        assert!(replayed(&mut executor, MADE));
        assert_eq!(ended_by(&mut executor, insert).reason, "TARGET_PARTIAL", "rows that a statement gave");
        executor.ends();
        client.ends(project).exits(5).is("TARGET_PARTIAL");
        assert_eq!(names(project), "one");
        project.ctl("stamp b2").succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn sqlite_has_no_journal_of_clients() {
    on_each(&[Engine::Sqlite], |project| {
        let _daemon = three(project);
        project.file("b2.rev.py", "# revision: b2\n# down_revision: a1\n# transaction: false\n");
        let before = project.place();
        let answer = project.ctl("upgrade head").exits(1).is("UNSUPPORTED_FORM");
        assert!(answer.stderr.contains("into a revision of SQL"), "{}", answer.story());
        before.is_kept(&project.place(), Leaves::Run("FAILED"));
    });
}
