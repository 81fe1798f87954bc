//! The guard of an offline script for PostgreSQL: a block that raises an exception. In a transaction everything that
//! follows is then refused and COMMIT rolls back, whatever the client does.

use crate::dialect::DialectName;
use crate::dialect::literal::quote_text;
use crate::dialect::offline::{rows_are, rows_called, unused};

/// The statements that refuse a database whose version rows are not exactly `rows`.
pub(crate) fn guard(table: &str, rows: &[String]) -> String {
    let condition = rows_are(DialectName::Postgres, table, rows);
    let start = quote_text(DialectName::Postgres, &rows_called(rows));
    let body = format!(
        "BEGIN\n  \
           IF NOT ({condition}) THEN\n    \
             RAISE EXCEPTION 'this script starts at %, but the database stands at %', {start},\n      \
               (SELECT coalesce(string_agg(version_num, ', ' ORDER BY version_num), '<base>') FROM {table});\n  \
           END IF;\n\
         END"
    );
    let tag = unused(&body, |n| if n == 0 { "$start$".into() } else { format!("$start{n}$") });
    format!("DO {tag}\n{body}\n{tag};\n")
}
