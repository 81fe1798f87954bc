//! Rows.

use super::column::value_text;
use super::{qualified, quoted_list};
use crate::operation::BulkInsert;
use crate::schema::LiteralValue;

/// Rows a statement: enough that a statement's own costs do not count, few enough that it stays small.
const BATCH: usize = 500;

pub(super) fn insert(op: &BulkInsert) -> Vec<String> {
    let table = qualified(&op.table);
    if op.columns.is_empty() {
        return op.rows.iter().map(|_| format!("INSERT INTO {table} DEFAULT VALUES")).collect();
    }
    let columns = quoted_list(&op.columns);
    let batch = |rows: &[Vec<Option<LiteralValue>>]| {
        let rows: Vec<_> = rows.iter().map(|row| row_text(row)).collect();
        format!("INSERT INTO {table} ({columns}) VALUES\n    {}", rows.join(",\n    "))
    };
    op.rows.chunks(BATCH).map(batch).collect()
}

fn row_text(row: &[Option<LiteralValue>]) -> String {
    let values: Vec<_> =
        row.iter().map(|value| value.as_ref().map_or_else(|| "NULL".into(), value_text)).collect();
    format!("({})", values.join(", "))
}
