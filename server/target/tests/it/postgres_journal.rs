//! Revisions that are not one transaction (rule R12).

use crate::server::{Database, Log, database, first, script, session, update, work};
use migrated_core::Code;
use migrated_core::dialect::ObjectKind;
use migrated_core::event::EventKind;
use migrated_core::revision::RowChange;
use migrated_target::{JournalState, ObjectRef, Outcome, Session, Target, Transaction, Treatment, Work};
use std::sync::Arc;
use std::time::Duration;

fn object(kind: ObjectKind, name: &str) -> ObjectRef {
    ObjectRef { kind, schema: None, name: name.into() }
}

/// Revision `r1` outside of a transaction; how each statement is treated is read off it.
fn revision(statements: &[&str]) -> Work {
    let mut script = script(statements);
    for (statement, text) in script.statements.iter_mut().zip(statements) {
        let words: Vec<&str> = text.split_whitespace().collect();
        statement.treatment = match words.as_slice() {
            ["CREATE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS", index, "ON", table, ..]
            | ["CREATE", "INDEX", "CONCURRENTLY", index, "ON", table, ..]
            | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", index, "ON", table, ..] => {
                Treatment::ConcurrentIndex {
                    index: object(ObjectKind::Index, index),
                    table: object(ObjectKind::Table, table),
                }
            }
            ["DROP", "INDEX", "CONCURRENTLY", index] => {
                Treatment::Alone { objects: vec![object(ObjectKind::Index, index)] }
            }
            ["VACUUM", ..] | ["CALL", ..] => Treatment::Alone { objects: vec![] },
            ["SET", ..] => Treatment::SessionOnly,
            _ => Treatment::Transactional,
        };
    }
    Work { transaction: Transaction::None, ..work("r1", &[], vec![RowChange::Insert("r1".into())], script) }
}

async fn journal(target: &Arc<dyn Target>) -> Vec<(u32, JournalState)> {
    let rows = target.standing().await.expect("a standing").journal;
    rows.iter().map(|row| (row.statement, row.state)).collect()
}

const NO_JOURNAL: &str = "SELECT to_regclass('migrated_journal') IS NULL, (SELECT string_agg(version_num, ',') FROM alembic_version)";

async fn open(database: &Database) -> (Arc<dyn Target>, Box<dyn Session>) {
    let target = database.target();
    let session = session(&target, "run-1").await;
    (target, session)
}

/// A table with two rows that are alike.
fn twins(database: &Database) {
    database.psql("CREATE TABLE t (id int, v int DEFAULT 0); INSERT INTO t VALUES (1), (1)");
}

#[tokio::test]
async fn all_statements_run_and_no_journal_is_left() {
    let database = database!();
    twins(&database);
    let (_, mut session) = open(&database).await;
    let work = revision(&[
        "UPDATE t SET v = v + 1",
        "CREATE INDEX CONCURRENTLY i ON t (id)",
        "UPDATE t SET v = v + 1",
    ]);
    let applied = session.apply(&work, &Log::default()).await.expect("a revision that works");
    assert_eq!((applied.statements, applied.rows), (3, vec!["r1".to_owned()]));
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
    assert_eq!(database.psql("SELECT DISTINCT v FROM t"), "2");
}

#[tokio::test]
async fn a_revision_that_ends_with_a_lone_statement_works_too() {
    let database = database!();
    twins(&database);
    let (_, mut session) = open(&database).await;
    session.apply(&revision(&["VACUUM t"]), &Log::default()).await.expect("a revision that works");
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
}

#[tokio::test]
async fn a_failure_in_the_middle_is_partial_and_the_next_attempt_does_only_the_rest() {
    let database = database!();
    twins(&database);
    let (target, mut session) = open(&database).await;
    let statements =
        ["UPDATE t SET v = v + 1", "CREATE INDEX CONCURRENTLY i ON t (id)", "UPDATE u SET v = 1"];
    let fault = session.apply(&revision(&statements), &Log::default()).await.expect_err("no table u");
    assert_eq!(fault.error.code, Code::StatementFailed);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 2, .. }), "{:?}", fault.outcome);
    assert_eq!(journal(&target).await, [(1, JournalState::Done), (2, JournalState::Done)]);
    // What is not done yet may be edited.
    let edited = [statements[0], statements[1], "UPDATE t SET v = v + 10"];
    let log = Log::default();
    let applied = session.apply(&revision(&edited), &log).await.expect("the rest");
    assert_eq!(applied.statements, 1);
    assert_eq!(log.evidence(), ["2 statements are recorded as done"]);
    assert_eq!(database.psql("SELECT DISTINCT v FROM t"), "11");
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
}

