//! Rows ("INSERT Statement").

use super::{names, qualified, text};
use crate::operation::BulkInsert;
use crate::schema::LiteralValue;

/// Rows in one statement at most.
const ROWS: usize = 500;
/// Bytes of values in one statement, about: a quarter of the smallest default of `max_allowed_packet`.
const BYTES: usize = 1 << 20;

pub(super) fn insert(insert: &BulkInsert) -> Vec<String> {
    let head = format!("INSERT INTO {} ({}) VALUES", qualified(&insert.table), names(&insert.columns));
    let mut statements = Vec::new();
    let mut rows: Vec<String> = Vec::new();
    let mut bytes = 0;
    for row in &insert.rows {
        let values: Vec<String> = row.iter().map(|value| literal(value.as_ref())).collect();
        let row = format!("({})", values.join(", "));
        if rows.len() == ROWS || !rows.is_empty() && bytes + row.len() > BYTES {
            statements.push(format!("{head}\n  {}", std::mem::take(&mut rows).join(",\n  ")));
            bytes = 0;
        }
        bytes += row.len();
        rows.push(row);
    }
    if !rows.is_empty() {
        statements.push(format!("{head}\n  {}", rows.join(",\n  ")));
    }
    statements
}

fn literal(value: Option<&LiteralValue>) -> String {
    match value {
        None => "NULL".into(),
        Some(LiteralValue::Bool(true)) => "TRUE".into(),
        Some(LiteralValue::Bool(false)) => "FALSE".into(),
        Some(LiteralValue::Int(number)) => number.to_string(),
        Some(LiteralValue::Text(value)) => text(value),
    }
}
