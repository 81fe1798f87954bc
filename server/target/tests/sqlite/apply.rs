//! One step in one transaction.

use crate::bed::{Bed, Told, first, next};
use migrated_core::Code;
use migrated_core::revision::RowChange;
use migrated_target::{Outcome, Transaction};
use std::process::{Command, Stdio};

#[tokio::test]
async fn body_and_version_rows_are_one() {
    let bed = Bed::new();
    let applied = bed.apply(&first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1), (2)"])).await;
    let applied = applied.expect("applies");
    assert_eq!((applied.statements, applied.rows), (2, vec!["a".to_owned()]));
    assert_eq!(bed.shell("SELECT count(*) FROM t"), "2");
    assert_eq!(
        bed.shell("SELECT sql FROM sqlite_schema WHERE name = 'alembic_version'"),
        "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)",
        "letter for letter what Alembic leaves"
    );
}

#[tokio::test]
async fn a_failing_statement_leaves_nothing_and_says_where() {
    let bed = Bed::new();
    let fault = bed
        .apply(&first(
            "a",
            &["CREATE TABLE t(a UNIQUE)", "INSERT INTO t VALUES (1)", "INSERT INTO t\nVALUES (1)"],
        ))
        .await
        .expect_err("the value is there already");
    assert_eq!(
        (fault.error.code, fault.outcome, fault.retryable),
        (Code::StatementFailed, Outcome::Clean, false)
    );
    let sql = fault.error.sql.expect("SQLite said something");
    assert_eq!((sql.message.as_str(), sql.sqlstate.as_str()), ("UNIQUE constraint failed: t.a", "2067"));
    assert_eq!((sql.table.as_str(), sql.column.as_str()), ("t", "a"));
    assert_eq!((sql.statement_index, sql.statement_total, sql.line, sql.path.as_str()), (3, 3, 7, "a.sql"));
    assert_eq!(sql.statement, "INSERT INTO t\nVALUES (1)");
    assert_eq!(bed.standing().await.rows, None, "the version table was made in the same transaction");
    assert_eq!(bed.shell("SELECT count(*) FROM sqlite_schema"), "0");
}

#[tokio::test]
async fn a_syntax_error_points_at_its_word() {
    let bed = Bed::new();
    let fault =
        bed.apply(&first("a", &["SELECT 1", "CREATE TABLE t (\n  a int,\n  'ü' int FORM ! x\n)"])).await;
    let sql = fault.expect_err("no such syntax").error.sql.expect("SQLite said something");
    assert_eq!(sql.message, "unrecognized token: \"!\"");
    assert_eq!((sql.line, sql.column_number), (8, 16));
}

