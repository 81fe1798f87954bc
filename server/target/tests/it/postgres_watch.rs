//! Looking at sessions and stopping them (rules R4, R13).

use crate::server::{Database, Log, database, first, script, session};
use migrated_core::Code;
use migrated_target::{
    Applied, ApplyFault, Backend, BackendState, Canceller, Outcome, Session, Transaction, Treatment, Work,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

struct Running {
    backend: Backend,
    canceller: Arc<dyn Canceller>,
    outcome: JoinHandle<(Result<Applied, ApplyFault>, Box<dyn Session>)>,
}

/// A step that is at work in `statement`; `sign` is a condition on its row of `pg_stat_activity`.
async fn running(database: &Database, statements: &'static [&'static str], sign: &str) -> Running {
    let mut session = session(&database.target(), "run-1").await;
    let (backend, canceller) = (session.backend().clone(), session.canceller());
    let mut work = first(statements);
    if let ["VACUUM", ..] | ["CREATE", "INDEX", "CONCURRENTLY", ..] =
        statements[0].split(' ').collect::<Vec<_>>().as_slice()
    {
        let mut script = script(statements);
        script.statements[0].treatment = Treatment::Alone { objects: Vec::new() };
        work = Work { transaction: Transaction::None, script: Arc::new(script), ..work };
    }
    let outcome = tokio::spawn(async move {
        let outcome = session.apply(&work, &Log::default()).await;
        (outcome, session)
    });
    database.until(&format!("SELECT {sign} FROM pg_stat_activity WHERE pid = {}", backend.pid)).await;
    Running { backend, canceller, outcome }
}

const SLEEPING: &str = "wait_event = 'PgSleep'";
const WAITING: &str = "wait_event_type = 'Lock'";

#[tokio::test]
async fn a_cancelled_step_is_clean() {
    let database = database!();
    let running = running(&database, &["CREATE TABLE a ()", "SELECT pg_sleep(60)"], SLEEPING).await;
    running.canceller.cancel().await.expect("a cancel request");
    let (outcome, _session) = running.outcome.await.expect("no panic");
    let fault = outcome.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::Cancelled, Outcome::Clean, false));
    assert_eq!(database.psql("SELECT to_regclass('a') IS NULL"), "t");
}

#[tokio::test]
async fn a_cancel_between_statements_stops_before_the_next() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.canceller().cancel().await.expect("a cancel request");
    let log = Log::default();
    let fault = session.apply(&first(&["CREATE TABLE a ()"]), &log).await.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome), (Code::Cancelled, Outcome::Clean));
    assert!(log.started.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_statement_that_does_not_listen_is_terminated() {
    let database = database!();
    let deaf = "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$";
    let statements: &'static [&'static str] = Box::leak(Box::new([deaf]));
    let running = running(&database, statements, SLEEPING).await;
    running.canceller.cancel().await.expect("a cancel request");
    running.canceller.terminate(Duration::from_millis(200)).await.expect("an end");
    let (outcome, _session) = running.outcome.await.expect("no panic");
    assert_eq!(outcome.expect_err("terminated").error.code, Code::ConnectionLost);
    let state = database.target().backend_state(&running.backend).await.expect("a state");
    assert_eq!(state, BackendState::Gone);
}

#[tokio::test]
async fn only_the_very_backend_is_ended() {
    let database = database!();
    let target = database.target();
    let running = running(&database, &["SELECT pg_sleep(60)"], SLEEPING).await;
    let grace = Duration::from_millis(100);
    let other = Backend { start: "2001-01-01T00:00:00.000000Z".into(), ..running.backend.clone() };
    assert_eq!(target.end_backend(&other, grace).await.expect("a state"), BackendState::Gone);
    assert!(
        matches!(target.backend_state(&running.backend).await.expect("a state"), BackendState::Alive(what) if what.contains("pg_sleep"))
    );
    assert_eq!(target.end_backend(&running.backend, grace).await.expect("a state"), BackendState::Gone);
    running.outcome.await.expect("no panic").0.expect_err("ended");
}

