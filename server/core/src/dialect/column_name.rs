//! A column's name within an expression of its table.
//!
//! Nothing is parsed. In an expression of a table (a check, a default, a predicate) a name is a column's unless it is
//! called like a function, qualifies another, or stands where a type does.

use super::DialectName;
use super::lexer::Lexer;
use super::literal::{quote_name, unquote_name};
use super::splitter::rules;
use super::token::{Token, TokenKind};

/// Whether an expression names a column.
pub(crate) fn names_column(dialect: DialectName, sql: &str, column: &str) -> bool {
    !found(dialect, sql, column).is_empty()
}

/// An expression in which a column has another name.
pub(crate) fn rename_column(dialect: DialectName, sql: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut read = 0;
    for token in found(dialect, sql, from) {
        out += &sql[read..token.start];
        // MySQL prints every name in quotes, and the other two only where they must.
        let old = &sql[token.range()];
        out += &if old.starts_with('`') {
            format!("`{}`", to.replace('`', "``"))
        } else {
            quote_name(dialect, to)
        };
        read = token.end;
    }
    out + &sql[read..]
}

fn found(dialect: DialectName, sql: &str, column: &str) -> Vec<Token> {
    // The scanner is not asked where the name cannot be.
    if !sql.to_ascii_lowercase().contains(&unquotable(column).to_ascii_lowercase()) {
        return Vec::new();
    }
    let mut lexer = Lexer::new(sql, rules(dialect));
    let mut tokens = Vec::new();
    while let Some(Ok(token)) = lexer.token() {
        if !token.is_blank() {
            tokens.push(token);
        }
    }
    let text = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| &sql[token.range()]);
    let same = |token: &Token| {
        let name = unquote_name(dialect, &sql[token.range()]);
        if dialect == DialectName::Postgres { name == column } else { name.eq_ignore_ascii_case(column) }
    };
    let is_column = |at: usize| {
        let (before, after) = (text(at.checked_sub(1)), text(Some(at + 1)));
        let literal = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Text);
        let keyword = ["as", "collate"].iter().any(|word| before.eq_ignore_ascii_case(word));
        !literal && !keyword && !["(", "."].contains(&after) && !["::", ":"].contains(&before)
    };
    let named = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    let hits = tokens.iter().enumerate().filter(|(at, token)| named(token) && same(token) && is_column(*at));
    hits.map(|(_, token)| *token).collect()
}

/// The longest piece of a name that no way of quoting changes.
fn unquotable(name: &str) -> &str {
    name.split(['"', '`', ']']).max_by_key(|piece| piece.len()).unwrap_or_default()
}
