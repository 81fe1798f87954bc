//! Steps outside of a transaction.

use crate::bed::{Bed, Told, first, next};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::{ApplyFault, Outcome, Transaction, Work};

fn alone(mut work: Work) -> Work {
    work.transaction = Transaction::None;
    work
}

fn partial(fault: &ApplyFault) -> u32 {
    match fault.outcome {
        Outcome::Partial { done, .. } => done,
        _ => panic!("not partial: {fault:?}"),
    }
}

#[tokio::test]
async fn statements_that_refuse_a_transaction_run() {
    let bed = Bed::new();
    let work = alone(first(
        "a",
        &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1), (2)", "PRAGMA page_size = 8192", "VACUUM"],
    ));
    let applied = bed.apply(&work).await.expect("applies");
    assert_eq!((applied.statements, applied.rows), (4, vec!["a".to_owned()]));
    assert_eq!(bed.shell("PRAGMA page_size; SELECT count(*) FROM t"), "8192\n2");
    assert!(bed.standing().await.journal.is_empty());
    let tables = bed.shell(
        "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1)",
    );
    assert_eq!(tables, "alembic_version,t", "the empty journal is dropped");
}

#[tokio::test]
async fn in_a_transaction_they_fail_clean() {
    let bed = Bed::new();
    let fault = bed.apply(&first("a", &["VACUUM"])).await.expect_err("refused by SQLite");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
}

#[tokio::test]
async fn a_failure_at_the_first_statement_leaves_nothing() {
    let bed = Bed::new();
    let fault = bed.apply(&alone(first("a", &["CREATE TABLE", "VACUUM"]))).await.expect_err("no such syntax");
    assert_eq!(fault.outcome, Outcome::Clean);
    let standing = bed.standing().await;
    assert!(standing.journal.is_empty());
    assert_eq!(standing.rows, Some(Vec::new()));
}

#[tokio::test]
async fn what_was_done_is_not_done_again() {
    let bed = Bed::new();
    let broken =
        alone(first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1)", "VACUUM", "SELECT nothing"]));
    let fault = bed.apply(&broken).await.expect_err("no such column");
    assert_eq!(partial(&fault), 3);
    let journal = bed.standing().await.journal;
    assert_eq!(journal.len(), 3);
    assert!(journal.iter().all(|row| row.run == "r1" && !row.hash.is_empty()), "{journal:?}");

    let fixed = alone(first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1)", "VACUUM", "SELECT 1"]));
    let told = Told::default();
    let mut session = bed.session().await;
    let applied = session.apply(&fixed, &told).await.expect("goes on");
    session.close().await;
    assert_eq!(applied.statements, 1);
    let first = told.events.lock().expect("told").first().cloned().expect("one event");
    assert!(matches!(first, EventKind::Resumed { statement: 4, total: 4, .. }), "{first:?}");
    assert_eq!(bed.shell("SELECT count(*) FROM t"), "1");
    assert_eq!(bed.rows().await, ["a"]);
}

#[tokio::test]
async fn a_changed_statement_that_is_done_is_refused() {
    let bed = Bed::new();
    bed.apply(&alone(first("a", &["CREATE TABLE t(a)", "SELECT nothing"])))
        .await
        .expect_err("no such column");
    for changed in [&["CREATE TABLE u(a)", "SELECT 1"][..], &["SELECT 1", "CREATE TABLE t(a)"], &[]] {
        let fault = bed.apply(&alone(first("a", changed))).await.expect_err("changed");
        assert_eq!((fault.error.code, partial(&fault)), (Code::ChangedPartial, 1), "{changed:?}");
    }
    assert_eq!(bed.standing().await.journal.len(), 1);
}

