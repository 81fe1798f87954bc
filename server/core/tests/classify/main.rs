//! What statements mean, by dialect; and what quoting gives.

mod mysql;
mod postgres;
mod spelling;
mod sqlite;

use migrated_core::DialectName;
use migrated_core::dialect::{StatementKind, classify, objects, summary};

pub(crate) const PG: DialectName = DialectName::Postgres;
pub(crate) const MY: DialectName = DialectName::Mysql;
pub(crate) const LITE: DialectName = DialectName::Sqlite;

#[track_caller]
pub(crate) fn check(dialect: DialectName, kind: StatementKind, statements: &[&str]) {
    for statement in statements {
        assert_eq!(classify(dialect, statement).kind, kind, "{statement}");
        // Comments and case change nothing.
        let spaced = statement.replace(' ', " /* a */\n-- b\n");
        assert_eq!(classify(dialect, &spaced).kind, kind, "{spaced}");
        if !statement.contains(['\'', '"', '`']) {
            let lower = statement.to_lowercase();
            assert_eq!(classify(dialect, &lower).kind, kind, "{lower}");
        }
    }
}

pub(crate) fn names(dialect: DialectName, sql: &str) -> String {
    let one = |o: migrated_core::dialect::ObjectRef| {
        let schema = o.schema.map_or(String::new(), |s| format!("{s}."));
        format!("{} {schema}{}", o.kind.as_str(), o.name)
    };
    objects(dialect, sql).into_iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn objects_that_statements_name() {
    for (sql, expected) in [
        ("CREATE TABLE t (a int)", "table t"),
        ("CREATE TABLE IF NOT EXISTS d.`my t` LIKE x", "table d.my t"),
        (
            "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT 1",
            "view v",
        ),
        ("CREATE UNIQUE INDEX i USING BTREE ON d.t (a)", "index i, table d.t"),
        ("DROP INDEX i ON t", "index i, table t"),
        ("DROP TABLE IF EXISTS a, d.b CASCADE", "table a, table d.b"),
        ("DROP TEMPORARY TABLE a", "table a"),
        ("ALTER TABLE a ADD b int, RENAME TO d.c", "table a, table d.c"),
        ("ALTER TABLE d.a RENAME b", "table d.a, table d.b"),
        ("ALTER TABLE a RENAME COLUMN x TO y, RENAME INDEX i TO j", "table a"),
        ("RENAME TABLE a TO b, d.c TO d.e", "table a, table b, table d.c, table d.e"),
        ("TRUNCATE TABLE t", "table t"),
        ("TRUNCATE d.t", "table d.t"),
        (
            "CREATE DEFINER=root@localhost TRIGGER g AFTER INSERT ON d.t FOR EACH ROW SET @a = 1",
            "trigger g, table d.t",
        ),
        ("CREATE PROCEDURE p() SELECT 1", "procedure p"),
        ("DROP FUNCTION IF EXISTS f", "function f"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "event e"),
        ("CREATE SCHEMA d", "database d"),
        ("DROP DATABASE IF EXISTS d", "database d"),
        ("CREATE SEQUENCE s START WITH 1", "sequence s"),
        ("CREATE USER u", ""),
        ("INSERT INTO t VALUES (1)", ""),
        ("DROP TABLE", ""),
    ] {
        assert_eq!(names(MY, sql), expected, "{sql}");
    }
    for (sql, expected) in [
        ("CREATE TABLE \"S\".T (a int)", "table S.t"),
        ("ALTER TABLE IF EXISTS ONLY t RENAME TO u", "table t, table u"),
        ("ALTER TABLE t RENAME a TO b", "table t"),
        ("DROP FUNCTION f(int, text), s.g()", "function f, function s.g"),
        ("DROP TRIGGER g ON t", "trigger g, table t"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "view v"),
        ("CREATE SCHEMA s", "schema s"),
        (
            "CREATE EVENT TRIGGER g ON ddl_command_end EXECUTE FUNCTION f()",
            "trigger g, table ddl_command_end",
        ),
        ("TRUNCATE ONLY a, b", "table a, table b"),
        ("CREATE TYPE t AS (table int)", ""),
        ("ALTER TABLE IF EXISTS s.t DETACH PARTITION \"P\" CONCURRENTLY", "table s.t, table P"),
        ("ALTER TABLE ONLY t DETACH PARTITION q.p FINALIZE", "table t, table q.p"),
        ("CREATE UNIQUE INDEX CONCURRENTLY ON s.t (a)", "table s.t"),
        ("REINDEX INDEX CONCURRENTLY s.i", "index s.i"),
        ("REINDEX (VERBOSE, CONCURRENTLY true) TABLE t", "table t"),
        ("REINDEX SCHEMA CONCURRENTLY s", "schema s"),
        ("REINDEX SYSTEM d", "database d"),
        ("REINDEX (VERBOSE) DATABASE CONCURRENTLY", ""),
    ] {
        assert_eq!(names(PG, sql), expected, "{sql}");
    }
    assert_eq!(names(LITE, "CREATE TABLE [my t] (a)"), "table my t");
    assert_eq!(names(LITE, "ALTER TABLE 'a' RENAME TO \"b\"\"c\""), "table a, table b\"c");
}

#[test]
fn summaries() {
    assert_eq!(summary(PG, "CREATE  TABLE\n\tt -- x\n (a int)"), "CREATE TABLE t (a int)");
    assert_eq!(summary(PG, "/*+ hint */ SELECT 'a\n  b'"), "SELECT 'a b'");
    let long = format!("INSERT INTO t VALUES ('{}')", "ż".repeat(100));
    assert_eq!(summary(PG, &long).chars().count(), 61);
    assert!(summary(PG, &long).ends_with("ż…"));
}
