//! A cursor over the words of a definition.

use migrated_core::DialectName;
use migrated_core::dialect::{SQLITE_KEYWORDS, SqlWord, WordKind, spelled};

const SQLITE: DialectName = DialectName::Sqlite;

/// Reads words one after the other. `None` from any method: the definition is not in a form that is known here.
pub(super) struct Reader<'t> {
    text: &'t str,
    words: Vec<SqlWord<'t>>,
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Option<Reader<'t>> {
        Some(Reader { text, words: migrated_core::dialect::sql_words(SQLITE, text)?, at: 0 })
    }

    pub(super) fn peek(&self) -> Option<&SqlWord<'t>> {
        self.words.get(self.at)
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|word| word.is(keyword))
    }

    /// Takes the keyword where it stands next.
    pub(super) fn take(&mut self, keyword: &str) -> bool {
        let there = self.is(keyword);
        self.at += usize::from(there);
        there
    }

    /// Takes all the keywords where they stand next, in that order.
    pub(super) fn take_all(&mut self, keywords: &[&str]) -> bool {
        let there = keywords
            .iter()
            .enumerate()
            .all(|(i, keyword)| self.words.get(self.at + i).is_some_and(|word| word.is(keyword)));
        if there {
            self.at += keywords.len();
        }
        there
    }

    pub(super) fn name(&mut self) -> Option<String> {
        let name = self.peek()?.name(SQLITE)?;
        self.at += 1;
        Some(name)
    }

    pub(super) fn next(&mut self) -> Option<SqlWord<'t>> {
        let word = *self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.words.len()
    }

    /// What stands between the parenthesis that is next and its partner.
    pub(super) fn parenthesised(&mut self) -> Option<Vec<SqlWord<'t>>> {
        if !self.take("(") {
            return None;
        }
        let (from, mut depth) = (self.at, 1);
        while let Some(word) = self.next() {
            match word.text {
                "(" if word.kind == WordKind::Symbol => depth += 1,
                ")" if word.kind == WordKind::Symbol => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(self.words[from..self.at - 1].to_vec());
            }
        }
        None
    }

    /// Names in parentheses, separated by commas.
    pub(super) fn names(&mut self) -> Option<Vec<String>> {
        split(&self.parenthesised()?)
            .iter()
            .map(|part| match part.as_slice() {
                [one] => one.name(SQLITE),
                _ => None,
            })
            .collect()
    }

    /// The text from word `from` to the one before the present, as it stands there.
    pub(super) fn raw(&self, from: usize) -> String {
        match (self.words.get(from), self.at.checked_sub(1).and_then(|last| self.words.get(last))) {
            (Some(first), Some(last)) if from < self.at => {
                let text = &self.text[first.start..last.start + last.text.len()];
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Everything from here on, in one spelling.
    pub(super) fn rest(&mut self) -> String {
        let rest = text(&self.words[self.at..]);
        self.at = self.words.len();
        rest
    }
}

/// Words in one spelling.
pub(super) fn text(words: &[SqlWord<'_>]) -> String {
    spelled(SQLITE, words, SQLITE_KEYWORDS)
}

/// Words between the commas that stand outside of parentheses.
pub(super) fn split<'t>(words: &[SqlWord<'t>]) -> Vec<Vec<SqlWord<'t>>> {
    let (mut parts, mut depth) = (vec![Vec::new()], 0);
    for word in words {
        if word.kind == WordKind::Symbol {
            match word.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                "," if depth == 0 => {
                    parts.push(Vec::new());
                    continue;
                }
                _ => {}
            }
        }
        if let Some(part) = parts.last_mut() {
            part.push(*word);
        }
    }
    parts
}
