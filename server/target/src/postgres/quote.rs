//! Names and strings in this dialect.

use migrated_core::DialectName;
use migrated_core::dialect::literal::{quote_name, quote_qualified, quote_text};

/// A name as it stands in SQL.
pub(super) fn identifier(name: &str) -> String {
    quote_name(DialectName::Postgres, name)
}

/// A name with its schema.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    quote_qualified(DialectName::Postgres, Some(schema), name)
}

/// A string literal, right whatever `standard_conforming_strings` a role or revision set.
pub(super) fn literal(text: &str) -> String {
    quote_text(DialectName::Postgres, text)
}
