//! The few texts that we send ourselves.

use migrated_core::revision::RowChange;

/// A name, quoted.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// All version rows, in the order that SQLite gives them.
pub(super) fn select(table: &str) -> String {
    format!("SELECT version_num FROM {}", name(table))
}

/// Alembic's table.
pub(super) fn create(table: &str) -> String {
    format!(
        "CREATE TABLE {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {} PRIMARY KEY (version_num))",
        name(table),
        name(&format!("{table}_pkc"))
    )
}

/// One change of the version rows.
pub(super) fn change(table: &str, change: &RowChange) -> String {
    let table = name(table);
    match change {
        RowChange::Insert(row) => format!("INSERT INTO {table} (version_num) VALUES ({})", literal(row)),
        RowChange::Delete(row) => format!("DELETE FROM {table} WHERE version_num = {}", literal(row)),
        RowChange::Update { from, to } => {
            format!("UPDATE {table} SET version_num = {} WHERE version_num = {}", literal(to), literal(from))
        }
    }
}