#[tokio::test]
async fn rows_are_counted_by_statement() {
    let bed = Bed::new();
    let told = Told::default();
    let mut session = bed.session().await;
    let work = first(
        "a",
        &[
            "CREATE TABLE t(a)",
            "INSERT INTO t VALUES (1), (2), (3)",
            "CREATE INDEX i ON t(a)",
            "UPDATE t SET a = a + 1 WHERE a > 1 -- two of them",
            "SELECT * FROM t",
            "DELETE FROM t WHERE a > 3 RETURNING a",
            "-- nothing at all",
            "WITH n AS (SELECT 7 AS a) INSERT INTO t SELECT a FROM n",
        ],
    );
    assert_eq!(session.apply(&work, &told).await.expect("applies").statements, 8);
    assert_eq!(told.row_counts(), [0, 3, 0, 2, 3, 1, 0, 1]);
    assert_eq!(*told.started.lock().expect("told"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(*told.commits.lock().expect("told"), 1);
    session.close().await;
}

#[tokio::test]
async fn other_version_rows_than_planned_change_nothing() {
    let bed = Bed::new();
    bed.apply(&first("a", &[])).await.expect("applies");
    for work in [first("b", &["CREATE TABLE t(a)"]), next("x", "b", &["CREATE TABLE t(a)"])] {
        let fault = bed.apply(&work).await.expect_err("the plan is out of date");
        assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
        assert!(!fault.retryable, "the same plan stays wrong");
    }
    assert_eq!(bed.rows().await, ["a"]);
    assert_eq!(bed.shell("SELECT count(*) FROM sqlite_schema WHERE name = 't'"), "0");
}

#[tokio::test]
async fn a_missing_table_is_not_made_for_a_plan_that_expects_rows() {
    let bed = Bed::new();
    let fault = bed.apply(&next("a", "b", &[])).await.expect_err("no such row");
    assert_eq!(fault.error.code, Code::VersionRowsChanged);
    assert_eq!(bed.standing().await.rows, None);
}

#[tokio::test]
async fn a_body_that_changes_the_version_rows_is_found_out() {
    let bed = Bed::new();
    bed.apply(&first("a", &[])).await.expect("applies");
    let fault = bed.apply(&next("a", "b", &["DELETE FROM alembic_version"])).await.expect_err("no row left");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert_eq!(bed.rows().await, ["a"]);
}

#[tokio::test]
async fn several_changes_are_done_in_order() {
    let bed = Bed::new();
    bed.apply(&first("a", &[])).await.expect("applies");
    let mut branch = next("a", "b", &[]);
    branch.changes.push(RowChange::Insert("c".into()));
    assert_eq!(bed.apply(&branch).await.expect("applies").rows, ["b", "c"]);
    let mut merge = next("b", "m", &[]);
    merge.expected_rows = vec!["c".into(), "b".into()];
    merge.changes.insert(0, RowChange::Delete("c".into()));
    assert_eq!(bed.apply(&merge).await.expect("applies").rows, ["m"]);
}

#[tokio::test]
async fn a_busy_writer_makes_the_step_retryable() {
    let bed = Bed::new();
    bed.shell("CREATE TABLE t(a)");
    let mut writer = Command::new("sqlite3")
        .arg(&bed.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let mut orders = writer.stdin.take().expect("piped");
    std::io::Write::write_all(&mut orders, b"BEGIN IMMEDIATE;\nSELECT 'locked';\n").expect("the shell reads");
    let mut answer = String::new();
    let output = writer.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut answer)
        .expect("the shell answers");
    assert_eq!(answer.trim(), "locked");

    let mut session = bed.session().await;
    let work = first("a", &["CREATE TABLE u(a)"]);
    let fault = session.apply(&work, &Told::default()).await.expect_err("somebody else writes");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::LockTimeout, Outcome::Clean, true));
    let blockers = bed.target().blockers(session.backend()).await.expect("the kernel tells");
    assert_eq!(blockers.iter().map(|b| b.pid).collect::<Vec<_>>(), [i64::from(writer.id())]);

    drop(orders);
    writer.wait().expect("the shell ends");
    session.apply(&work, &Told::default()).await.expect("the same session can try again");
    session.close().await;
}

#[tokio::test]
async fn a_reader_that_keeps_commit_from_ending_makes_the_step_retryable() {
    let bed = Bed::new();
    bed.shell("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)");
    let mut reader = bed.session().await;
    reader.begin_run().await.expect("begins");
    // A transaction of the run holds the writer's lock; what blocks a COMMIT is a reader, so make it one.
    drop(reader);
    let mut shell = Command::new("sqlite3")
        .arg(&bed.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let mut orders = shell.stdin.take().expect("piped");
    std::io::Write::write_all(&mut orders, b"BEGIN;\nSELECT count(*) FROM t;\n").expect("the shell reads");
    let mut answer = String::new();
    let output = shell.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut answer)
        .expect("the shell answers");
    assert_eq!(answer.trim(), "2");

    let work = first("a", &["CREATE TABLE u(a)"]);
    let fault = bed.apply(&work).await.expect_err("somebody reads");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::LockTimeout, Outcome::Clean, true));
    drop(orders);
    shell.wait().expect("the shell ends");
    assert_eq!(bed.standing().await.rows, None);
    bed.apply(&work).await.expect("nobody reads now");
}

