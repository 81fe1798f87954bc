//! One step in a transaction.

use crate::server::{Database, Log, first, script, session, update, work};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::Outcome;

/// Skips the test, loudly, where there is no server.
macro_rules! database {
    () => {
        match Database::new() {
            Some(database) => database,
            None => return,
        }
    };
}

#[tokio::test]
async fn a_step_makes_its_objects_and_its_version_row() {
    let database = database!();
    let target = database.target();
    let mut session = session(&target, "run-1").await;
    let log = Log::default();
    let applied =
        session.apply(&first(&["CREATE TABLE a (id int)", "INSERT INTO a VALUES (1),(2)"]), &log).await;
    let applied = applied.expect("a step that works");
    assert_eq!((applied.statements, applied.rows), (2, vec!["r1".to_owned()]));
    assert_eq!(database.psql("SELECT count(*), version_num FROM a, alembic_version GROUP BY 2"), "2|r1");
    let standing = target.standing().await.expect("a standing");
    assert_eq!(standing.rows, Some(vec!["r1".to_owned()]));
    session.close().await;
}

#[tokio::test]
async fn a_failing_statement_leaves_nothing() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let fault = session
        .apply(&first(&["CREATE TABLE a (id int)", "INSERT INTO a\n  VALUES (oops)"]), &Log::default())
        .await
        .expect_err("a column that is not there");
    assert_eq!(
        (fault.error.code, fault.outcome, fault.retryable),
        (Code::StatementFailed, Outcome::Clean, false)
    );
    let sql = fault.error.sql.expect("what the database said");
    assert_eq!((sql.sqlstate.as_str(), sql.line, sql.column_number), ("42703", 3, 11));
    assert_eq!((sql.statement_index, sql.statement_total, sql.path.as_str()), (2, 2, "r1.sql"));
    assert_eq!(database.psql("SELECT to_regclass('a') IS NULL, count(*) FROM alembic_version"), "t|0");
}

#[tokio::test]
async fn rows_that_changed_stop_the_step_before_its_first_statement() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.apply(&first(&[]), &Log::default()).await.expect("a stamp");
    let log = Log::default();
    let second = work("r2", &["r0"], update("r0", "r2"), script(&["CREATE TABLE b ()"]));
    let fault = session.apply(&second, &log).await.expect_err("other rows");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert!(log.started.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn notices_come_in_order_between_the_statements() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let log = Log::default();
    let raise = |n| format!("DO $$ BEGIN RAISE NOTICE 'n{n}a'; RAISE NOTICE 'n{n}b'; END $$");
    session.apply(&first(&[&raise(1), &raise(2)]), &log).await.expect("a step that works");
    let told: Vec<String> = log
        .events
        .lock()
        .expect("no panic")
        .iter()
        .map(|event| match event {
            EventKind::Notice { message, .. } => message.clone(),
            EventKind::StatementFinished { index, .. } => format!("done {index}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["n1a", "n1b", "done 1", "n2a", "n2b", "done 2"]);
    assert_eq!(log.notices().len(), 4);
}
