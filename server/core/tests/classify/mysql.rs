//! MySQL's and MariaDB's statements.

use crate::{MY, check};
use migrated_core::dialect::StatementKind::*;
use migrated_core::dialect::classify;

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
