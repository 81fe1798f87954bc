//! Names and strings as they stand in our texts, whatever `sql_mode` a revision has set.

use migrated_core::DialectName;
use migrated_core::dialect::literal::quote_text;

/// A name in backticks, which mean the same under ANSI_QUOTES.
pub(super) fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Database and name, both in backticks.
pub(super) fn qualified(database: &str, object: &str) -> String {
    format!("{}.{}", name(database), name(object))
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    quote_text(DialectName::Mysql, text)
}