#[tokio::test]
async fn a_done_statement_that_was_changed_is_refused() {
    let database = database!();
    twins(&database);
    let (target, mut session) = open(&database).await;
    session
        .apply(&revision(&["UPDATE t SET v = 1", "UPDATE u SET v = 1"]), &Log::default())
        .await
        .expect_err("no table u");
    let edited = revision(&["UPDATE t SET v = 2", "UPDATE t SET v = 3"]);
    let fault = session.apply(&edited, &Log::default()).await.expect_err("a changed statement");
    assert_eq!(fault.error.code, Code::ChangedPartial);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
    assert_eq!(journal(&target).await, [(1, JournalState::Done)]);
    assert_eq!(database.psql("SELECT DISTINCT v FROM t"), "1");
}

#[tokio::test]
async fn another_revision_waits_for_the_one_that_was_cut_off() {
    let database = database!();
    twins(&database);
    let (_, mut session) = open(&database).await;
    session
        .apply(&revision(&["UPDATE t SET v = 1", "UPDATE u SET v = 1"]), &Log::default())
        .await
        .expect_err("no table u");
    let other = Work { revision: "r9".into(), ..revision(&["UPDATE t SET v = 5"]) };
    let fault = session.apply(&other, &Log::default()).await.expect_err("r1 comes first");
    assert_eq!(fault.error.code, Code::TargetPartial);
    assert!(fault.error.message.contains("r1"), "{}", fault.error);
}

#[tokio::test]
async fn a_failure_in_the_first_statement_is_clean() {
    let database = database!();
    let (target, mut session) = open(&database).await;
    let fault = session
        .apply(&revision(&["UPDATE u SET v = 1", "VACUUM"]), &Log::default())
        .await
        .expect_err("no table u");
    assert_eq!((fault.outcome, fault.error.code), (Outcome::Clean, Code::StatementFailed));
    assert_eq!(journal(&target).await, []);
    assert_eq!(database.psql("SELECT to_regclass('migrated_journal') IS NULL"), "t");
}

#[tokio::test]
async fn a_failed_concurrent_build_leaves_no_invalid_index() {
    let database = database!();
    twins(&database);
    let (target, mut session) = open(&database).await;
    let work = revision(&["CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)"]);
    let fault = session.apply(&work, &Log::default()).await.expect_err("twins");
    assert_eq!((fault.outcome, fault.error.code), (Outcome::Clean, Code::StatementFailed));
    assert_eq!(fault.error.sql.expect("what the database said").sqlstate, "23505");
    assert_eq!(database.psql("SELECT to_regclass('i') IS NULL"), "t");
    assert_eq!(journal(&target).await, []);
}

/// A concurrent build that is cut off while it waits for an older transaction. Gives that one.
async fn cut_off(database: &Database, statements: &[&str]) -> tokio_postgres::Client {
    let holder = database.hold("UPDATE t SET v = 0").await;
    let (_, mut session) = open(database).await;
    let pid = session.backend().pid;
    let work = revision(statements);
    let running = tokio::spawn(async move { session.apply(&work, &Log::default()).await });
    database
        .until(&format!("SELECT wait_event = 'virtualxid' AND query LIKE 'CREATE%' FROM pg_stat_activity WHERE pid = {pid}"))
        .await;
    database.psql(&format!("SELECT pg_terminate_backend({pid})"));
    let fault = running.await.expect("no panic").expect_err("terminated");
    assert_eq!(fault.error.code, Code::ConnectionLost);
    assert!(matches!(fault.outcome, Outcome::Partial { .. }), "{:?}", fault.outcome);
    assert_eq!(database.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "f");
    holder
}

#[tokio::test]
async fn an_invalid_index_is_dropped_and_built_again() {
    let database = database!();
    twins(&database);
    let statements = ["UPDATE t SET v = v + 1", "CREATE INDEX CONCURRENTLY i ON t (id)"];
    // The holder would keep the UPDATE away, so the build is the revision's first statement here.
    let holder = cut_off(&database, &statements[1..]).await;
    holder.batch_execute("ROLLBACK").await.expect("an end");
    let (target, mut session) = open(&database).await;
    assert_eq!(journal(&target).await, [(1, JournalState::Intent)]);
    let log = Log::default();
    session.apply(&revision(&statements[1..]), &log).await.expect("a second attempt");
    assert!(log.evidence()[0].contains("dropped, to be built again"), "{:?}", log.evidence());
    assert_eq!(database.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "t");
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
}

