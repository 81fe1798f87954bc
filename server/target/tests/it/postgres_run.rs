//! One transaction for a whole run.

use crate::server::{Log, database, first, script, session, update, work};
use migrated_core::Code;
use migrated_target::{Outcome, Transaction, Work};

fn in_run(mut work: Work) -> Work {
    work.transaction = Transaction::Run;
    work
}

#[tokio::test]
async fn all_steps_are_one_transaction() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.begin_run().await.expect("a transaction");
    session.apply(&in_run(first(&["CREATE TABLE a ()"])), &Log::default()).await.expect("a step");
    let second = in_run(work("r2", &["r1"], update("r1", "r2"), script(&["CREATE TABLE b ()"])));
    session.apply(&second, &Log::default()).await.expect("a step");
    assert_eq!(database.psql("SELECT count(*) FROM alembic_version"), "0");
    let log = Log::default();
    session.commit_run(&log).await.expect("a commit");
    assert!(log.xids.lock().expect("no panic")[0].is_some());
    assert_eq!(
        database.psql("SELECT version_num, to_regclass('a'), to_regclass('b') FROM alembic_version"),
        "r2|a|b"
    );
}

#[tokio::test]
async fn a_failing_step_undoes_all() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.begin_run().await.expect("a transaction");
    session.apply(&in_run(first(&["CREATE TABLE a ()"])), &Log::default()).await.expect("a step");
    let second = in_run(work("r2", &["r1"], update("r1", "r2"), script(&["SELECT oops"])));
    let fault = session.apply(&second, &Log::default()).await.expect_err("no column");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert_eq!(database.psql("SELECT count(*), to_regclass('a') IS NULL FROM alembic_version"), "0|t");
    session.commit_run(&Log::default()).await.expect_err("no transaction is left");
}

#[tokio::test]
async fn a_step_does_not_see_what_the_one_before_left() {
    let database = database!();
    let role = format!("guest_{}", database.name);
    let target = database.target_with(|spec| spec.schema = Some("public".into()));
    let mut session = session(&target, "run-1").await;
    session.begin_run().await.expect("a transaction");
    let leave = [
        format!("CREATE ROLE {role}"),
        format!("GRANT {role} TO CURRENT_USER"),
        "CREATE TEMPORARY TABLE t (id int)".into(),
        "PREPARE p AS SELECT 1".into(),
        "SET TimeZone = 'Asia/Tokyo'".into(),
        "SET lock_timeout = 0".into(),
        "SELECT set_config('search_path', '', false)".into(),
        format!("SET ROLE {role}"),
    ];
    let leave: Vec<&str> = leave.iter().map(String::as_str).collect();
    session.apply(&in_run(first(&leave)), &Log::default()).await.expect("a step");
    let look = "CREATE TABLE public.seen AS SELECT to_regclass('t') IS NULL AS t, current_user = session_user AS u, \
                (SELECT count(*) FROM pg_prepared_statements) AS p, current_setting('search_path') AS s, \
                current_setting('TimeZone') <> 'Asia/Tokyo' AS z, current_setting('lock_timeout') AS l, \
                current_setting('application_name') AS a";
    let second = in_run(work("r2", &["r1"], update("r1", "r2"), script(&[look])));
    session.apply(&second, &Log::default()).await.expect("a step");
    session.commit_run(&Log::default()).await.expect("a commit");
    assert_eq!(database.psql("SELECT * FROM seen"), "t|t|0|public, \"$user\", public|t|3s|migrated:run-1");
    database.psql(&format!("DROP ROLE {role}"));
}

#[tokio::test]
async fn a_hidden_commit_in_a_run_is_partial() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.begin_run().await.expect("a transaction");
    let hidden = in_run(first(&["CREATE TABLE a (); COMMIT; BEGIN"]));
    let fault = session.apply(&hidden, &Log::default()).await.expect_err("an escape");
    assert!(matches!(fault.outcome, Outcome::Partial { .. }), "{:?}", fault.outcome);
}
