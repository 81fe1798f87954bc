//! The two keys in the target (rule R15): the step key, which keeps a successor out while an orphan works, and the run
//! key, without which nothing is committed.

use crate::server::{Database, Log, database, first, script, session, work};
use migrated_core::Code;
use migrated_core::revision::RowChange;
use migrated_target::{
    ApplyFault, LockAttempt, MigrationLock, Outcome, Session, SessionOptions, Transaction, Treatment, Work,
};

/// The migration lock, and a work session that knows who holds it.
async fn under_lock(database: &Database) -> (Box<dyn MigrationLock>, Box<dyn Session>) {
    let target = database.target();
    let LockAttempt::Held(lock) = target.try_lock("run-1").await.expect("an attempt") else {
        panic!("the lock is free")
    };
    let options = SessionOptions { run: "run-1".into(), lock: lock.token() };
    let session = target.connect(&options).await.expect("a session");
    (lock, session)
}

fn journalled(statements: &[(&str, bool)]) -> Work {
    let texts: Vec<&str> = statements.iter().map(|(text, _)| *text).collect();
    let mut script = script(&texts);
    for (statement, (_, alone)) in script.statements.iter_mut().zip(statements) {
        if *alone {
            statement.treatment = Treatment::Alone { objects: vec![] };
        }
    }
    Work { transaction: Transaction::None, ..work("r1", &[], vec![RowChange::Insert("r1".into())], script) }
}

fn lock_lost(fault: &ApplyFault) {
    assert_eq!(fault.error.code, Code::LockLost, "{}", fault.error);
    assert!(!fault.retryable);
}

#[tokio::test]
async fn a_step_works_while_the_recorded_session_holds_the_lock() {
    let database = database!();
    let (lock, mut session) = under_lock(&database).await;
    session.apply(&first(&["CREATE TABLE t (id int)"]), &Log::default()).await.expect("a step");
    assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r1");
    session.close().await;
    lock.release().await.expect("it was ours all the time");
}

#[tokio::test]
async fn a_step_whose_lock_is_gone_is_not_committed() {
    let database = database!();
    let (lock, mut session) = under_lock(&database).await;
    let end = format!("SELECT pg_terminate_backend({}, 5000)", lock.backend().pid);
    let fault = session.apply(&first(&["CREATE TABLE t (id int)", &end]), &Log::default()).await;
    let fault = fault.expect_err("nobody holds the lock");
    lock_lost(&fault);
    assert_eq!(fault.outcome, Outcome::Clean);
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[tokio::test]
async fn a_step_whose_lock_another_session_has_is_not_committed() {
    let database = database!();
    let (lock, mut session) = under_lock(&database).await;
    lock.release().await.expect("a release");
    let (other, mut theirs) = under_lock(&database).await;
    let fault = session.apply(&first(&["CREATE TABLE t (id int)"]), &Log::default()).await;
    lock_lost(&fault.expect_err("the lock is another's"));
    theirs.apply(&first(&["CREATE TABLE t (id int)"]), &Log::default()).await.expect("the new owner works");
    other.release().await.expect("a release");
}

#[tokio::test]
async fn no_statement_outside_of_a_transaction_begins_without_the_lock() {
    let database = database!();
    database.psql("CREATE TABLE t (id int)");
    for alone in [true, false] {
        let (lock, mut session) = under_lock(&database).await;
        let end = format!("SELECT pg_terminate_backend({}, 5000)", lock.backend().pid);
        let revision = journalled(&[(&end, true), ("INSERT INTO t VALUES (1)", alone), ("SELECT 1", true)]);
        let fault = session.apply(&revision, &Log::default()).await.expect_err("nobody holds the lock");
        lock_lost(&fault);
        assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
        assert_eq!(database.psql("SELECT count(*) FROM t"), "0", "alone: {alone}");
        session.close().await;
        database.psql("DROP TABLE migrated_journal");
    }
}

#[tokio::test]
async fn a_run_in_one_transaction_is_not_committed_without_the_lock() {
    let database = database!();
    let (lock, mut session) = under_lock(&database).await;
    session.begin_run().await.expect("begun");
    let step = Work { transaction: Transaction::Run, ..first(&["CREATE TABLE t (id int)"]) };
    session.apply(&step, &Log::default()).await.expect("a step");
    lock.release().await.expect("a release");
    let fault = session.commit_run(&Log::default()).await.expect_err("nobody holds the lock");
    lock_lost(&fault);
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[tokio::test]
async fn an_orphan_at_work_keeps_its_successor_out() {
    let database = database!();
    database.psql("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let transactional = first(&["UPDATE t SET id = 2"]);
    let outside = journalled(&[("SELECT 1", true), ("UPDATE t SET id = 2", false)]);
    for revision in [transactional, outside] {
        let holder = database.hold("SELECT FROM t FOR UPDATE").await;
        let target = database.target();
        let mut orphan = session(&target, "run-1").await;
        let pid = orphan.backend().pid;
        let work = revision.clone();
        let running = tokio::spawn(async move {
            let outcome = orphan.apply(&work, &Log::default()).await;
            orphan.close().await;
            outcome.map(drop)
        });
        let waits = format!("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}");
        database.until(&waits).await;
        // It gives up long before the orphan, which waits for a lock as well.
        let hasty = database.target_with(|spec| spec.lock_timeout = std::time::Duration::from_millis(200));
        let mut successor = session(&hasty, "run-2").await;
        let fault = successor.apply(&revision, &Log::default()).await.expect_err("the key is taken");
        assert_eq!(fault.error.code, Code::LockTimeout, "{}", fault.error);
        // What the orphan has locked by now, such as the version rows, may be in the way before the key is.
        let told = &fault.error.message;
        assert!(told.contains("an earlier run") || told.contains("lock timeout"), "{}", fault.error);
        assert!(fault.retryable && fault.outcome == Outcome::Clean);
        holder.batch_execute("ROLLBACK").await.expect("an end");
        running.await.expect("no panic").expect("the orphan's own end");
        assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r1");
        let fault = successor.apply(&revision, &Log::default()).await.expect_err("it is done already");
        assert_eq!(fault.error.code, Code::VersionRowsChanged, "the key is free, and what was done is seen");
        successor.close().await;
        database.psql("TRUNCATE alembic_version");
    }
}