#[tokio::test]
async fn a_complete_index_is_adopted() {
    let database = database!();
    twins(&database);
    let statements = ["CREATE INDEX CONCURRENTLY i ON t (id)"];
    let holder = cut_off(&database, &statements).await;
    holder.batch_execute("ROLLBACK").await.expect("an end");
    // What an orphan that was let alone would have made.
    database.psql("DROP INDEX i");
    database.psql("CREATE INDEX i ON t (id)");
    let before = database.psql("SELECT 'i'::regclass::oid");
    let (_, mut session) = open(&database).await;
    let log = Log::default();
    let applied = session.apply(&revision(&statements), &log).await.expect("a second attempt");
    assert_eq!(applied.statements, 0);
    assert!(log.evidence()[0].contains("adopted"), "{:?}", log.evidence());
    assert_eq!(database.psql("SELECT 'i'::regclass::oid"), before);
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
}

#[tokio::test]
async fn an_orphan_at_work_is_ended_first() {
    let database = database!();
    twins(&database);
    let statements = ["CREATE INDEX CONCURRENTLY i ON t (id)"];
    let holder = database.hold("UPDATE t SET v = 0").await;
    let (_, mut orphan) = open(&database).await;
    let pid = orphan.backend().pid;
    let first = revision(&statements);
    // Its client stays connected, as behind a proxy: nothing but us ends it.
    let running = tokio::spawn(async move {
        let outcome = orphan.apply(&first, &Log::default()).await;
        outcome.map(|_| ())
    });
    database
        .until(&format!("SELECT wait_event = 'virtualxid' FROM pg_stat_activity WHERE pid = {pid}"))
        .await;
    let (_, mut session) = open(&database).await;
    let log = Log::default();
    let second = revision(&statements);
    let next = session.apply(&second, &log);
    let release = async {
        database.until(&format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {pid}")).await;
        holder.batch_execute("ROLLBACK").await.expect("an end");
    };
    let (outcome, ()) = tokio::join!(next, release);
    outcome.expect("the index");
    assert!(log.evidence()[0].contains("was ended"), "{:?}", log.evidence());
    running.await.expect("no panic").expect_err("ended");
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
}

#[tokio::test]
async fn an_invalid_leftover_of_somebody_else_is_not_taken_for_the_index() {
    let database = database!();
    twins(&database);
    database.server.psql(&database.name, "CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)").expect_err("twins");
    assert_eq!(database.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "f");
    let (_, mut session) = open(&database).await;
    let log = Log::default();
    let work = revision(&["CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id)"]);
    session.apply(&work, &log).await.expect("an index");
    assert_eq!(database.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "t");
    let events = log.events.lock().expect("no panic");
    assert!(
        events.iter().any(|e| matches!(e, EventKind::Warning { reason, .. } if reason == "INVALID_INDEX"))
    );
}

#[tokio::test]
async fn lock_timeout_does_not_bound_a_concurrent_build() {
    let database = database!();
    twins(&database);
    let holder = database.hold("UPDATE t SET v = 0").await;
    let target = database.target_with(|spec| spec.lock_timeout = Duration::from_millis(50));
    let mut session = session(&target, "run-1").await;
    let pid = session.backend().pid;
    let work = revision(&[
        "CREATE INDEX CONCURRENTLY i ON t (id)",
        "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS l",
    ]);
    let log = Log::default();
    let build = session.apply(&work, &log);
    let release = async {
        // Far beyond the timeout, by the server's clock.
        database
            .until(&format!(
                "SELECT wait_event = 'virtualxid' AND clock_timestamp() - query_start > '400 ms' \
                 FROM pg_stat_activity WHERE pid = {pid}"
            ))
            .await;
        holder.batch_execute("ROLLBACK").await.expect("an end");
    };
    let (outcome, ()) = tokio::join!(build, release);
    outcome.expect("an index");
    assert_eq!(database.psql("SELECT l FROM seen"), "50ms");
}

#[tokio::test]
async fn a_drop_is_done_where_the_index_is_gone() {
    let database = database!();
    twins(&database);
    database.psql("CREATE INDEX i ON t (id)");
    let (target, mut session) = open(&database).await;
    let statements = ["DROP INDEX CONCURRENTLY i", "UPDATE u SET v = 1"];
    session.apply(&revision(&statements), &Log::default()).await.expect_err("no table u");
    database.psql("UPDATE migrated_journal SET state = 'INTENT'");
    assert_eq!(journal(&target).await, [(1, JournalState::Intent)]);
    database.psql("CREATE TABLE u (v int)");
    let log = Log::default();
    let applied = session.apply(&revision(&statements), &log).await.expect("the rest");
    assert_eq!(applied.statements, 1);
    assert!(log.evidence()[0].contains("is gone"), "{:?}", log.evidence());
}

#[tokio::test]
async fn what_evidence_cannot_decide_stays_partial() {
    let database = database!();
    database.psql("CREATE TABLE t (v int); CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES (1); COMMIT; END'");
    let (target, mut session) = open(&database).await;
    let statements = ["CALL p()", "UPDATE u SET v = 1"];
    session.apply(&revision(&statements), &Log::default()).await.expect_err("no table u");
    database.psql("UPDATE migrated_journal SET state = 'INTENT'");
    let fault = session.apply(&revision(&statements), &Log::default()).await.expect_err("undecided");
    assert_eq!(fault.error.code, Code::TargetPartial);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 0, .. }), "{:?}", fault.outcome);
    assert_eq!(journal(&target).await, [(1, JournalState::Intent)]);
    assert_eq!(database.psql("SELECT count(*) FROM t"), "1");
}

