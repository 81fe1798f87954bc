//! The clauses of ALTER TABLE.

use super::section::{Read, Sentence, starts};
use crate::dialect::{ObjectKind, SqlWord};

/// An ALTER TABLE of a table that the section does not create.
pub(super) struct Alter<'s, 't> {
    /// The number of the statement.
    pub(super) statement: usize,
    /// The table.
    pub(super) table: &'s str,
    /// Its clauses, each from its verb on.
    pub(super) clauses: Vec<&'s [SqlWord<'t>]>,
}

/// Every ALTER TABLE of a table that was there before.
pub(super) fn alters<'s, 't>(read: &'s Read<'t>) -> impl Iterator<Item = Alter<'s, 't>> {
    read.each().filter_map(|(statement, sentence)| {
        let table = sentence.object(ObjectKind::Table)?;
        let clauses = clauses(sentence)?;
        (!read.creates(table)).then_some(Alter { statement, table, clauses })
    })
}

/// The clauses of an ALTER TABLE, split at the commas outside of parentheses. MySQL's `ADD (a int, b int)` is one.
fn clauses<'s, 't>(sentence: &'s Sentence<'t>) -> Option<Vec<&'s [SqlWord<'t>]>> {
    let words = &sentence.words[..];
    let table = words.iter().take(4).position(|word| word.is("TABLE"))?;
    if !words.first()?.is("ALTER") {
        return None;
    }
    let mut at = table + 1;
    for optional in [&["IF", "EXISTS"][..], &["ONLY"]] {
        if starts(&words[at..], optional) {
            at += optional.len();
        }
    }
    at += 1;
    while words.get(at).is_some_and(|word| word.is(".")) {
        at += 2;
    }
    if words.get(at).is_some_and(|word| word.is("*")) {
        at += 1;
    }
    let rest = words.get(at..)?;
    let mut depth = 0u32;
    let split = rest.split(move |word| {
        match word.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && word.is(",")
    });
    Some(split.filter(|clause| !clause.is_empty()).collect())
}

/// What follows `verb`, COLUMN and IF (NOT) EXISTS in a clause about a column; `None` where it is about something else.
pub(super) fn of_column<'c, 't>(clause: &'c [SqlWord<'t>], verb: &str) -> Option<&'c [SqlWord<'t>]> {
    const OTHERS: &[&str] = &[
        "CONSTRAINT",
        "INDEX",
        "KEY",
        "PRIMARY",
        "FOREIGN",
        "CHECK",
        "UNIQUE",
        "FULLTEXT",
        "SPATIAL",
        "PARTITION",
        "PERIOD",
        "SYSTEM",
        "EXCLUDE",
        "TABLE",
        "GENERATED",
    ];
    if !starts(clause, &[verb]) {
        return None;
    }
    let mut rest = &clause[1..];
    let named = starts(rest, &["COLUMN"]);
    if named {
        rest = &rest[1..];
    }
    for optional in [&["IF", "EXISTS"][..], &["IF", "NOT", "EXISTS"]] {
        if starts(rest, optional) {
            rest = &rest[optional.len()..];
        }
    }
    let other = rest.first().is_none_or(|word| OTHERS.iter().any(|other| word.is(other)));
    (named || !other).then_some(rest)
}
