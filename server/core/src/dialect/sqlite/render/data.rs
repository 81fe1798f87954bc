//! Rows (<https://www.sqlite.org/lang_insert.html>).

use super::{name, quoted, text};
use crate::operation::{BulkInsert, OperationError};
use crate::schema::LiteralValue;

/// Rows in one statement: enough that a statement's own costs do not count, few enough that it stays small.
const BATCH: usize = 500;

pub(super) fn insert(insert: &BulkInsert) -> Result<Vec<String>, OperationError> {
    let table = name(&insert.table)?;
    if insert.columns.is_empty() {
        return Ok(insert.rows.iter().map(|_| format!("INSERT INTO {table} DEFAULT VALUES")).collect());
    }
    let columns: Vec<String> = insert.columns.iter().map(|column| quoted(column)).collect();
    let head = format!("INSERT INTO {table} ({}) VALUES", columns.join(", "));
    let row = |row: &Vec<Option<LiteralValue>>| {
        let values: Vec<String> = row.iter().map(|value| literal(value.as_ref())).collect();
        format!("({})", values.join(", "))
    };
    let batch = |rows: &[Vec<Option<LiteralValue>>]| {
        format!("{head}\n    {}", rows.iter().map(row).collect::<Vec<_>>().join(",\n    "))
    };
    Ok(insert.rows.chunks(BATCH).map(batch).collect())
}

fn literal(value: Option<&LiteralValue>) -> String {
    match value {
        None => "NULL".into(),
        // Truth is a number here: TRUE and FALSE are 1 and 0.
        Some(LiteralValue::Bool(value)) => u8::from(*value).to_string(),
        Some(LiteralValue::Int(number)) => number.to_string(),
        Some(LiteralValue::Text(value)) => text(value),
    }
}