#[tokio::test]
async fn session_statements_are_replayed_before_the_resume_point() {
    let database = database!();
    twins(&database);
    database.psql("CREATE SCHEMA s; CREATE TABLE s.t (v int)");
    let (_, mut session) = open(&database).await;
    let statements = ["SET search_path = s", "INSERT INTO t VALUES (1)", "UPDATE u SET v = 1"];
    session.apply(&revision(&statements), &Log::default()).await.expect_err("no table u");
    // As after a crash: another session, which was never told.
    let (_, mut session) = open(&database).await;
    let edited = [statements[0], statements[1], "INSERT INTO t VALUES (2)"];
    session.apply(&revision(&edited), &Log::default()).await.expect("the rest");
    assert_eq!(database.psql("SELECT string_agg(v::text, ',' ORDER BY v) FROM s.t"), "1,2");
}

#[tokio::test]
async fn a_set_role_does_not_keep_us_from_the_journal() {
    let database = database!();
    twins(&database);
    let role = format!("guest_{}", database.name);
    database.psql(&format!("CREATE ROLE {role}; GRANT ALL ON t TO {role}; ALTER TABLE t OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role}"));
    let (_, mut session) = open(&database).await;
    let set = format!("SET ROLE {role}");
    let work = revision(&[
        &set,
        "UPDATE t SET v = 1",
        "CREATE INDEX CONCURRENTLY i ON t (id)",
        "CREATE TABLE mine ()",
    ]);
    session.apply(&work, &Log::default()).await.expect("a revision that works");
    assert_eq!(database.psql("SELECT tableowner FROM pg_tables WHERE tablename = 'mine'"), role);
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
    database.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn rows_that_changed_meanwhile_are_partial() {
    let database = database!();
    twins(&database);
    let (target, mut session) = open(&database).await;
    target.ensure_version_table().await.expect("a table");
    let work = revision(&["UPDATE t SET v = 1", "INSERT INTO alembic_version VALUES ('rival')", "VACUUM t"]);
    let fault = session.apply(&work, &Log::default()).await.expect_err("a rival");
    assert_eq!(fault.error.code, Code::VersionRowsChanged);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 3, .. }), "{:?}", fault.outcome);
}

#[tokio::test]
async fn a_stamp_needs_no_journal() {
    let database = database!();
    let (_, mut session) = open(&database).await;
    session.apply(&revision(&[]), &Log::default()).await.expect("a stamp");
    assert_eq!(database.psql(NO_JOURNAL), "t|r1");
    session.apply(&first(&[]), &Log::default()).await.expect_err("it stands at r1");
    let second = work("r2", &["r1"], update("r1", "r2"), script(&[]));
    session.apply(&second, &Log::default()).await.expect("the next");
}