#[tokio::test]
async fn a_backend_that_is_not_ours_is_never_ended() {
    let database = database!();
    let holder = database.hold("SELECT 1").await;
    let row = database.psql(
        "SELECT pid, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') \
         FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    );
    let (pid, start) = row.split_once('|').expect("a row");
    let foreign =
        Backend { pid: pid.parse().expect("a pid"), start: start.into(), application: String::new() };
    let target = database.target();
    // Nothing to wait for: it is not signalled at all.
    let ending = target.end_backend(&foreign, Duration::ZERO);
    let state =
        tokio::time::timeout(Duration::from_secs(30), ending).await.expect("an end").expect("a state");
    assert!(matches!(state, BackendState::Alive(_)));
    holder.batch_execute("COMMIT").await.expect("still there");
}

#[tokio::test]
async fn whoever_blocks_us_is_named() {
    let database = database!();
    database.psql("CREATE TABLE busy (id int)");
    let holder = database.hold("LOCK TABLE busy").await;
    let running = running(&database, &["ALTER TABLE busy ADD b int"], WAITING).await;
    let target = database.target();
    let blockers = target.blockers(&running.backend).await.expect("an answer");
    assert_eq!(blockers.len(), 1);
    assert_eq!((blockers[0].user.as_str(), blockers[0].object.as_str()), ("postgres", "busy"));
    assert!(blockers[0].query.contains("LOCK TABLE busy"), "{:?}", blockers[0]);
    assert!(
        target
            .blockers(&Backend { pid: blockers[0].pid, ..running.backend.clone() })
            .await
            .expect("an answer")
            .is_empty()
    );
    holder.batch_execute("ROLLBACK").await.expect("an end");
    running.outcome.await.expect("no panic").0.expect("the lock was free in time");
}

#[tokio::test]
async fn progress_is_told_in_words() {
    let database = database!();
    database.psql(
        "CREATE TABLE big (id int); INSERT INTO big SELECT generate_series(1, 50000); \
                   CREATE FUNCTION held(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \
                   'BEGIN PERFORM pg_advisory_xact_lock_shared(7000); RETURN 1; END'; \
                   CREATE INDEX i ON big (held(id)); CREATE INDEX k ON big (id)",
    );
    // Whatever works with the index waits for this one; the pin keeps its page from being cleaned.
    let holder = database.hold("SELECT pg_advisory_xact_lock(7000)").await;
    let pin = database.hold("DECLARE c CURSOR FOR SELECT FROM big; FETCH c").await;
    const PINNED: &str = "wait_event_type = 'BufferPin'";
    for (statement, sign, words) in [
        ("CREATE INDEX j ON big (held(id))", WAITING, "building index: building index: scanning table"),
        (
            "CREATE INDEX CONCURRENTLY l ON big (id)",
            WAITING,
            "building index: waiting for old snapshots, 0 of ",
        ),
        ("ANALYZE big", WAITING, "analyzing: computing statistics"),
        ("VACUUM (FREEZE, DISABLE_PAGE_SKIPPING, INDEX_CLEANUP off) big", PINNED, "vacuuming: scanning heap"),
        ("CLUSTER big USING k", WAITING, "cluster: rebuilding index"),
    ] {
        if statement.starts_with("CLUSTER") {
            // It takes the table for itself.
            pin.batch_execute("ROLLBACK").await.expect("an end");
        }
        let statements: &'static [&'static str] = Box::leak(Box::new([statement]));
        let running = running(&database, statements, sign).await;
        let told = database.target().progress(&running.backend).await.expect("an answer");
        assert!(told.as_ref().is_some_and(|told| told.starts_with(words)), "{statement}: {told:?}");
        running.canceller.cancel().await.expect("a cancel request");
        running.outcome.await.expect("no panic").0.expect_err("cancelled");
        assert_eq!(database.target().progress(&running.backend).await.expect("an answer"), None);
        // Of a statement that is not described here nobody can tell what became of it.
        database.psql("DROP TABLE IF EXISTS migrated_journal");
    }
    holder.batch_execute("ROLLBACK").await.expect("an end");
}

#[tokio::test]
async fn a_session_that_is_dropped_at_work_leaves_no_orphan() {
    let database = database!();
    let running = running(&database, &["SELECT pg_sleep(600)"], SLEEPING).await;
    running.outcome.abort();
    database
        .until(&format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {}", running.backend.pid))
        .await;
}
