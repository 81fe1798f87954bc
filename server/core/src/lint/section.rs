//! A section, read for the rules.

use super::allow::{Allowed, allowed_after, allowed_in_header};
use super::rule::rule;
use super::{Finding, Found};
use crate::DialectName;
use crate::dialect::{
    Classification, ObjectKind, SplitError, SqlWord, Statement, classify, split, sql_words,
};
use crate::file::{RevisionFile, Section};
use std::collections::HashSet;

/// A section's statements, and what all of them together say.
pub(super) struct Read<'t> {
    pub(super) dialect: DialectName,
    /// The section's text.
    pub(super) body: &'t str,
    /// The number of its first line.
    pub(super) first_line: u32,
    pub(super) statements: Vec<Sentence<'t>>,
    /// What comments allow in the whole file.
    pub(super) everywhere: Vec<Allowed<'t>>,
    /// Tables that a statement of the section creates, in lower case.
    created: HashSet<String>,
}

/// A statement as its words.
pub(super) struct Sentence<'t> {
    pub(super) statement: Statement<'t>,
    /// Its words; none where they cannot be read, as in executable comments.
    pub(super) words: Vec<SqlWord<'t>>,
    pub(super) class: Classification,
    /// What comments before it allow.
    pub(super) allowed: Vec<Allowed<'t>>,
}

impl<'t> Read<'t> {
    pub(super) fn new(
        file: &'t RevisionFile,
        section: &Section,
        dialect: DialectName,
    ) -> Result<Read<'t>, SplitError> {
        let body = file.body(section);
        let mut created = HashSet::new();
        let mut end = 0;
        let mut statements = Vec::new();
        for statement in split(dialect, body, section.body_line)? {
            let class = classify(dialect, statement.text);
            let words = sql_words(dialect, statement.text).unwrap_or_default();
            if words.first().is_some_and(|word| word.is("CREATE")) {
                let tables = class.objects.iter().filter(|object| object.kind == ObjectKind::Table);
                let makes_table = class.objects.first().is_some_and(|o| o.kind == ObjectKind::Table);
                created.extend(tables.filter(|_| makes_table).map(|table| table.name.to_lowercase()));
            }
            let allowed = allowed_after(body, end..statement.offset, section.body_line);
            end = statement.copy_data.as_ref().map_or(statement.range().end, |data| data.end);
            statements.push(Sentence { statement, words, class, allowed });
        }
        let everywhere = allowed_in_header(file);
        Ok(Read { dialect, body, first_line: section.body_line, statements, everywhere, created })
    }

    /// Whether the section creates that table itself: nobody uses it, and it holds what the section put in.
    pub(super) fn creates(&self, table: &str) -> bool {
        self.created.contains(&table.to_lowercase())
    }

    /// Whether a comment allows a finding of that code.
    pub(super) fn allows(&self, statement: Option<usize>, code: &str) -> bool {
        let here = statement.and_then(|i| self.statements.get(i)).map_or(&[][..], |s| &s.allowed);
        self.everywhere.iter().chain(here).any(|allowed| allowed.covers(code))
    }

    /// The statements, each with its number.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Sentence<'t>)> {
        self.statements.iter().enumerate()
    }

    /// A finding of a rule of our own, at a byte of a statement.
    pub(super) fn found(&self, i: usize, at: usize, code: &str, message: String, safer: &str) -> Found {
        let statement = &self.statements[i].statement;
        let before = &statement.text[..at];
        let lines = before.matches('\n').count() as u32;
        let last = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32;
        let column = if lines == 0 { statement.column + last } else { last + 1 };
        let severity = rule(code).map_or(super::Severity::Error, |rule| rule.severity);
        let line = statement.line + lines;
        let finding = Finding { code: code.into(), severity, line, column, message, safer: safer.into() };
        Found { statement: Some(i), finding }
    }
}

impl Sentence<'_> {
    /// Whether it begins with these keywords.
    pub(super) fn begins(&self, keywords: &[&str]) -> bool {
        starts(&self.words, keywords)
    }

    /// Whether a word of it is that keyword.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.words.iter().any(|word| word.is(keyword))
    }

    /// The first object of a kind that it names.
    pub(super) fn object(&self, kind: ObjectKind) -> Option<&str> {
        self.class.objects.iter().find(|object| object.kind == kind).map(|object| object.name.as_str())
    }
}

/// Whether words begin with these keywords.
pub(super) fn starts(words: &[SqlWord<'_>], keywords: &[&str]) -> bool {
    words.len() >= keywords.len() && words.iter().zip(keywords).all(|(word, keyword)| word.is(keyword))
}

/// Whether these keywords stand anywhere in the words, one after the other.
pub(super) fn contains(words: &[SqlWord<'_>], keywords: &[&str]) -> bool {
    (0..words.len()).any(|i| starts(&words[i..], keywords))
}
