//! Going on after a cut: what evidence decides, and what it cannot.

use crate::mysql_bed::{Database, apply, mariadb, revision};
use crate::server::Log;
use migrated_core::Code;
use migrated_target::{ApplyFault, Outcome};

/// Writes a journal as a cut-off run would have left it: the first `done` statements are DONE, the next has an
/// INTENT with these definitions.
fn leave(database: &Database, text: &str, done: usize, intent: Option<&str>) {
    let work = revision("", "r1", text);
    database.shell(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY); \
         CREATE TABLE migrated_journal (version_table VARCHAR(64) NOT NULL, revision VARCHAR(128) NOT NULL, \
         direction VARCHAR(4) NOT NULL, statement INTEGER NOT NULL, hash CHAR(64) NOT NULL, \
         state VARCHAR(6) NOT NULL, definitions MEDIUMTEXT NOT NULL, run VARCHAR(64) NOT NULL, \
         backend VARCHAR(128) NOT NULL, PRIMARY KEY (version_table, revision, direction, statement))",
    );
    for (number, statement) in (1..).zip(&work.script.statements) {
        let (state, definitions) = match intent {
            _ if number <= done => ("DONE", ""),
            Some(definitions) if number == done + 1 => ("INTENT", definitions),
            _ => break,
        };
        database.shell(&format!(
            "INSERT INTO migrated_journal VALUES ('alembic_version', 'r1', 'up', {number}, '{}', '{state}', \
             '{definitions}', 'run-0', '1 0@elsewhere:1/1')",
            statement.hash
        ));
    }
}

async fn fault(database: &Database, text: &str) -> ApplyFault {
    let outcome = apply(database, &revision("", "r1", text), &Log::default()).await;
    outcome.expect_err("a revision that cannot go on")
}

#[tokio::test]
async fn a_call_without_done_needs_a_person() {
    let database = mariadb!();
    let text = "CALL p();\nCREATE TABLE t (i int);";
    leave(&database, text, 0, Some(""));
    let fault = fault(&database, text).await;
    assert_eq!(fault.error.code, Code::TargetPartial);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 0, .. }), "{:?}", fault.outcome);
    assert!(fault.error.message.contains("statement 1 of revision r1"), "{}", fault.error.message);
    assert!(!fault.error.help.is_empty());
    assert_eq!(database.journal(), "1 INTENT");
}

#[tokio::test]
async fn evidence_is_told() {
    let database = mariadb!();
    let text = "CREATE TABLE t (i int);\nALTER TABLE t ADD j int;";
    leave(&database, text, 0, Some(&format!("table `{}`.`t` = absent", database.name)));
    database.shell("CREATE TABLE t (i int)");
    let log = Log::default();
    let applied = apply(&database, &revision("", "r1", text), &log).await.expect("it goes on");
    assert_eq!(applied.statements, 1);
    assert_eq!(log.evidence(), [format!("table `{}`.`t` was made", database.name)]);
}

#[tokio::test]
async fn an_edited_statement_goes_on_only_where_the_old_one_did_nothing() {
    let database = mariadb!();
    database.shell("CREATE TABLE t (i int)");
    let old = "ALTER TABLE t ADD j int;";
    // What INTENT records is what the target itself would read.
    let text = "CREATE TABLE u (i int);";
    leave(&database, old, 0, Some(&format!("table `{}`.`u` = absent", database.name)));
    let applied = apply(&database, &revision("", "r1", text), &Log::default()).await.expect("it goes on");
    assert_eq!(applied.statements, 1);

    let database = mariadb!();
    database.shell("CREATE TABLE u (i int)");
    leave(&database, old, 0, Some(&format!("table `{}`.`u` = absent", database.name)));
    let fault = fault(&database, "CREATE TABLE x (i int);").await;
    assert_eq!(fault.error.code, Code::ChangedPartial);
}

#[tokio::test]
async fn settings_are_replayed() {
    let database = mariadb!();
    let text = "SET @n = 41;\nCREATE TABLE t (i int);\nINSERT INTO t VALUES (@n + 1);";
    database.shell("CREATE TABLE t (i int)");
    leave(&database, text, 0, None);
    let work = revision("", "r1", text);
    let hash = &work.script.statements[1].hash;
    database.shell(&format!(
        "INSERT INTO migrated_journal VALUES ('alembic_version','r1','up',2,'{hash}','DONE','','run-0','1 x')"
    ));
    let applied = apply(&database, &work, &Log::default()).await.expect("it goes on");
    assert_eq!((applied.statements, database.shell("SELECT i FROM t")), (1, "42".into()));
}

#[tokio::test]
async fn what_went_with_the_session_is_missed() {
    let cases = [
        ("CREATE TEMPORARY TABLE x (i int);\nINSERT INTO x VALUES (1);\nINSERT INTO t SELECT * FROM x;", 2),
        ("SET @n = (SELECT count(*) FROM t);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (@n);", 2),
        ("INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (LAST_INSERT_ID());", 1),
        ("SELECT max(i) INTO @n FROM t;\nINSERT INTO t VALUES (@n);", 1),
    ];
    for (text, done) in cases {
        let database = mariadb!();
        database.shell("CREATE TABLE t (i int)");
        leave(&database, text, 0, None);
        let work = revision("", "r1", text);
        let hash = &work.script.statements[done - 1].hash;
        database.shell(&format!(
            "INSERT INTO migrated_journal VALUES ('alembic_version','r1','up',{done},'{hash}','DONE','','run-0','1 x')"
        ));
        let fault = fault(&database, text).await;
        assert_eq!(fault.error.code, Code::TargetPartial, "{text}");
        assert!(fault.error.message.contains("went with its session"), "{}", fault.error.message);
        assert_eq!(database.shell("SELECT count(*) FROM t"), "0", "{text}");
    }
}

#[tokio::test]
async fn statements_announced_together_are_decided_one_after_the_other() {
    let database = mariadb!();
    let text = "CREATE TABLE t (i int);\nCREATE INDEX ti ON t (i);\nCREATE TABLE u (i int);";
    leave(&database, text, 0, Some(&format!("table `{}`.`t` = absent", database.name)));
    let work = revision("", "r1", text);
    for (number, definitions) in [(2, "index `ti` on `DB`.`t` = absent"), (3, "table `DB`.`u` = absent")] {
        let definitions = definitions.replace("DB", &database.name);
        let hash = &work.script.statements[number - 1].hash;
        database.shell(&format!(
            "INSERT INTO migrated_journal VALUES ('alembic_version','r1','up',{number},'{hash}','INTENT',\
             '{definitions}','run-0','1 0@elsewhere:1/1')"
        ));
    }
    database.shell("CREATE TABLE t (i int)");
    let log = Log::default();
    let applied = apply(&database, &work, &log).await.expect("it goes on");
    assert_eq!(applied.statements, 2);
    let name = &database.name;
    assert_eq!(
        log.evidence(),
        [format!("table `{name}`.`t` was made; index `ti` on `{name}`.`t` was not made")]
    );
}

#[tokio::test]
async fn an_announced_statement_that_fails_leaves_no_trace_and_may_be_edited() {
    let database = mariadb!();
    let text = "CREATE TABLE t (i int);\nCREATE TABLE u (i nonsense);\nCREATE TABLE v (i int);";
    let fault = fault(&database, text).await;
    assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
    assert_eq!(database.journal(), "1 DONE");
    let mended = text.replace("nonsense", "int");
    let applied = apply(&database, &revision("", "r1", &mended), &Log::default()).await.expect("it goes on");
    assert_eq!(applied.statements, 2);
}
