//! The migration lock on MariaDB.

use crate::mysql_bed::{Database, mariadb, revision, session};
use crate::server::Log;
use migrated_core::Code;
use migrated_target::{
    LockAttempt, MigrationLock, Outcome, Session, SessionOptions, Target, TargetSpec, VersionTable,
};
use std::sync::Arc;

async fn held(target: &Arc<dyn Target>) -> Box<dyn MigrationLock> {
    match target.try_lock("run-1").await.expect("an answer") {
        LockAttempt::Held(lock) => lock,
        LockAttempt::Busy(holder) => panic!("held by {holder:?}"),
    }
}

async fn under(target: &Arc<dyn Target>, lock: &dyn MigrationLock) -> Box<dyn Session> {
    let options = SessionOptions { run: "run-1".into(), lock: lock.token() };
    target.connect(&options).await.expect("a session")
}

fn with_table(database: &Database, name: &str) -> Arc<dyn Target> {
    let version_table = VersionTable { name: name.into(), schema: None };
    migrated_target::open(&TargetSpec { version_table, ..database.spec() }).expect("a URL that can be read")
}

#[tokio::test]
async fn one_holds_it_and_the_other_is_told_who() {
    let database = mariadb!();
    let target = database.target();
    let mut lock = held(&target).await;
    lock.verify().await.expect("it is held");
    let LockAttempt::Busy(holder) = target.try_lock("run-2").await.expect("an answer") else {
        panic!("two hold it")
    };
    assert_eq!(holder.pid, lock.backend().pid);
    assert!(holder.detail.contains("tester@"), "{}", holder.detail);
    // Another version table of the database, and the same of another, are other places.
    let other = held(&with_table(&database, "other_version")).await;
    other.release().await.expect("it was held");
    let elsewhere = mariadb!();
    held(&elsewhere.target()).await.release().await.expect("it was held");
    lock.release().await.expect("it was held");
    held(&target).await.release().await.expect("it was held");
}

#[tokio::test]
async fn a_lock_that_is_dropped_is_free() {
    let database = mariadb!();
    let target = database.target();
    drop(held(&target).await);
    // The server notices the end of a connection in its own time.
    for _ in 0..200 {
        if let LockAttempt::Held(lock) = target.try_lock("run-2").await.expect("an answer") {
            return lock.release().await.expect("it was held");
        }
    }
    panic!("the lock outlived its connection");
}

#[tokio::test]
async fn releasing_drops_the_empty_journal_and_no_other() {
    let database = mariadb!();
    let target = database.target();
    let lock = held(&target).await;
    let mut session = under(&target, lock.as_ref()).await;
    let log = Log::default();
    session.apply(&revision("", "r1", "CREATE TABLE a (i int);"), &log).await.expect("a step that works");
    assert_eq!(database.journal(), "");
    session.close().await;
    lock.release().await.expect("it was held");
    assert_eq!(database.journal(), "none");

    let lock = held(&target).await;
    let mut session = under(&target, lock.as_ref()).await;
    let text = "CREATE TABLE b (i int);\nCREATE TABLE b (i int);";
    session.apply(&revision("r1", "r2", text), &log).await.expect_err("b is there");
    session.close().await;
    lock.release().await.expect("it was held");
    assert_eq!(database.journal(), "1 DONE");
}

#[tokio::test]
async fn a_lost_lock_stops_the_work() {
    let database = mariadb!();
    let target = database.target();
    let mut lock = held(&target).await;
    let mut session = under(&target, lock.as_ref()).await;
    database.shell(&format!("KILL {}", lock.backend().pid));
    let fault = session.apply(&revision("", "r1", "CREATE TABLE a (i int);"), &Log::default()).await;
    let fault = fault.expect_err("the lock is gone");
    assert_eq!((fault.error.code, fault.outcome), (Code::LockLost, Outcome::Clean));
    assert_eq!(database.shell("SHOW TABLES LIKE 'a'"), "");
    assert_eq!(lock.verify().await.expect_err("it is gone").code, Code::LockLost);
    assert_eq!(lock.release().await.expect_err("it is gone").code, Code::LockLost);
}

#[tokio::test]
async fn a_lock_that_is_lost_between_statements_stops_the_next() {
    let database = mariadb!();
    let target = database.target();
    let lock = held(&target).await;
    let mut session = under(&target, lock.as_ref()).await;
    // The revision itself ends the session that holds the lock, and waits until it is gone: KILL only asks for that.
    let pid = lock.backend().pid;
    database.shell(&format!(
        "DELIMITER //\nCREATE PROCEDURE gone() WHILE EXISTS (SELECT 1 FROM information_schema.processlist \
         WHERE id = {pid}) DO DO SLEEP(0.01); END WHILE//\n"
    ));
    let text = format!(
        "CREATE TABLE a (i int);\nKILL {pid};\nCALL gone();\nCREATE TABLE b (i int);\nCREATE TABLE c (i int);"
    );
    let fault =
        session.apply(&revision("", "r1", &text), &Log::default()).await.expect_err("the lock is gone");
    assert_eq!(fault.error.code, Code::LockLost);
    assert!(matches!(fault.outcome, Outcome::Partial { .. }), "{:?}", fault.outcome);
    assert_eq!((database.shell("SHOW TABLES LIKE 'c'"), database.rows()), (String::new(), String::new()));
}

#[tokio::test]
async fn a_session_on_another_server_than_the_lock_is_refused() {
    let database = mariadb!();
    let target = database.target();
    let lock = held(&target).await;
    let (token, pid) = lock.token().expect("MySQL has one");
    let (name, _) = token.split_once(' ').expect("name and server");
    assert!(name.len() <= 58, "{name}");
    let options = SessionOptions { run: "run-1".into(), lock: Some((format!("{name} 1@other:1/1"), pid)) };
    let error = target.connect(&options).await.err().expect("another server");
    assert_eq!(error.code, Code::PooledConnection);
    lock.release().await.expect("it was held");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_at_work_keeps_another_out() {
    let database = mariadb!();
    let mut spec = database.spec();
    spec.lock_timeout = std::time::Duration::from_secs(1);
    let target = migrated_target::open(&spec).expect("a URL that can be read");
    let mut first = session(&target).await;
    let mut second = session(&target).await;
    let work = revision("", "r1", "CREATE TABLE a (i int);\nDO SLEEP(3);\nCREATE TABLE b (i int);");
    let log = Log::default();
    let slow = tokio::spawn(async move {
        let outcome = first.apply(&work, &Log::default()).await;
        first.close().await;
        outcome
    });
    while database.shell("SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")
        == "0"
    {
        assert!(!slow.is_finished(), "the first session ended early");
    }
    let rows = "SELECT count(*) FROM migrated_journal";
    let written = database.shell(rows);
    assert_ne!(written, "0", "the first session has done something");
    let fault =
        second.apply(&revision("", "r1", "CREATE TABLE a (i int);"), &log).await.expect_err("kept out");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::LockTimeout, Outcome::Clean, true));
    assert!(log.started.lock().expect("no panic").is_empty());
    assert_eq!(database.shell(rows), written, "who is kept out leaves the journal alone");
    slow.await.expect("no panic").expect("a step that works");
    second.close().await;
}
