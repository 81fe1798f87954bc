//! What statements mean, by dialect; and what quoting gives.

use migrated_core::DialectName;
use migrated_core::dialect::literal::{quote_name, quote_qualified, quote_text};
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::dialect::{StatementKind, classify, objects, split, statement_hash, summary};
use migrated_core::revision::RowChange;

use StatementKind::*;

const PG: DialectName = DialectName::Postgres;
const MY: DialectName = DialectName::Mysql;
const LITE: DialectName = DialectName::Sqlite;

#[track_caller]
fn check(dialect: DialectName, kind: StatementKind, statements: &[&str]) {
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

#[test]
fn postgres_refuses_transactions() {
    check(
        PG,
        RefusesTransaction,
        &[
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "DROP INDEX CONCURRENTLY IF EXISTS i",
            "REINDEX INDEX CONCURRENTLY i",
            "REINDEX TABLE CONCURRENTLY t",
            "REINDEX (CONCURRENTLY) TABLE t",
            "REINDEX (VERBOSE, CONCURRENTLY TRUE) TABLE t",
            "REINDEX SCHEMA s",
            "REINDEX DATABASE d",
            "VACUUM",
            "VACUUM (FULL, ANALYZE) t",
            "CREATE DATABASE d",
            "DROP DATABASE IF EXISTS d",
            "CREATE TABLESPACE x LOCATION '/x'",
            "DROP TABLESPACE x",
            "ALTER SYSTEM SET work_mem = '1GB'",
            "ALTER DATABASE d SET TABLESPACE x",
            "ALTER TABLE t DETACH PARTITION s.p CONCURRENTLY",
            "ALTER TABLE IF EXISTS ONLY s.t DETACH PARTITION p CONCURRENTLY",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
            "DROP SUBSCRIPTION s",
            "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
            "ALTER SUBSCRIPTION s ADD PUBLICATION p",
            "CLUSTER",
            "CLUSTER VERBOSE",
            "CLUSTER (VERBOSE)",
            "DISCARD ALL",
        ],
    );
}

#[test]
fn postgres_runs_in_a_transaction() {
    check(
        PG,
        Transactional,
        &[
            "",
            "CREATE TABLE t (a int)",
            "CREATE INDEX i ON t (a)",
            "CREATE TABLE concurrently_t (vacuum int)",
            "CREATE INDEX \"CONCURRENTLY\" ON t (a)",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "REINDEX TABLE t",
            "REINDEX (CONCURRENTLY FALSE) TABLE t",
            "DROP INDEX i",
            "ALTER TABLE t DETACH PARTITION p",
            "ALTER TABLE t ADD COLUMN detach int",
            "ALTER DATABASE d SET work_mem = 1",
            "ALTER DATABASE d RENAME TO e",
            "ALTER SUBSCRIPTION s DISABLE",
            "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)",
            "CLUSTER t",
            "CLUSTER (VERBOSE) t USING i",
            "SAVEPOINT s",
            "RELEASE SAVEPOINT s",
            "ROLLBACK TO s",
            "ROLLBACK WORK TO SAVEPOINT s",
            "COPY t FROM STDIN",
            "INSERT INTO t VALUES ('VACUUM')",
            "LOCK TABLE t",
            "DO 'BEGIN COMMIT; END'",
            "ALTER TYPE t ADD VALUE 'x'",
            "TRUNCATE t",
            "SELECT set_config('a', current_user, false)",
        ],
    );
}

#[test]
fn postgres_sessions_and_transactions() {
    check(
        PG,
        TransactionControl,
        &[
            "BEGIN",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "START TRANSACTION",
            "COMMIT",
            "COMMIT AND CHAIN",
            "END WORK",
            "ROLLBACK",
            "ROLLBACK WORK",
            "ABORT",
            "PREPARE TRANSACTION 'x'",
            "COMMIT PREPARED 'x'",
            "ROLLBACK PREPARED 'x'",
            "SET TRANSACTION READ ONLY",
        ],
    );
    check(
        PG,
        SessionOnly,
        &[
            "SET search_path TO s",
            "SET LOCAL work_mem = 1",
            "RESET ALL",
            "SET ROLE r",
            "PREPARE p AS SELECT 1",
            "DEALLOCATE p",
            "DISCARD TEMP",
            "CREATE TEMP TABLE t (a int)",
            "CREATE LOCAL TEMPORARY TABLE t (a int)",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
            "LISTEN x",
            "SELECT pg_catalog.set_config('search_path', '', false)",
        ],
    );
    assert!(classify(PG, "CREATE TEMP TABLE t (a int)").replayable);
    assert!(!classify(PG, "CREATE TEMP TABLE t AS SELECT now()").replayable);
    for stale in [
        "ALTER ROLE r SET a = 1",
        "ALTER USER u PASSWORD 'x'",
        "ALTER DATABASE d SET a = 1",
        "ALTER SYSTEM SET a = 1",
    ] {
        assert!(classify(PG, stale).affects_new_sessions, "{stale}");
    }
    assert!(!classify(PG, "ALTER TABLE database ADD a int").affects_new_sessions);
    assert!(classify(PG, "ALTER TYPE s.t ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'").adds_enum_value);
    assert!(!classify(PG, "ALTER TYPE t ADD ATTRIBUTE value int").adds_enum_value);
}

#[track_caller]
fn index(sql: &str, expected: &str) {
    let found = classify(PG, sql).concurrent_index.expect("a concurrent index");
    let index = found.index.map_or("-".into(), |i| format!("{}.{}", i.schema.unwrap_or_default(), i.name));
    let table = format!("{}.{}", found.table.schema.unwrap_or_default(), found.table.name);
    assert_eq!(format!("{index} on {table} {}", found.if_not_exists), expected);
}

#[test]
fn postgres_concurrent_indexes() {
    index("CREATE INDEX CONCURRENTLY i ON t (a)", ".i on .t false");
    index("create unique index concurrently if not exists I on only S.T using btree (a)", "s.i on s.t true");
    index("CREATE INDEX CONCURRENTLY \"I \"\"x\" ON \"S\".\"T\"(a)", "S.I \"x on S.T false");
    index("CREATE INDEX CONCURRENTLY /* on */ ON t (a)", "- on .t false");
    assert_eq!(classify(PG, "CREATE INDEX i ON t (a)").concurrent_index, None);
    let dropped = classify(PG, "DROP INDEX CONCURRENTLY IF EXISTS s.i");
    assert!(dropped.drops_concurrently);
    assert_eq!(names(PG, "DROP INDEX CONCURRENTLY IF EXISTS s.i"), "index s.i");
}

#[test]
fn mysql_commits_by_itself() {
    check(
        MY,
        ImplicitCommit,
        &[
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD b int",
            "DROP TABLE t",
            "RENAME TABLE a TO b",
            "TRUNCATE t",
            "CREATE INDEX i ON t (a)",
            "DROP INDEX i ON t",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE DATABASE d",
            "CREATE USER u",
            "GRANT SELECT ON *.* TO u",
            "REVOKE ALL ON *.* FROM u",
            "SET PASSWORD = 'x'",
            "ANALYZE TABLE t",
            "OPTIMIZE TABLE t",
            "REPAIR TABLE t",
            "CHECK TABLE t",
            "FLUSH TABLES",
            "INSTALL PLUGIN p SONAME 'x'",
            "START SLAVE",
            "STOP REPLICA",
            "CHANGE MASTER TO MASTER_HOST='x'",
            "CALL p()",
            "EXECUTE s",
            "BEGIN NOT ATOMIC SELECT 1; END",
            "CREATE SEQUENCE s",
            "LOAD INDEX INTO CACHE t",
            "ALTER DATABASE d CHARACTER SET utf8mb4",
            "DROP TEMPORARY_TABLE",
            "/*!50003 CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1 */",
        ],
    );
    check(
        MY,
        Transactional,
        &[
            "INSERT INTO t VALUES (1)",
            "REPLACE INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "SELECT 1",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "LOAD DATA INFILE 'x' INTO TABLE t",
            "DO SLEEP(0)",
            "SAVEPOINT s",
            "ROLLBACK TO SAVEPOINT s",
            "ROLLBACK WORK TO s",
            "RELEASE SAVEPOINT s",
        ],
    );
}

#[test]
fn mysql_sessions_and_transactions() {
    check(
        MY,
        TransactionControl,
        &[
            "BEGIN",
            "BEGIN WORK",
            "START TRANSACTION",
            "COMMIT",
            "ROLLBACK",
            "XA START 'x'",
            "SET autocommit = 0",
            "SET @@autocommit = 1",
            "SET SESSION autocommit = OFF",
            "SET a = 1, autocommit = 0",
            "SET @@session.autocommit = 1",
            "SET TRANSACTION READ ONLY",
        ],
    );
    check(MY, TableLock, &["LOCK TABLES t WRITE", "UNLOCK TABLES", "LOCK TABLE t READ"]);
    check(
        MY,
        SessionOnly,
        &[
            "SET NAMES utf8mb4",
            "SET @a = 1",
            "USE d",
            "SET SESSION sql_mode = ''",
            "SET foreign_key_checks = 0",
            "CREATE TEMPORARY TABLE t (a int)",
            "DROP TEMPORARY TABLE t",
            "CREATE OR REPLACE TEMPORARY TABLE t (a int)",
            "PREPARE s FROM 'x'",
            "DEALLOCATE PREPARE s",
            "SET @a = autocommit",
            "/*!40101 SET NAMES utf8 */",
            "SET SESSION TRANSACTION READ WRITE",
            "SET GLOBAL a = 1",
        ],
    );
    for (sql, replayable) in [
        ("SET @a = 1", true),
        ("SET @a = (SELECT 1)", false),
        ("SET @a = UUID()", false),
        ("CREATE TEMPORARY TABLE t (a int)", true),
        ("CREATE TEMPORARY TABLE t AS SELECT 1", false),
    ] {
        assert_eq!(classify(MY, sql).replayable, replayable, "{sql}");
    }
    for stale in [
        "SET GLOBAL a = 1",
        "SET @@GLOBAL.a = 1",
        "SET PERSIST a = 1",
        "ALTER USER u",
        "ALTER DATABASE d",
        "SET PASSWORD = 'x'",
    ] {
        assert!(classify(MY, stale).affects_new_sessions, "{stale}");
    }
    assert!(!classify(MY, "SET @a = 1").affects_new_sessions);
}

#[test]
fn sqlite_transactions_and_pragmas() {
    check(LITE, RefusesTransaction, &["VACUUM", "VACUUM INTO 'x'", "DETACH DATABASE x"]);
    check(LITE, TransactionControl, &["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END TRANSACTION", "ROLLBACK"]);
    check(
        LITE,
        Transactional,
        &[
            "CREATE TABLE t (a)",
            "SAVEPOINT s",
            "RELEASE s",
            "ROLLBACK TO s",
            "ROLLBACK TRANSACTION TO SAVEPOINT s",
            "PRAGMA user_version = 3",
            "PRAGMA foreign_key_check",
            "REINDEX",
            "ANALYZE",
            "ALTER TABLE t RENAME TO u",
        ],
    );
    check(
        LITE,
        SessionOnly,
        &[
            "PRAGMA foreign_keys",
            "PRAGMA defer_foreign_keys = ON",
            "PRAGMA journal_mode",
            "PRAGMA legacy_alter_table = 1",
            "PRAGMA cache_size(100)",
            "ATTACH 'x' AS y",
            "CREATE TEMP TABLE t (a)",
            "CREATE TEMPORARY TRIGGER x",
        ],
    );
    check(
        LITE,
        PragmaOutsideTransaction,
        &[
            "PRAGMA journal_mode = WAL",
            "PRAGMA main.synchronous = 0",
            "PRAGMA temp_store(2)",
            "PRAGMA wal_checkpoint",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ],
    );
    for (on, spellings) in
        [(true, ["= ON", "= 1", "(yes)", "= 'true'"]), (false, ["= OFF", "= 0", "(no)", "= false"])]
    {
        for spelling in spellings {
            check(LITE, ForeignKeys(on), &[&format!("PRAGMA foreign_keys {spelling}")]);
        }
    }
}

fn names(dialect: DialectName, sql: &str) -> String {
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

#[test]
fn names_and_strings_are_quoted() {
    for (dialect, name, quoted) in [
        (PG, "alembic_version", "alembic_version"),
        (PG, "Order", "\"Order\""),
        (PG, "order", "\"order\""),
        (PG, "a\"b", "\"a\"\"b\""),
        (PG, "1a", "\"1a\""),
        (PG, "", "\"\""),
        (MY, "rank", "`rank`"),
        (MY, "a`b", "`a``b`"),
        (LITE, "table", "\"table\""),
        (LITE, "ż", "\"ż\""),
    ] {
        assert_eq!(quote_name(dialect, name), quoted);
    }
    assert_eq!(quote_qualified(PG, Some("My"), "t"), "\"My\".t");
    for (dialect, text, quoted) in [
        (PG, "it's", "'it''s'"),
        (PG, "a\\b'", "E'a\\\\b'''"),
        (MY, "a\\b'\"", "'a\\\\b''\"'"),
        (MY, "\0", "'\\0'"),
        (LITE, "a\\b'", "'a\\b'''"),
    ] {
        assert_eq!(quote_text(dialect, text), quoted);
    }
    // What is quoted is one token to the splitter.
    for dialect in DialectName::ALL {
        for text in ["';", "\\';--", "a\\", "\"; x", "$$;", "/*", "\n"] {
            let sql = format!("SELECT {} AS {}; x", quote_text(dialect, text), quote_name(dialect, text));
            assert_eq!(split(dialect, &sql, 1).expect("splits").len(), 2, "{sql}");
        }
    }
}

#[test]
fn the_version_table() {
    let plain = VersionTableSql::new(PG, None, "alembic_version");
    assert_eq!(
        plain.create(),
        "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\
         \tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
    );
    assert_eq!(plain.select(), "SELECT version_num FROM alembic_version");
    let table = VersionTableSql::new(MY, Some("Ops"), "versions");
    assert_eq!(table.insert("a'1"), "INSERT INTO `Ops`.versions (version_num) VALUES ('a''1')");
    let update = RowChange::Update { from: "a".into(), to: "b".into() };
    assert_eq!(table.change(&update), "UPDATE `Ops`.versions SET version_num='b' WHERE version_num = 'a'");
    assert_eq!(
        table.change(&RowChange::Delete("a".into())),
        "DELETE FROM `Ops`.versions WHERE version_num = 'a'"
    );
    assert!(table.create_if_missing().contains("CONSTRAINT versions_pkc PRIMARY KEY"));
}

#[test]
fn statements_have_an_identity() {
    let hash = |script: &str| {
        let statements = split(PG, script, 1).expect("splits");
        statement_hash(PG, &statements[0], script)
    };
    assert_eq!(hash("SELECT 1, 2"), hash("\n SELECT  1,2 -- x\n;"));
    assert_ne!(hash("SELECT 1, 2"), hash("SELECT 1, 3"));
    assert_eq!(hash("COPY t FROM STDIN;\na\n\\.\n"), hash("COPY t  FROM STDIN ;\r\na\r\n\\.\r\n"));
    assert_ne!(hash("COPY t FROM STDIN;\na\n\\.\n"), hash("COPY t FROM STDIN;\nb\n\\.\n"));
}
