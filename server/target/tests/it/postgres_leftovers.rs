//! Statements that work in several transactions of their own, cut off between two of them or failing there (rule R12),
//! and what is tried again within a revision (rule R13).

use crate::server::{Database, Log, database, script, session, work};
use migrated_core::dialect::{StatementKind, classify};
use migrated_core::event::EventKind;
use migrated_core::revision::RowChange;
use migrated_core::{Code, DialectName};
use migrated_target::{JournalState, Outcome, Retries, Transaction, Treatment, Work};
use std::time::Duration;

/// Revision `r1` outside of a transaction.
fn revision(statements: &[&str]) -> Work {
    let mut script = script(statements);
    for (statement, text) in script.statements.iter_mut().zip(statements) {
        let class = classify(DialectName::Postgres, text);
        statement.treatment = match (class.kind, class.concurrent_index) {
            (StatementKind::RefusesTransaction, Some(made)) if made.index.is_some() => {
                Treatment::ConcurrentIndex { index: made.index.expect("it has one"), table: made.table }
            }
            (StatementKind::RefusesTransaction, _) => Treatment::Alone { objects: class.objects },
            _ => Treatment::Transactional,
        };
    }
    Work { transaction: Transaction::None, ..work("r1", &[], vec![RowChange::Insert("r1".into())], script) }
}

/// Runs these until the last one of them waits for `held`, and ends its session there, as a death would.
async fn cut_off(database: &Database, statements: &[&str], held: &str) {
    let holder = database.hold(held).await;
    let mut session = session(&database.target(), "run-1").await;
    let pid = session.backend().pid;
    let work = revision(statements);
    let running = tokio::spawn(async move { session.apply(&work, &Log::default()).await });
    let waits = format!("SELECT count(*) = 1 FROM pg_locks WHERE pid = {pid} AND NOT granted");
    database.until(&waits).await;
    database.psql(&format!("SELECT pg_terminate_backend({pid}, 20000)"));
    let fault = running.await.expect("no panic").expect_err("terminated");
    assert_eq!(fault.error.code, Code::ConnectionLost);
    holder.batch_execute("ROLLBACK").await.expect("an end");
}

/// Goes on, and tells why at that place.
async fn goes_on(database: &Database, statements: &[&str]) -> String {
    let mut session = session(&database.target(), "run-1").await;
    let log = Log::default();
    session.apply(&revision(statements), &log).await.expect("it goes on");
    assert_eq!(database.psql("SELECT to_regclass('migrated_journal') IS NULL"), "t");
    log.evidence().join("; ")
}

/// The indexes of `t`, those of no use marked.
fn indexes(database: &Database) -> String {
    database.psql(
        "SELECT string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' invalid' END, ', ' \
         ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 't'::regclass",
    )
}

#[tokio::test]
async fn a_rebuild_that_was_cut_off_leaves_no_transient_index() {
    for (held, left) in [
        ("LOCK TABLE t IN ROW EXCLUSIVE MODE", "i, i_ccnew invalid, theirs_ccnew invalid"),
        ("LOCK TABLE t IN ACCESS SHARE MODE", "i, i_ccold invalid, theirs_ccnew invalid"),
    ] {
        for rebuild in ["REINDEX INDEX CONCURRENTLY i", "REINDEX (VERBOSE, CONCURRENTLY) SCHEMA public"] {
            let database = database!();
            database.psql(
                "CREATE TABLE t (id int); CREATE INDEX i ON t (id); CREATE INDEX theirs_ccnew ON t ((1))",
            );
            database
                .psql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'theirs_ccnew'::regclass");
            cut_off(&database, &[rebuild], held).await;
            assert_eq!(indexes(&database), left, "{rebuild}");
            let why = goes_on(&database, &[rebuild]).await;
            assert!(why.contains("public.i_cc") && !why.contains("theirs"), "{rebuild}: {why}");
            assert_eq!(indexes(&database), "i, theirs_ccnew invalid", "{rebuild}: what was there stays");
        }
    }
}

