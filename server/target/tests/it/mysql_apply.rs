//! One step on MariaDB.

use crate::mysql_bed::{Database, apply, mariadb, revision, session};
use crate::server::Log;
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::{Outcome, SessionOptions, Transaction};

#[tokio::test]
async fn a_step_makes_its_objects_and_its_version_row() {
    let database = mariadb!();
    let work = revision("", "r1", "CREATE TABLE a (id int primary key);\nINSERT INTO a VALUES (1),(2);\n");
    let log = Log::default();
    let applied = apply(&database, &work, &log).await.expect("a step that works");
    assert_eq!((applied.statements, applied.rows), (2, vec!["r1".to_owned()]));
    assert_eq!(database.shell("SELECT count(*) FROM a"), "2");
    assert_eq!((database.rows(), database.journal()), ("r1".into(), String::new()));
    let standing = database.target().standing().await.expect("a standing");
    assert_eq!((standing.rows, standing.journal), (Some(vec!["r1".to_owned()]), vec![]));
    assert_eq!(*log.started.lock().expect("no panic"), [1, 2]);
    assert_eq!(*log.xids.lock().expect("no panic"), [None]);
}

#[tokio::test]
async fn each_kind_of_change_of_the_version_rows_works() {
    let database = mariadb!();
    for (from, to) in [("", "r1"), ("r1", "r2")] {
        apply(&database, &revision(from, to, ""), &Log::default()).await.expect("a step without statements");
    }
    let mut down = revision("r2", "base", "");
    down.changes = vec![migrated_core::revision::RowChange::Delete("r2".into())];
    let applied = apply(&database, &down, &Log::default()).await.expect("a step to base");
    assert_eq!((applied.rows, database.rows()), (vec![], String::new()));
    // A revision without statements needs no journal.
    assert_eq!(database.journal(), "none");
}

#[tokio::test]
async fn a_failing_first_statement_leaves_nothing() {
    let database = mariadb!();
    for text in ["ALTER TABLE missing ADD a int;", "INSERT INTO missing VALUES (1);"] {
        let fault = apply(&database, &revision("", "r1", text), &Log::default()).await.expect_err("no table");
        assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean), "{text}");
        let sql = fault.error.sql.expect("what the database said");
        assert_eq!((sql.sqlstate.as_str(), sql.detail.as_str()), ("42S02", "error 1146"));
        assert_eq!((sql.statement_index, sql.statement_total, sql.line), (1, 1, 1));
        assert_eq!((database.rows(), database.journal()), (String::new(), String::new()));
    }
}

const FIVE: &str = "CREATE TABLE t (v int);\nINSERT INTO t VALUES (1);\nALTER TABLE t ADD w int BAD;\n\
                    UPDATE t SET v = v + 1;\nCREATE INDEX i ON t (v);\n";

#[tokio::test]
async fn a_failure_in_the_middle_is_partial_and_goes_on_after_an_edit() {
    let database = mariadb!();
    let fault = apply(&database, &revision("", "r1", FIVE), &Log::default()).await.expect_err("bad SQL");
    assert_eq!(fault.error.code, Code::StatementFailed);
    let sql = fault.error.sql.expect("what the database said");
    assert_eq!((sql.statement_index, sql.line, sql.path.as_str()), (3, 3, "r1.sql"));
    let evidence = "the statement after them had no effect".to_owned();
    assert_eq!(fault.outcome, Outcome::Partial { done: 2, evidence });
    assert!(!fault.retryable);
    assert_eq!((database.rows(), database.journal()), (String::new(), "1 DONE\n2 DONE".into()));

    let edited = FIVE.replace(" BAD", "");
    let log = Log::default();
    let applied = apply(&database, &revision("", "r1", &edited), &log).await.expect("it goes on");
    assert_eq!(applied.statements, 3);
    assert_eq!(*log.started.lock().expect("no panic"), [3, 4, 5]);
    assert_eq!(log.evidence(), ["2 statements are recorded as done"]);
    assert_eq!(database.shell("SELECT v, w FROM t"), "2\tNULL");
    assert_eq!((database.rows(), database.journal()), ("r1".into(), String::new()));
}

#[tokio::test]
async fn a_done_statement_must_not_change() {
    let database = mariadb!();
    apply(&database, &revision("", "r1", FIVE), &Log::default()).await.expect_err("bad SQL");
    let edited = FIVE.replace("VALUES (1)", "VALUES (7)").replace(" BAD", "");
    let fault = apply(&database, &revision("", "r1", &edited), &Log::default()).await.expect_err("changed");
    assert_eq!(fault.error.code, Code::ChangedPartial);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 2, .. }), "{:?}", fault.outcome);
    let other = apply(&database, &revision("", "r2", "SELECT 1;"), &Log::default()).await;
    assert_eq!(other.expect_err("another revision").error.code, Code::TargetPartial);
    assert_eq!(database.journal(), "1 DONE\n2 DONE");
}

