//! The guard of an offline script for SQLite. Without `-bail` the shell goes on after an error, and SQLite has no
//! statement that ends a script. So the session is made read only, and what makes it writable again names a schema that
//! is attached only where the rows are right: elsewhere ATTACH is given the message as a path that cannot be opened,
//! which the shell shows, and every later change is refused.

use crate::dialect::DialectName;
use crate::dialect::literal::quote_text;
use crate::dialect::offline::{rows_are, rows_called};

/// The statements that refuse a database whose version rows are not exactly `rows`.
pub(crate) fn guard(table: &str, rows: &[String]) -> String {
    let condition = rows_are(DialectName::Sqlite, table, rows);
    // A slash in an id would only be shown as another folder of a path that does not exist.
    let message =
        format!("refused: this script starts at {}, but the database stands at ", rows_called(rows));
    let message = quote_text(DialectName::Sqlite, &message);
    format!(
        "PRAGMA query_only = ON;\n\
         ATTACH (SELECT CASE WHEN {condition}\n  \
           THEN ':memory:'\n  \
           ELSE {message} || (SELECT coalesce(group_concat(version_num, ', '), '<base>') FROM {table}) || '/-'\n  \
           END) AS migrated_guard;\n\
         PRAGMA migrated_guard.query_only = OFF;\n\
         DETACH migrated_guard;\n"
    )
}