#[tokio::test]
async fn an_index_without_a_name_is_built_once() {
    let statement = "CREATE INDEX CONCURRENTLY ON t (id)";
    // Cut off, it is built again; where an orphan finished it, it is adopted.
    for finished in [false, true] {
        let database = database!();
        database.psql("CREATE TABLE t (id int); CREATE INDEX old ON t (id)");
        cut_off(&database, &[statement], "LOCK TABLE t IN ROW EXCLUSIVE MODE").await;
        assert_eq!(indexes(&database), "old, t_id_idx invalid");
        if finished {
            database.psql("DROP INDEX t_id_idx");
            database.psql("CREATE INDEX ON t (id)");
        }
        let why = goes_on(&database, &[statement]).await;
        assert!(why.contains(if finished { "adopted" } else { "dropped, to be built again" }), "{why}");
        assert_eq!(indexes(&database), "old, t_id_idx");
    }
}

/// A table with a partition, and a statement that detaches it.
fn parted(database: &Database) -> &'static str {
    database.psql(
        "CREATE TABLE logs (at int) PARTITION BY RANGE (at); \
         CREATE TABLE \"Old logs\" PARTITION OF logs FOR VALUES FROM (0) TO (10)",
    );
    "ALTER TABLE logs DETACH PARTITION \"Old logs\" CONCURRENTLY"
}

const ATTACHED: &str = "SELECT count(*) FROM pg_inherits";

#[tokio::test]
async fn a_detach_that_was_cut_off_is_finished() {
    let database = database!();
    let detach = parted(&database);
    cut_off(&database, &[detach], "SELECT FROM logs").await;
    assert_eq!(database.psql("SELECT inhdetachpending FROM pg_inherits"), "t");
    let why = goes_on(&database, &[detach, "ALTER TABLE \"Old logs\" ADD seen int"]).await;
    assert!(why.contains("FINALIZE"), "{why}");
    assert_eq!(database.psql(ATTACHED), "0");
}

#[tokio::test]
async fn a_detach_that_had_not_begun_is_done_again() {
    let database = database!();
    let detach = parted(&database);
    cut_off(&database, &[detach], "LOCK TABLE logs IN SHARE UPDATE EXCLUSIVE MODE").await;
    // What others do to the table meanwhile tells nothing.
    database.psql("CREATE TABLE more PARTITION OF logs FOR VALUES FROM (10) TO (20)");
    let why = goes_on(&database, &[detach]).await;
    assert!(why.contains("attached as before"), "{why}");
    assert_eq!(database.psql(ATTACHED), "1");
}

#[tokio::test]
async fn what_a_cancelled_statement_leaves_is_told() {
    for (make, statement, left) in [
        ("", "ALTER TABLE logs DETACH PARTITION \"Old logs\" CONCURRENTLY", "is left pending"),
        ("CREATE INDEX i ON logs (at)", "DROP INDEX CONCURRENTLY i", "index i is left invalid"),
    ] {
        let database = database!();
        if make.is_empty() {
            parted(&database);
        } else {
            database.psql(&format!("CREATE TABLE logs (at int); {make}"));
        }
        let holder = database.hold("SELECT FROM logs").await;
        let mut open = session(&database.target(), "run-1").await;
        let (pid, canceller) = (open.backend().pid, open.canceller());
        let work = revision(&[statement]);
        let running = tokio::spawn(async move { open.apply(&work, &Log::default()).await });
        database.until(&format!("SELECT count(*) = 1 FROM pg_locks WHERE pid = {pid} AND NOT granted")).await;
        canceller.cancel().await.expect("a cancel");
        let fault = running.await.expect("no panic").expect_err("cancelled");
        assert_eq!(fault.error.code, Code::Cancelled);
        assert!(fault.error.message.contains(left), "{}", fault.error);
        assert!(matches!(&fault.outcome, Outcome::Partial { done: 0, evidence } if evidence.contains(left)));
        let journal = database.target().standing().await.expect("a standing").journal;
        assert_eq!(journal.iter().map(|row| row.state).collect::<Vec<_>>(), [JournalState::Intent]);
        holder.batch_execute("ROLLBACK").await.expect("an end");
        goes_on(&database, &[statement]).await;
        assert_eq!(database.psql("SELECT to_regclass('i') IS NULL"), "t");
        assert_eq!(database.psql(ATTACHED), "0");
    }
}

