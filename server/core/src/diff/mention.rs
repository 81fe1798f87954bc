//! The names that a piece of SQL may refer to.
//!
//! Nothing is parsed: whatever could be a name counts as one. That errs on the side of an order that is stricter
//! than it must be, never of one in which something is missing.

use crate::DialectName;
use crate::dialect::literal::unquote_name;
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;

/// A name as texts of the dialect are compared with it.
pub(super) fn folded(dialect: DialectName, name: &str) -> String {
    match dialect {
        DialectName::Postgres => name.to_owned(),
        DialectName::Mysql | DialectName::Sqlite => name.to_lowercase(),
    }
}

/// Calls `tell` with every name of `text`, folded. Names within strings are told as `inside`, apart from those of
/// `'…'::regclass`, which are as good as written out.
pub(super) fn names(dialect: DialectName, text: &str, tell: &mut impl FnMut(String, bool)) {
    walk(dialect, text, false, tell);
}

/// Whether one of the names of `text` satisfies `wanted`; strings count where `inside` says so.
pub(super) fn mentions(
    dialect: DialectName,
    text: &str,
    inside: bool,
    mut wanted: impl FnMut(&str) -> bool,
) -> bool {
    let mut found = false;
    names(dialect, text, &mut |name, within| found |= (inside || !within) && wanted(&name));
    found
}

fn walk(dialect: DialectName, text: &str, inside: bool, tell: &mut impl FnMut(String, bool)) {
    let mut words = Words::new(dialect, text);
    while let Some(word) = words.next() {
        match word.kind {
            TokenKind::Word | TokenKind::QuotedName => {
                tell(folded(dialect, &unquote_name(dialect, word.text)), inside);
            }
            TokenKind::Text => {
                let mut ahead = words.clone();
                let class = ahead.next().is_some_and(|w| w.text == "::" || w.text == ":")
                    && ahead.by_ref().find(|w| w.text != ":").is_some_and(|w| w.is("REGCLASS"));
                let content = content(word.text);
                // A body within a body within a body is text of a text: two levels are as deep as engines look.
                if content.len() < word.text.len() {
                    walk(dialect, content, inside || !class, tell);
                }
            }
            _ => {}
        }
    }
}

/// What stands between the quotes of a string of any spelling.
fn content(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('$') {
        let Some(tag) = rest.find('$') else { return "" };
        let tag = &text[..tag + 2];
        return text.get(tag.len()..text.len().saturating_sub(tag.len())).unwrap_or_default();
    }
    let Some(open) = text.find(['\'', '"']) else { return "" };
    text.get(open + 1..text.len().saturating_sub(1)).unwrap_or_default()
}
