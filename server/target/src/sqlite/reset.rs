//! What a revision can leave in a session (rule R5), and whether it did.

use super::query;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

/// Settings of a connection that can be read back. Those of the file itself (journal_mode of a WAL file, page_size,
/// user_version, …) belong to the revision's work and stay out.
const PRAGMAS: &[&str] = &[
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "foreign_keys",
    "full_column_names",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// How a session looks: settings, attached files, temporary objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look(Vec<String>);

/// Reads how the session looks, in one round trip.
pub(super) async fn look(conn: &mut SqliteConnection) -> Result<Look, sqlx::Error> {
    let mut text = String::from(
        // The pragma case_sensitive_like has no value to read: ask LIKE itself.
        "SELECT 'a' LIKE 'A';\
         SELECT name FROM pragma_database_list WHERE name <> 'temp' ORDER BY seq;\
         SELECT type || ' ' || name FROM sqlite_temp_schema ORDER BY 1;",
    );
    for pragma in PRAGMAS {
        text.push_str(&format!("PRAGMA {pragma};"));
    }
    let mut look = Vec::with_capacity(PRAGMAS.len() + 4);
    for (_, rows) in query::batch(conn, text).await? {
        let values: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_unchecked(0)).collect();
        look.push(values?.join(","));
    }
    Ok(Look(look))
}