#[tokio::test]
async fn a_stamp_settles_what_was_cut_off() {
    let database = mariadb!();
    apply(&database, &revision("", "r1", FIVE), &Log::default()).await.expect_err("bad SQL");
    let mut stamp = revision("", "r1", "");
    stamp.transaction = Transaction::Step;
    apply(&database, &stamp, &Log::default()).await.expect("a stamp");
    assert_eq!((database.rows(), database.journal()), ("r1".into(), String::new()));
}

#[tokio::test]
async fn other_rows_stop_a_step_before_its_first_statement() {
    let database = mariadb!();
    apply(&database, &revision("", "r1", ""), &Log::default()).await.expect("a step");
    let log = Log::default();
    let fault = apply(&database, &revision("r0", "r2", "CREATE TABLE b (i int);"), &log).await;
    let fault = fault.expect_err("other rows");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert!(log.started.lock().expect("no panic").is_empty());
    let fault = apply(&database, &revision("", "r2", "CREATE TABLE b (i int);"), &log).await;
    assert_eq!(fault.expect_err("other rows").error.code, Code::VersionRowsChanged);
}

#[tokio::test]
async fn rows_that_change_meanwhile_leave_a_partial_revision() {
    let database = mariadb!();
    apply(&database, &revision("", "r1", ""), &Log::default()).await.expect("a step");
    let text =
        "CREATE TABLE b (i int);\nUPDATE alembic_version SET version_num = 'else';\nCREATE TABLE c (i int);";
    let fault = apply(&database, &revision("r1", "r2", text), &Log::default()).await.expect_err("other rows");
    assert_eq!(fault.error.code, Code::VersionRowsChanged);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 3, .. }), "{:?}", fault.outcome);
    assert_eq!((database.rows(), database.journal()), ("else".into(), "1 DONE\n2 DONE\n3 DONE".into()));
    database.shell("UPDATE alembic_version SET version_num = 'r1'");
    let applied = apply(&database, &revision("r1", "r2", text), &Log::default()).await.expect("it ends");
    assert_eq!((applied.statements, database.rows()), (0, "r2".into()));
}

#[tokio::test]
async fn settings_of_a_revision_do_not_reach_our_own_statements() {
    let database = mariadb!();
    database.shell("CREATE DATABASE IF NOT EXISTS elsewhere");
    let text = "SET SESSION sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\nSET completion_type='CHAIN';\n\
                SET SESSION sql_safe_updates=1;\nUSE elsewhere;\n\
                CREATE TABLE IF NOT EXISTS \"far\" (v int);\nALTER TABLE \"far\" COMMENT 'it''s far';\n\
                INSERT INTO \"far\" VALUES (1);\nUPDATE \"far\" SET v = v + 1 LIMIT 5;";
    let applied =
        apply(&database, &revision("", "r1", text), &Log::default()).await.expect("a step that works");
    assert_eq!(applied.statements, 8);
    assert_eq!((database.rows(), database.journal()), ("r1".into(), String::new()));
    assert_eq!(database.shell("SELECT v FROM elsewhere.far"), "2");
    database.shell("DROP DATABASE elsewhere");
}

#[tokio::test]
async fn warnings_of_the_server_are_told() {
    let database = mariadb!();
    let text = "DROP TABLE IF EXISTS nothing;\nCREATE TABLE t (v tinyint);\nINSERT IGNORE INTO t VALUES (1000);\n\
                INSERT INTO t VALUES (1);";
    let log = Log::default();
    apply(&database, &revision("", "r1", text), &log).await.expect("a step that works");
    let notices = log.notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("Unknown table") && notices[1].contains("Out of range"), "{notices:?}");
}

#[tokio::test]
async fn bodies_are_one_statement_each() {
    let database = mariadb!();
    let text = "CREATE TABLE t (v int);\nDELIMITER //\nCREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  \
                SET NEW.v = NEW.v + 1;\n  SET NEW.v = NEW.v * 2;\nEND//\nCREATE PROCEDURE p()\nBEGIN\n  \
                INSERT INTO t VALUES (1);\n  INSERT INTO t VALUES (2);\nEND//\nDELIMITER ;\nCALL p();\n";
    let applied =
        apply(&database, &revision("", "r1", text), &Log::default()).await.expect("a step that works");
    assert_eq!(applied.statements, 4);
    assert_eq!(database.shell("SELECT v FROM t ORDER BY 1"), "4\n6");
}

