//! The guard of an offline script for MySQL and MariaDB. The session is made read only, which holds for DDL too; what
//! makes it writable again is prepared only where the rows are right. Elsewhere the text to be prepared is the message,
//! so that the client shows it with a syntax error, and stops. Told `--force` it goes on, and everything is refused.

use crate::dialect::DialectName;
use crate::dialect::literal::quote_text;
use crate::dialect::offline::{rows_are, rows_called};

/// The statements that refuse a database whose version rows are not exactly `rows`.
pub(crate) fn guard(table: &str, rows: &[String]) -> String {
    let condition = rows_are(DialectName::Mysql, table, rows);
    let message =
        format!("refused: this script starts at {}, but the database stands at ", rows_called(rows));
    let message = quote_text(DialectName::Mysql, &message);
    format!(
        "SET SESSION TRANSACTION READ ONLY;\n\
         SET @migrated_guard = IF({condition},\n  \
           'SET SESSION TRANSACTION READ WRITE',\n  \
           CONCAT({message},\n    \
             (SELECT IFNULL(GROUP_CONCAT(version_num ORDER BY version_num SEPARATOR ', '), '<base>') FROM {table})));\n\
         PREPARE migrated_guard FROM @migrated_guard;\n\
         EXECUTE migrated_guard;\n\
         DEALLOCATE PREPARE migrated_guard;\n"
    )
}
