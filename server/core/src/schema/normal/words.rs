//! Texts of PostgreSQL as their words.

use crate::DialectName;
use crate::dialect::{SqlWord, WordKind, sql_words};

/// A word, operators whole and what is not quoted in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: WordKind,
    pub(super) text: String,
}

/// The words of a text; `None` where what stands between them could matter.
pub(super) fn words(text: &str) -> Option<Vec<Word>> {
    let raw = sql_words(DialectName::Postgres, text)?;
    let mut words: Vec<Word> = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(word) = raw.get(at) {
        at += 1;
        let told = match word.kind {
            WordKind::Word => word.text.to_ascii_lowercase(),
            WordKind::Symbol
                if word.text == ":" && next_touches(&raw, at - 1).is_some_and(|n| n.text == ":") =>
            {
                at += 1;
                "::".into()
            }
            WordKind::Symbol if is_operator(word.text) => {
                let mut operator = word.text.to_owned();
                while let Some(next) = next_touches(&raw, at - 1).filter(|n| is_operator(n.text)) {
                    operator.push_str(next.text);
                    at += 1;
                }
                // A sign at the end is one of its own, unless the operator is no standard one (manual, "Operators").
                let special = operator.contains(['~', '!', '@', '#', '%', '^', '&', '|', '`', '?']);
                while !special && operator.len() > 1 && operator.ends_with(['+', '-']) {
                    let last = raw.get(at - 1)?;
                    if last.text.len() > 1 {
                        return None;
                    }
                    operator.pop();
                    at -= 1;
                }
                if operator == "!=" { "<>".into() } else { operator }
            }
            // Strings that follow each other are one, but only across lines.
            WordKind::Text if raw.get(at).is_some_and(|next| next.kind == WordKind::Text) => return None,
            _ => word.text.to_owned(),
        };
        words.push(Word { kind: word.kind, text: told });
    }
    Some(words)
}

/// Whether a word is an operator.
pub(super) fn is_operator(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c))
}

/// The word behind that one, where nothing stands between them.
fn next_touches<'w, 't>(words: &'w [SqlWord<'t>], at: usize) -> Option<&'w SqlWord<'t>> {
    let (word, next) = (words.get(at)?, words.get(at + 1)?);
    (word.start + word.text.len() == next.start && next.kind == WordKind::Symbol).then_some(next)
}
