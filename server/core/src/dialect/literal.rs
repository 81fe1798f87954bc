//! Quoting: names and strings as text that means the same to the engine.

use super::{DialectName, mysql, postgres, sqlite};

/// A name as it stands in SQL: bare where every reading of it gives the same name, else quoted.
pub fn quote_name(dialect: DialectName, name: &str) -> String {
    let (reserved, quote) = match dialect {
        DialectName::Postgres => (postgres::literal::RESERVED, '"'),
        DialectName::Mysql => (mysql::literal::RESERVED, '`'),
        DialectName::Sqlite => (sqlite::literal::RESERVED, '"'),
    };
    let bare = name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && reserved.binary_search(&name).is_err();
    if bare { name.into() } else { quoted(name, quote) }
}

/// A name with the schema in front where there is one.
pub fn quote_qualified(dialect: DialectName, schema: Option<&str>, name: &str) -> String {
    let name = quote_name(dialect, name);
    match schema {
        Some(schema) => format!("{}.{name}", quote_name(dialect, schema)),
        None => name,
    }
}

/// A string literal.
///
/// It means the same under every setting that the engines have by default; on PostgreSQL also where
/// `standard_conforming_strings` is off. A NUL character is kept on MySQL only: no literal of the others holds one,
/// and neither do their text columns.
pub fn quote_text(dialect: DialectName, text: &str) -> String {
    match dialect {
        DialectName::Postgres => postgres::literal::quote_text(text),
        DialectName::Mysql => mysql::literal::quote_text(text),
        DialectName::Sqlite => sqlite::literal::quote_text(text),
    }
}

/// The name that a name token means: quotes taken off, doubled ones halved, and what PostgreSQL folds folded.
pub(crate) fn unquote_name(dialect: DialectName, token: &str) -> String {
    let Some(open) = token.chars().next().filter(|c| "\"`['".contains(*c)) else {
        return if dialect == DialectName::Postgres { token.to_ascii_lowercase() } else { token.into() };
    };
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or("");
    if open == '[' {
        return inner.into();
    }
    let mut doubled = String::from(open);
    doubled.push(open);
    inner.replace(&doubled, &open.to_string())
}

pub(crate) fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        if c == quote {
            out.push(quote);
        }
        out.push(c);
    }
    out.push(quote);
    out
}
