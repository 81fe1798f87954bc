//! A revision that is cut off at every single command, before the server sees it and after: whatever the point,
//! the next run ends it, and every statement took effect exactly once.

use crate::mysql_bed::{Database, apply, mariadb, revision};
use crate::mysql_cut::{Cut, way};
use crate::server::Log;
use migrated_core::Code;
use migrated_target::{Outcome, SessionOptions, TargetSpec};
use std::time::{Duration, Instant};

/// Everything that the journal has to tell apart.
const SCRIPT: &str = "CREATE TABLE a (id int PRIMARY KEY AUTO_INCREMENT, v int);\n\
    INSERT INTO a (v) VALUES (10);\n\
    ALTER TABLE a ADD COLUMN w int NOT NULL DEFAULT 5;\n\
    CREATE TABLE old (x int);\n\
    UPDATE a SET v = v + 1;\n\
    CREATE INDEX av ON a (v);\n\
    DROP TABLE old;\n\
    RENAME TABLE a TO b;\n\
    CREATE TABLE log (t int);\n\
    DELIMITER //\n\
    CREATE TRIGGER tr AFTER UPDATE ON b FOR EACH ROW\n\
    BEGIN\n  INSERT INTO log VALUES (NEW.v);\n  SET @seen = NEW.v;\nEND//\n\
    CREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\nEND//\n\
    DELIMITER ;\n\
    SET @step = 3;\n\
    UPDATE b SET v = v + @step;\n\
    TRUNCATE TABLE log;\n\
    CREATE OR REPLACE VIEW vb AS SELECT v FROM b;\n\
    UPDATE b SET v = v + 1;\n";

/// With DDL at the end the version rows have a transaction of their own.
const DDL_LAST: &str = "CREATE TABLE a (v int);\nINSERT INTO a VALUES (1);\nDROP INDEX IF EXISTS nothing ON a;\n\
    UPDATE a SET v = v + 1;\nALTER TABLE a MODIFY v bigint;\n";

/// How many points are tried at once: most of their time is waiting for an orphan's end.
const AT_ONCE: usize = 8;

async fn everywhere(script: &'static str, expected: &'static str, check: &'static str) {
    let mut points = 0;
    for cut in [Cut::Before as fn(usize) -> Cut, Cut::After] {
        let mut from = 1;
        loop {
            let tried = (from..from + AT_ONCE).map(|at| tokio::spawn(one(script, expected, check, cut(at))));
            let mut cuts = 0;
            for one in tried.collect::<Vec<_>>() {
                cuts += usize::from(one.await.expect("no panic"));
            }
            points += cuts;
            from += AT_ONCE;
            if cuts < AT_ONCE {
                break;
            }
        }
    }
    assert!(points > 4 * script.matches(";\n").count(), "only {points} points were cut");
}

/// One point. `false` where there was nothing left to be cut.
async fn one(script: &str, expected: &str, check: &str, cut: Cut) -> bool {
    let Some(database) = Database::new() else { return false };
    let was_cut = cut_and_end(&database, script, cut).await;
    assert_eq!(database.shell(check), expected, "{cut:?}");
    assert_eq!((database.rows(), database.journal()), ("r1".into(), String::new()), "{cut:?}");
    was_cut
}

/// Applies through a way that is cut, then directly until the revision stands. `false` where there was nothing
/// left to be cut.
async fn cut_and_end(database: &Database, script: &str, cut: Cut) -> bool {
    let (port, task) = way(database.server.port(), cut).await;
    let url =
        database.server.url(&database.name).replace(&database.server.port().to_string(), &port.to_string());
    let through = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    let options = SessionOptions { run: "run-0".into(), lock: None };
    let mut outcome = None;
    if let Ok(mut session) = through.connect(&options).await {
        outcome = Some(session.apply(&revision("", "r1", script), &Log::default()).await);
        session.close().await;
    }
    if !task.await.expect("no panic") {
        assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
        return false;
    }
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        // An orphan may still be committing: it is kept out by the step key, not by what is read here.
        let work = revision("", "r1", script);
        match apply(database, &work, &Log::default()).await {
            Ok(_) => return true,
            Err(fault) if fault.error.code == Code::VersionRowsChanged && database.rows() == "r1" => {
                assert!(
                    matches!(&outcome, Some(Err(f)) if matches!(f.outcome, Outcome::Unknown { .. }))
                        || matches!(&outcome, Some(Ok(_))),
                    "{cut:?}: {outcome:?}"
                );
                return true;
            }
            Err(fault) if fault.retryable && Instant::now() < until => {}
            Err(fault) => panic!("{cut:?}: {outcome:?}, then {fault:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revision_cut_off_anywhere_is_ended_exactly_once() {
    let _ = mariadb!();
    let check = "SELECT v, w, (SELECT count(*) FROM log), (SELECT v FROM vb), \
                 (SELECT count(*) FROM information_schema.statistics WHERE index_name = 'av' \
                 AND table_schema = DATABASE()) FROM b";
    everywhere(SCRIPT, "15\t5\t1\t15\t1", check).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_where_ddl_comes_last() {
    let _ = mariadb!();
    let check = "SELECT v, (SELECT data_type FROM information_schema.columns WHERE table_schema = DATABASE() \
                 AND table_name = 'a') FROM a";
    everywhere(DDL_LAST, "2\tbigint", check).await;
}

/// Statements that are announced together, with some in between that are not.
const MADE: &str = "CREATE TABLE a (i int);\nCREATE TABLE b (i int);\nCREATE INDEX ai ON a (i);\n\
    CREATE UNIQUE INDEX bi ON b (i);\nINSERT INTO b VALUES (7);\nCREATE TABLE c (i int);\nCREATE INDEX ci ON c (i);\n\
    ALTER TABLE c ADD j int;\nCREATE TABLE d (i int);\nCREATE TABLE e (i int);\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_where_statements_are_announced_together() {
    let _ = mariadb!();
    let check = "SELECT i, (SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_name IN ('a', 'b', 'c', 'd', 'e')), (SELECT group_concat(index_name ORDER BY 1) \
                 FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name LIKE '_i') FROM b";
    everywhere(MADE, "7\t5\tai,bi,ci", check).await;
}
