//! The version table: its name as it was given, and its SQL.

use migrated_core::DialectName;
use migrated_core::dialect::literal::{quote_name, quote_text};
use migrated_core::dialect::version_table::VersionTableSql;

/// A version table of a file. SQLite has no schemas, so a name is all.
#[derive(Clone, Debug)]
pub(super) struct VersionTable {
    pub(super) name: String,
    pub(super) sql: VersionTableSql,
}

impl VersionTable {
    pub(super) fn new(name: &str) -> Self {
        VersionTable { name: name.to_owned(), sql: VersionTableSql::new(DialectName::Sqlite, None, name) }
    }
}

/// A name as SQLite reads it.
pub(super) fn name(name: &str) -> String {
    quote_name(DialectName::Sqlite, name)
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    quote_text(DialectName::Sqlite, text)
}