#[tokio::test]
async fn a_deferred_constraint_that_fails_at_commit_leaves_nothing() {
    let mut bed = Bed::new();
    bed.spec.sqlite_foreign_keys = true;
    bed.shell("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    let fault = bed.apply(&first("a", &["INSERT INTO c VALUES (1)"])).await.expect_err("no parent");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert_eq!((bed.standing().await.rows, bed.shell("SELECT count(*) FROM c").as_str()), (None, "0"));
}

#[tokio::test]
async fn a_nul_character_does_not_cut_a_statement_off() {
    let bed = Bed::new();
    let fault = bed.apply(&first("a", &["SELECT 1\0; DROP TABLE t"])).await.expect_err("a NUL");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
}

#[tokio::test]
async fn a_body_cannot_end_its_transaction() {
    for sql in ["COMMIT", "end", "ROLLBACK", "/* x */ BEGIN"] {
        let bed = Bed::new();
        let fault = bed.apply(&first("a", &["CREATE TABLE t(a)", sql])).await.expect_err(sql);
        assert_eq!((fault.error.code, fault.outcome), (Code::TransactionControl, Outcome::Clean), "{sql}");
        assert_eq!(bed.standing().await.rows, None, "{sql}");
    }
}

#[tokio::test]
async fn a_comment_that_never_ends_hides_nothing() {
    let bed = Bed::new();
    let told = Told::default();
    let mut session = bed.session().await;
    let work =
        first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1) -- x", "INSERT INTO t VALUES (2) /* x"]);
    session.apply(&work, &told).await.expect("SQLite takes it for a comment up to the end");
    session.close().await;
    assert_eq!((told.row_counts(), bed.rows().await), (vec![0, 1, 1], vec!["a".to_owned()]));
}

#[tokio::test]
async fn many_statements_are_done_in_order() {
    let bed = Bed::new();
    let body: Vec<_> = (0..500).map(|n| format!("INSERT INTO t VALUES ({n})")).collect();
    let mut statements = vec!["CREATE TABLE t(a)"];
    statements.extend(body.iter().map(String::as_str));
    let told = Told::default();
    let mut session = bed.session().await;
    assert_eq!(session.apply(&first("a", &statements), &told).await.expect("applies").statements, 501);
    session.close().await;
    assert_eq!(*told.started.lock().expect("told"), (1..=501).collect::<Vec<_>>());
    assert_eq!(bed.shell("SELECT count(*), sum(a = rowid - 1) FROM t"), "500|500");
}

#[tokio::test]
async fn savepoints_are_the_bodys_own() {
    let bed = Bed::new();
    let body = ["CREATE TABLE t(a)", "SAVEPOINT s", "INSERT INTO t VALUES (1)", "ROLLBACK TO s", "RELEASE s"];
    bed.apply(&first("a", &body)).await.expect("applies");
    assert_eq!(
        (bed.rows().await, bed.shell("SELECT count(*) FROM t")),
        (vec!["a".to_owned()], "0".to_owned())
    );
}

#[tokio::test]
async fn a_run_can_be_one_transaction() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    session.begin_run().await.expect("begins");
    let (mut one, mut two) = (first("a", &["CREATE TABLE t(a)"]), next("a", "b", &["CREATE TABLE u(a)"]));
    (one.transaction, two.transaction) = (Transaction::Run, Transaction::Run);
    session.apply(&one, &Told::default()).await.expect("applies");
    session.apply(&two, &Told::default()).await.expect("applies");
    assert_eq!(bed.standing().await.rows, None, "nothing is to be seen before the end");
    let told = Told::default();
    session.commit_run(&told).await.expect("commits");
    assert_eq!(*told.commits.lock().expect("told"), 1);
    session.close().await;
    assert_eq!(bed.rows().await, ["b"]);
}

#[tokio::test]
async fn a_failure_in_a_run_of_one_transaction_takes_all_back() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    session.begin_run().await.expect("begins");
    let (mut one, mut two) = (first("a", &["CREATE TABLE t(a)"]), next("a", "b", &["CREATE TABLE t(a)"]));
    (one.transaction, two.transaction) = (Transaction::Run, Transaction::Run);
    session.apply(&one, &Told::default()).await.expect("applies");
    let fault = session.apply(&two, &Told::default()).await.expect_err("it exists");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert!(session.commit_run(&Told::default()).await.is_err(), "nothing is open");
    session.close().await;
    assert_eq!(bed.standing().await.rows, None);
}

#[tokio::test]
async fn a_run_of_one_transaction_refuses_what_the_next_revision_would_see() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    session.begin_run().await.expect("begins");
    let mut work = first("a", &["CREATE TEMP TABLE t(a)"]);
    work.transaction = Transaction::Run;
    let fault = session.apply(&work, &Told::default()).await.expect_err("it stays in the session");
    assert_eq!((fault.error.code, fault.outcome), (Code::RunTransactionRefused, Outcome::Clean));
    session.close().await;
}

#[tokio::test]
async fn a_run_of_one_transaction_refuses_to_switch_foreign_keys() {
    let mut bed = Bed::new();
    bed.spec.sqlite_foreign_keys = true;
    let mut session = bed.session().await;
    session.begin_run().await.expect("begins");
    let mut work = first("a", &["PRAGMA foreign_keys = OFF"]);
    work.transaction = Transaction::Run;
    let fault = session.apply(&work, &Told::default()).await.expect_err("a no-op in a transaction");
    assert_eq!((fault.error.code, fault.outcome), (Code::RunTransactionRefused, Outcome::Clean));
    session.close().await;
}
