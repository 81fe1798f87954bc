//! SQLite's statements.

use crate::{LITE, check};
use migrated_core::dialect::StatementKind::*;

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