#[tokio::test]
async fn another_revision_waits_for_the_one_that_was_cut_off() {
    let bed = Bed::new();
    bed.apply(&alone(first("a", &["CREATE TABLE t(a)", "SELECT nothing"])))
        .await
        .expect_err("no such column");
    let fault = bed.apply(&alone(first("b", &["CREATE TABLE u(a)"]))).await.expect_err("not its turn");
    assert_eq!(fault.error.code, Code::TargetPartial);
    assert!(fault.error.message.contains("revision a was cut off"), "{}", fault.error.message);
    assert_eq!(bed.shell("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), "0");
}

#[tokio::test]
async fn settings_are_made_again_on_the_way_to_the_resume_point() {
    let bed = Bed::new();
    bed.shell("CREATE TABLE c(a CHECK (a > 0))");
    let insert = "INSERT INTO c VALUES (-1)";
    let broken = alone(first("a", &["PRAGMA ignore_check_constraints=ON", insert, "SELECT nothing"]));
    bed.apply(&broken).await.expect_err("no such column");
    let fixed =
        alone(first("a", &["PRAGMA ignore_check_constraints=ON", insert, "INSERT INTO c VALUES (-2)"]));
    assert_eq!(bed.apply(&fixed).await.expect("goes on").statements, 2);
    assert_eq!(bed.shell("SELECT group_concat(a) FROM c"), "-1,-2");
}

#[tokio::test]
async fn a_lost_temporary_table_cannot_be_brought_back() {
    let bed = Bed::new();
    let broken = ["CREATE TEMP TABLE s(a)", "INSERT INTO s VALUES (1)", "SELECT nothing"];
    let fault = bed.apply(&alone(first("a", &broken))).await.expect_err("no such column");
    assert_eq!(partial(&fault), 1);
    let fixed = ["CREATE TEMP TABLE s(a)", "INSERT INTO s VALUES (1)", "CREATE TABLE t AS SELECT * FROM s"];
    let fault = bed.apply(&alone(first("a", &fixed))).await.expect_err("its rows are gone");
    assert_eq!((fault.error.code, partial(&fault)), (Code::TargetPartial, 1));
}

#[tokio::test]
async fn the_version_rows_are_compared_again_at_the_end() {
    let bed = Bed::new();
    bed.apply(&first("a", &[])).await.expect("applies");
    let work = alone(next(
        "a",
        "b",
        &["CREATE TABLE t(a)", "UPDATE alembic_version SET version_num = 'x'", "SELECT 1"],
    ));
    let fault = bed.apply(&work).await.expect_err("somebody changed them");
    assert_eq!((fault.error.code, partial(&fault)), (Code::VersionRowsChanged, 2));
    assert_eq!(bed.rows().await, ["x"]);
}

#[tokio::test]
async fn a_cancel_is_written_down() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let canceller = session.canceller();
    let told = Told {
        on_start: Some(Box::new(move |index| {
            if index == 2 {
                futures_util::FutureExt::now_or_never(canceller.cancel())
                    .expect("needs no waiting")
                    .expect("done");
            }
        })),
        ..Told::default()
    };
    let work = alone(first("a", &["CREATE TABLE t(a)", crate::cancel::ENDLESS]));
    let fault = session.apply(&work, &told).await.expect_err("cancelled");
    assert_eq!((fault.error.code, partial(&fault)), (Code::Cancelled, 1));
    session.close().await;
    assert_eq!(bed.standing().await.journal.len(), 1);
}

#[tokio::test]
async fn an_empty_body_only_moves_the_version_rows() {
    let bed = Bed::new();
    assert_eq!(bed.apply(&alone(first("a", &[]))).await.expect("applies").rows, ["a"]);
    assert!(bed.standing().await.journal.is_empty());
}

#[tokio::test]
async fn new_violations_are_refused_outside_of_a_transaction_too() {
    let mut bed = Bed::new();
    bed.spec.sqlite_foreign_keys = true;
    bed.shell("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id))");
    let work = alone(first("a", &["PRAGMA foreign_keys=OFF", "INSERT INTO c VALUES (1)", "VACUUM"]));
    let fault = bed.apply(&work).await.expect_err("an orphan");
    assert_eq!((fault.error.code, partial(&fault)), (Code::StatementFailed, 2));
    assert!(fault.error.message.contains("row 1 of c"), "{}", fault.error.message);
}