#[tokio::test]
async fn a_unique_index_that_fails_says_what_became_of_it() {
    let database = database!();
    database.psql("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1)");
    let statement = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)";
    let target = database.target_with(|spec| spec.lock_timeout = Duration::from_millis(100));
    let mut first = session(&target, "run-1").await;
    let fault = first.apply(&revision(&[statement]), &Log::default()).await.expect_err("twins");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert!(
        fault.error.message.ends_with("; public.i, which it left invalid, is dropped"),
        "{}",
        fault.error
    );
    // A reader keeps it from being dropped: the next attempt does it.
    let holder = database.hold("SELECT FROM t").await;
    let fault = first.apply(&revision(&[statement]), &Log::default()).await.expect_err("twins");
    assert!(
        fault.error.message.contains("; public.i is left invalid; the next run drops it"),
        "{}",
        fault.error
    );
    assert!(matches!(fault.outcome, Outcome::Partial { done: 0, .. }), "{:?}", fault.outcome);
    assert_eq!(indexes(&database), "i invalid");
    holder.batch_execute("ROLLBACK").await.expect("an end");
    database.psql("DELETE FROM t");
    let why = goes_on(&database, &[statement]).await;
    assert!(why.contains("left invalid: dropped, to be built again"), "{why}");
    assert_eq!(indexes(&database), "i");
}

fn retries(log: &Log) -> Vec<(u32, u32)> {
    let events = log.events.lock().expect("no panic");
    let retry = |event: &EventKind| match event {
        EventKind::Retrying { attempt, max_attempts, .. } => Some((*attempt, *max_attempts)),
        _ => None,
    };
    events.iter().filter_map(retry).collect()
}

#[tokio::test]
async fn a_later_statement_is_tried_again_within_the_budget() {
    let statements =
        ["INSERT INTO seen VALUES (1)", "ALTER TABLE t ADD j int", "INSERT INTO seen VALUES (2)"];
    let vacuum = ["INSERT INTO seen VALUES (1)", "VACUUM t", "INSERT INTO seen VALUES (2)"];
    for (statements, held) in [
        (&statements[..], "SELECT FROM t"),
        (&statements[..2], "SELECT FROM t"),
        (&vacuum[..], "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE"),
    ] {
        let database = database!();
        database.psql("CREATE TABLE t (i int); CREATE TABLE seen (v int)");
        let target = database.target_with(|spec| spec.lock_timeout = Duration::from_millis(50));
        let budget = Retries { attempts: 3, ..Retries::default() };
        let holder = database.hold(held).await;
        let (log, mut spent) = (Log::default(), session(&target, "run-1").await);
        let work = Work { retries: budget, ..revision(statements) };
        let fault = spent.apply(&work, &log).await.expect_err("it is held all the time");
        assert_eq!(fault.error.code, Code::LockTimeout);
        assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
        assert_eq!(retries(&log), [(1, 3), (2, 3)], "{statements:?}");
        // And gets its lock where that comes free in time.
        let (log, mut session) = (Log::default(), session(&target, "run-1").await);
        let work = revision(statements);
        let release = async {
            while retries(&log).is_empty() {
                tokio::task::yield_now().await;
            }
            holder.batch_execute("ROLLBACK").await.expect("an end");
        };
        let (outcome, ()) = tokio::join!(session.apply(&work, &log), release);
        outcome.expect("the lock");
        let once = database.psql("SELECT count(*) = max(v) FROM seen");
        assert_eq!(once, "t", "each statement once");
    }
}
