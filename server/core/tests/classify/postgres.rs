//! PostgreSQL's statements.

use crate::{PG, check, names};
use migrated_core::dialect::StatementKind::*;
use migrated_core::dialect::classify;

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
