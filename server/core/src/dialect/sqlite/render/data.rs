//! Rows (<https://www.sqlite.org/lang_insert.html>).

use super::{name, quoted, text};
use crate::operation::{BulkInsert, OperationError};
use crate::schema::LiteralValue;

/// Rows in one statement at most.
const ROWS: usize = 500;
/// Bytes of values in one statement, about: a quarter of SQLITE_MAX_SQL_LENGTH (<https://www.sqlite.org/limits.html>).
const BYTES: usize = 250_000;

pub(super) fn insert(insert: &BulkInsert) -> Result<Vec<String>, OperationError> {
    let columns: Vec<String> = insert.columns.iter().map(|column| quoted(column)).collect();
    let head = format!("INSERT INTO {} ({}) VALUES", name(&insert.table)?, columns.join(", "));
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
    Ok(statements)
}

/// Truth values are whole numbers (<https://www.sqlite.org/datatype3.html>).
fn literal(value: Option<&LiteralValue>) -> String {
    match value {
        None => "NULL".into(),
        Some(LiteralValue::Bool(value)) => u8::from(*value).to_string(),
        Some(LiteralValue::Int(number)) => number.to_string(),
        Some(LiteralValue::Text(value)) => text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Name;

    #[test]
    fn rows_come_in_batches_with_a_literal_for_each_kind_of_value() {
        let row = vec![
            None,
            Some(LiteralValue::Bool(true)),
            Some(LiteralValue::Int(i64::MIN)),
            Some(LiteralValue::Text("it's".into())),
        ];
        let columns = ["a", "b", "c", "say \"d\""].map(String::from).to_vec();
        let mut rows = BulkInsert { table: Name::local("t"), columns, rows: vec![row.clone()] };
        assert_eq!(
            insert(&rows).expect("statements"),
            ["INSERT INTO t (a, b, c, \"say \"\"d\"\"\") VALUES\n  (NULL, 1, -9223372036854775808, 'it''s')"]
        );
        rows.rows = vec![row; 2 * ROWS + 1];
        assert_eq!(insert(&rows).expect("statements").len(), 3);
        rows.rows = vec![vec![Some(LiteralValue::Text("x".repeat(BYTES)))]; 3];
        assert_eq!(insert(&rows).expect("statements").len(), 3, "one row each");
        rows.rows.clear();
        assert!(insert(&rows).expect("statements").is_empty());
        rows.table = Name::new(Some("s"), "t");
        assert!(insert(&rows).is_err(), "SQLite has no schemas");
    }
}
