//! The SQL of the version table, the same online and offline: exactly the table that Alembic makes, so that either
//! tool can go on where the other stopped.

use super::DialectName;
use super::literal::{quote_qualified, quote_text};
use crate::revision::RowChange;

/// The version table of a target: its place, and the statements that work on it. None of them ends in `;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionTableSql {
    dialect: DialectName,
    place: String,
    constraint: String,
}

impl VersionTableSql {
    /// The version table `name` (`alembic_version` by default) in `schema`, or in the default schema.
    pub fn new(dialect: DialectName, schema: Option<&str>, name: &str) -> Self {
        VersionTableSql {
            dialect,
            place: quote_qualified(dialect, schema, name),
            constraint: super::literal::quote_name(dialect, &format!("{name}_pkc")),
        }
    }

    /// The table's name, quoted and qualified as SQL needs it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Creates it. Letter for letter what Alembic executes: SQLite keeps this text as the table's definition.
    pub fn create(&self) -> String {
        self.create_as("CREATE TABLE")
    }

    /// Creates it where it is missing.
    pub fn create_if_missing(&self) -> String {
        self.create_as("CREATE TABLE IF NOT EXISTS")
    }

    fn create_as(&self, verb: &str) -> String {
        let (place, constraint) = (&self.place, &self.constraint);
        format!(
            "{verb} {place} (\n\tversion_num VARCHAR(32) NOT NULL, \n\tCONSTRAINT {constraint} PRIMARY KEY (version_num)\n)"
        )
    }

    /// Reads its rows.
    pub fn select(&self) -> String {
        format!("SELECT version_num FROM {}", self.place)
    }

    /// Adds a row. One row must be affected.
    pub fn insert(&self, revision: &str) -> String {
        format!("INSERT INTO {} (version_num) VALUES ({})", self.place, self.text(revision))
    }

    /// Turns one row into another. One row must be affected.
    pub fn update(&self, from: &str, to: &str) -> String {
        let (from, to) = (self.text(from), self.text(to));
        format!("UPDATE {} SET version_num={to} WHERE version_num = {from}", self.place)
    }

    /// Removes a row. One row must be affected.
    pub fn delete(&self, revision: &str) -> String {
        format!("DELETE FROM {} WHERE version_num = {}", self.place, self.text(revision))
    }

    /// The statement for one change of the rows.
    pub fn change(&self, change: &RowChange) -> String {
        match change {
            RowChange::Insert(revision) => self.insert(revision),
            RowChange::Delete(revision) => self.delete(revision),
            RowChange::Update { from, to } => self.update(from, to),
        }
    }

    fn text(&self, text: &str) -> String {
        quote_text(self.dialect, text)
    }
}