#[tokio::test]
async fn last_insert_id_is_that_of_the_revision() {
    let database = mariadb!();
    let text = "CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, n int);\nINSERT INTO a (n) VALUES (7);\n\
                INSERT INTO a (n) VALUES (LAST_INSERT_ID() + 100);\nSELECT 1;";
    apply(&database, &revision("", "r1", text), &Log::default()).await.expect("a step that works");
    assert_eq!(database.shell("SELECT n FROM a ORDER BY id"), "7\n101");
}

#[tokio::test]
async fn tables_without_transactions_are_warned_of() {
    let database = mariadb!();
    let text = "CREATE TABLE m (v int) ENGINE=MyISAM;\nINSERT INTO m VALUES (1);\nUPDATE m SET v = v + 1;";
    let log = Log::default();
    apply(&database, &revision("", "r1", text), &log).await.expect("a step that works");
    let warned =
        |e: &&EventKind| matches!(e, EventKind::Warning { reason, .. } if reason == "NO_TRANSACTIONS");
    assert_eq!(log.events.lock().expect("no panic").iter().filter(warned).count(), 2);
    assert_eq!((database.shell("SELECT v FROM m"), database.rows()), ("2".into(), "r1".into()));
}

#[tokio::test]
async fn a_procedure_that_fails_may_have_done_things() {
    let database = mariadb!();
    let text = "CREATE TABLE t (v int);\nDELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  INSERT INTO t VALUES (1);\n  \
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stop';\nEND//\nDELIMITER ;\nCALL p();";
    let fault = apply(&database, &revision("", "r1", text), &Log::default()).await.expect_err("it signals");
    let Outcome::Partial { done: 2, evidence } = fault.outcome else { panic!("{:?}", fault.outcome) };
    assert!(evidence.contains("statement 3"), "{evidence}");
    let again = apply(&database, &revision("", "r1", text), &Log::default()).await.expect_err("undecided");
    assert_eq!(again.error.code, Code::TargetPartial);
}

#[tokio::test]
async fn a_statement_longer_than_a_packet_is_refused_before_the_first() {
    let database = mariadb!();
    let limit: usize = database.shell("SELECT @@max_allowed_packet").parse().expect("a number");
    let text = format!("CREATE TABLE t (v longtext);\nINSERT INTO t VALUES ('{}');", "x".repeat(limit));
    let fault = apply(&database, &revision("", "r1", &text), &Log::default()).await.expect_err("too long");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert!(fault.error.message.contains("max_allowed_packet"), "{}", fault.error.message);
    assert_eq!(database.shell("SHOW TABLES LIKE 't'"), "");
    // One that just fits goes through, in packets of 16 MiB at most.
    let fits =
        format!("CREATE TABLE t (v longtext);\nINSERT INTO t VALUES ('{}');", "x".repeat(limit - 4096));
    apply(&database, &revision("", "r1", &fits), &Log::default()).await.expect("a step that works");
}

#[tokio::test]
async fn one_transaction_for_a_run_is_refused() {
    let database = mariadb!();
    let target = database.target();
    assert!(!target.capabilities().transactional_ddl && !target.capabilities().session_reset);
    let mut session = target.connect(&SessionOptions::default()).await.expect("a session");
    assert_eq!(session.begin_run().await.expect_err("refused").code, Code::RunTransactionRefused);
    assert!(!session.reset().await.expect("an answer"));
    session.close().await;
}

/// The whole session's settings, as `name value` lines.
async fn settings_of(database: &Database) -> Vec<String> {
    let text = "CREATE TABLE s AS SELECT VARIABLE_NAME n, VARIABLE_VALUE v FROM information_schema.SESSION_VARIABLES;";
    let mut session = session(&database.target()).await;
    session.apply(&revision("", "r1", text), &Log::default()).await.expect("a step that works");
    session.close().await;
    database.shell("SELECT n, v FROM s ORDER BY n").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_session_looks_as_in_the_shell() {
    let database = mariadb!();
    let ours = settings_of(&database).await;
    let shell: Vec<String> = database
        .shell(
            "SET NAMES utf8mb4; \
             SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.SESSION_VARIABLES ORDER BY 1",
        )
        .lines()
        .map(str::to_owned)
        .collect();
    let name = |line: &String| line.split('\t').next().unwrap_or_default().to_owned();
    let differ: Vec<String> = ours.iter().filter(|line| !shell.contains(line)).map(name).collect();
    // What every statement or connection changes by itself.
    let moving = ["TIMESTAMP", "PSEUDO_THREAD_ID", "GTID_", "LAST_GTID", "IN_TRANSACTION", "RAND_SEED"];
    let differ: Vec<String> =
        differ.into_iter().filter(|name| !moving.iter().any(|m| name.starts_with(m))).collect();
    // The differences that the module's documentation lists.
    assert_eq!(differ, ["INNODB_LOCK_WAIT_TIMEOUT", "LOCK_WAIT_TIMEOUT", "WAIT_TIMEOUT"]);
    assert_eq!(ours.len(), shell.len());
}
