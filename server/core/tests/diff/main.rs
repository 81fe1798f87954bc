//! The diff from outside: laws over random schemas, and what each kind of change becomes.

mod laws;
mod mysql;
mod pages;
mod postgres;
mod rules;
mod sqlite;

mod random;

use migrated_core::dialect::DialectName;
use migrated_core::diff::{Diff, Rules, diff};
use migrated_core::operation::Operation;
use migrated_core::schema::{Column, DefaultValue, ForeignKey, Index, IndexItem, Name, Schema, Table};

/// A table with columns of the given types.
pub(crate) fn table(name: &str, columns: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, data_type)| Column::new(*name, *data_type)).collect();
    Table { name: Name::local(name), columns, ..Table::default() }
}

/// A schema of tables.
pub(crate) fn schema(dialect: DialectName, tables: impl IntoIterator<Item = Table>) -> Schema {
    Schema { tables: tables.into_iter().collect(), ..Schema::new(dialect) }
}

/// An index of columns.
pub(crate) fn index(name: &str, columns: &[&str]) -> Index {
    let items = columns.iter().map(|column| IndexItem::column(*column)).collect();
    Index { name: name.into(), items, ..Index::default() }
}

/// A foreign key of one column to the `id` of another table.
pub(crate) fn key(name: &str, column: &str, to: &str) -> ForeignKey {
    ForeignKey {
        name: Some(name.into()),
        columns: vec![column.into()],
        ref_table: to.into(),
        ref_columns: vec!["id".into()],
        ..ForeignKey::default()
    }
}

/// A default.
pub(crate) fn sql(text: &str) -> Option<DefaultValue> {
    Some(DefaultValue::Sql(text.into()))
}

/// What a comparison found, in lines.
pub(crate) fn lines(found: &Diff) -> Vec<String> {
    found.operations.iter().map(Operation::summary).collect()
}

/// The operations from one schema to another, in lines.
pub(crate) fn steps(from: &Schema, to: &Schema) -> Vec<String> {
    lines(&diff(from, to, &Rules::default()))
}
