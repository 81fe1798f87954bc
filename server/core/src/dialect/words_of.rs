//! SQL text as its words, for those who read definitions that an engine keeps as text.

use super::DialectName;
use super::lexer::Lexer;
use super::literal::{quote_name, unquote_name};
use super::splitter::rules;
use super::token::TokenKind;

/// What a word of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name.
    QuotedName,
    /// A string literal.
    Text,
    /// A number.
    Number,
    /// An operator or punctuation.
    Symbol,
}

/// A word of SQL text, comments and white space left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlWord<'t> {
    /// What it is.
    pub kind: WordKind,
    /// It, as it stands there.
    pub text: &'t str,
    /// Its first byte.
    pub start: usize,
}

impl SqlWord<'_> {
    /// Whether it is that keyword, whatever its case.
    pub fn is(&self, keyword: &str) -> bool {
        matches!(self.kind, WordKind::Word | WordKind::Symbol) && self.text.eq_ignore_ascii_case(keyword)
    }

    /// The name that it means, quotes taken off. `None` for what is no name.
    pub fn name(&self, dialect: DialectName) -> Option<String> {
        match self.kind {
            WordKind::Word | WordKind::QuotedName => Some(unquote_name(dialect, self.text)),
            // SQLite takes a string for a name where only a name can stand.
            WordKind::Text if dialect == DialectName::Sqlite => Some(unquote_name(dialect, self.text)),
            WordKind::Text | WordKind::Number | WordKind::Symbol => None,
        }
    }
}

/// The words of a text; `None` where something in it never ends.
pub fn sql_words(dialect: DialectName, text: &str) -> Option<Vec<SqlWord<'_>>> {
    let mut lexer = Lexer::new(text, rules(dialect));
    let mut words = Vec::new();
    while let Some(token) = lexer.token() {
        let token = token.ok()?;
        let kind = match token.kind {
            TokenKind::Word => WordKind::Word,
            TokenKind::QuotedName => WordKind::QuotedName,
            TokenKind::Text => WordKind::Text,
            TokenKind::Number => WordKind::Number,
            TokenKind::Symbol | TokenKind::Delimiter => WordKind::Symbol,
            TokenKind::Space | TokenKind::Comment => continue,
            TokenKind::Hint | TokenKind::ExecutableOpen | TokenKind::ExecutableClose => return None,
        };
        words.push(SqlWord { kind, text: &text[token.range()], start: token.start });
    }
    Some(words)
}

/// Words as text in one spelling: one space between them, none around `.` and inside parentheses, names quoted only
/// where they must be, `keywords` in upper case. Two spellings of one expression give the same text.
pub fn spelled(dialect: DialectName, words: &[SqlWord<'_>], keywords: &[&str]) -> String {
    let mut out = String::new();
    let mut before: Option<&SqlWord<'_>> = None;
    // Whether what stands before is a sign of the number or name that follows.
    let mut sign = false;
    for word in words {
        let tight = match before {
            None => true,
            Some(before) => {
                sign || matches!(before.text, "(" | ".")
                    || matches!(word.text, ")" | "," | "." | ";")
                    || (word.text == "(" && calls(before, keywords))
            }
        };
        if !tight {
            out.push(' ');
        }
        match word.kind {
            WordKind::QuotedName => {
                out.push_str(&quote_name(dialect, &unquote_name(dialect, word.text)));
            }
            WordKind::Word if is_keyword(word.text, keywords) => {
                out.push_str(&word.text.to_ascii_uppercase())
            }
            _ => out.push_str(word.text),
        }
        sign = matches!(word.text, "-" | "+" | "~")
            && before.is_none_or(|b| {
                b.kind == WordKind::Symbol && b.text != ")"
                    || b.kind == WordKind::Word && is_keyword(b.text, keywords)
            });
        before = Some(word);
    }
    out
}

fn is_keyword(text: &str, keywords: &[&str]) -> bool {
    keywords.binary_search(&text.to_ascii_lowercase().as_str()).is_ok()
}

/// Whether a parenthesis after that word opens a function's arguments.
fn calls(word: &SqlWord<'_>, keywords: &[&str]) -> bool {
    match word.kind {
        WordKind::Word => {
            !is_keyword(word.text, keywords)
                || ["replace", "glob", "like", "match"].iter().any(|name| word.is(name))
        }
        WordKind::QuotedName => true,
        WordKind::Text | WordKind::Number | WordKind::Symbol => false,
    }
}
