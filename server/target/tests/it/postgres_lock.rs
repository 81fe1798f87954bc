//! The migration lock (rule R8).

use crate::server::{Database, database, postgres};
use migrated_core::Code;
use migrated_target::{Holder, LockAttempt, MigrationLock, Target, TargetSpec};
use migrated_testkit::{Pgbouncer, present};
use std::sync::Arc;

async fn held(target: &Arc<dyn Target>, run: &str) -> Box<dyn MigrationLock> {
    match target.try_lock(run).await.expect("an attempt") {
        LockAttempt::Held(lock) => lock,
        LockAttempt::Busy(holder) => panic!("held by {holder:?}"),
    }
}

async fn busy(target: &Arc<dyn Target>, run: &str) -> Holder {
    match target.try_lock(run).await.expect("an attempt") {
        LockAttempt::Held(_) => panic!("the lock was free"),
        LockAttempt::Busy(holder) => holder,
    }
}

const LOCKS: &str = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                     WHERE locktype = 'advisory' AND datname = current_database()";

#[tokio::test]
async fn the_second_is_told_who_holds_it() {
    let database = database!();
    let target = database.target();
    let lock = held(&target, "run-1").await;
    let holder = busy(&target, "run-2").await;
    assert_eq!((holder.run.as_str(), holder.pid), ("run-1", lock.backend().pid));
    lock.release().await.expect("a release");
    held(&target, "run-2").await.release().await.expect("a release");
    assert_eq!(database.psql(LOCKS), "0");
}

#[tokio::test]
async fn two_names_of_one_version_table_exclude_each_other() {
    let database = database!();
    let by_default = database.target();
    let by_name = database.target_with(|spec| spec.schema = Some("public".into()));
    let lock = held(&by_default, "run-1").await;
    assert_eq!(busy(&by_name, "run-2").await.run, "run-1");
    lock.release().await.expect("a release");
}

#[tokio::test]
async fn two_version_tables_do_not() {
    let database = database!();
    let other = database.target_with(|spec| spec.version_table.name = "other_version".into());
    let one = held(&database.target(), "run-1").await;
    let two = held(&other, "run-2").await;
    one.release().await.expect("a release");
    two.release().await.expect("a release");
}

#[tokio::test]
async fn a_dropped_lock_is_free() {
    let database = database!();
    let target = database.target();
    drop(held(&target, "run-1").await);
    database.until(&LOCKS.replacen("count(*)", "count(*) = 0", 1)).await;
    held(&target, "run-2").await.release().await.expect("a release");
}

#[tokio::test]
async fn losing_the_lock_is_noticed() {
    let database = database!();
    let mut lock = held(&database.target(), "run-1").await;
    lock.verify().await.expect("held");
    database.psql(&format!("SELECT pg_terminate_backend({})", lock.backend().pid));
    assert_eq!(lock.verify().await.expect_err("lost").code, Code::LockLost);
}

#[tokio::test]
async fn the_lock_is_never_held_in_a_transaction() {
    let database = database!();
    let lock = held(&database.target(), "run-1").await;
    let state = format!("SELECT state, xact_start FROM pg_stat_activity WHERE pid = {}", lock.backend().pid);
    assert_eq!(database.psql(&state), "idle|");
    // So a concurrent build, which waits for all older transactions, does not wait for it.
    database.psql("CREATE TABLE t (id int)");
    let url = format!("{}?options=-cstatement_timeout%3D5s", database.url());
    migrated_testkit::psql(&url, "CREATE INDEX CONCURRENTLY i ON t (id)").expect("an index");
    lock.release().await.expect("a release");
}

#[tokio::test]
async fn eight_try_at_once_and_one_gets_it() {
    let database = database!();
    let target = database.target();
    let all = (0..8).map(|n| {
        let target = target.clone();
        tokio::spawn(async move { target.try_lock(&format!("run-{n}")).await })
    });
    let mut locks = Vec::new();
    for one in futures_util::future::join_all(all).await {
        if let LockAttempt::Held(lock) = one.expect("no panic").expect("an attempt") {
            locks.push(lock);
        }
    }
    assert_eq!(locks.len(), 1);
    for lock in locks {
        lock.release().await.expect("a release");
    }
}

/// Refused through a pooler, and nothing is left behind in the database.
async fn refused(settings: &[&str]) {
    let database = database!();
    let Some(bouncer) = bouncer("transaction", settings) else { return };
    let target = through(&bouncer, &database);
    match target.try_lock("run-1").await {
        Err(error) => assert_eq!(error.code, Code::PooledConnection, "{error}"),
        Ok(_) => panic!("a pooler was not noticed ({settings:?})"),
    }
    assert_eq!(database.psql(LOCKS), "0");
    assert_eq!(database.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

fn bouncer(mode: &str, settings: &[&str]) -> Option<Pgbouncer> {
    Pgbouncer::start(postgres()?, mode, settings).map_or_else(|reason| present(Err(&reason)), Some)
}

fn through(bouncer: &Pgbouncer, database: &Database) -> Arc<dyn Target> {
    migrated_target::open(&TargetSpec::new(bouncer.url(&database.name))).expect("a URL that can be read")
}

#[tokio::test]
async fn a_transaction_pooler_is_refused() {
    refused(&[]).await;
}

#[tokio::test]
async fn a_transaction_pooler_with_one_connection_is_refused() {
    refused(&["default_pool_size = 1"]).await;
}

#[tokio::test]
async fn a_transaction_pooler_that_takes_turns_is_refused() {
    refused(&["server_round_robin = 1", "min_pool_size = 5"]).await;
}

#[tokio::test]
async fn a_session_pooler_is_accepted() {
    let database = database!();
    let Some(bouncer) = bouncer("session", &[]) else { return };
    let target = through(&bouncer, &database);
    let lock = held(&target, "run-1").await;
    assert_eq!(busy(&database.target(), "run-2").await.pid, lock.backend().pid);
    lock.release().await.expect("a release");
    assert_eq!(database.psql(LOCKS), "0");
}
