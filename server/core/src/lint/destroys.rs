//! L001: what destroys data.

use super::Found;
use super::clause::{alters, of_column};
use super::rebuild::is_rebuilt;
use super::section::{Read, Sentence, starts};
use crate::DialectName;
use crate::dialect::ObjectKind;

const OBJECT: &str = "release a version that no longer uses it first, keep a copy, and allow it then with \
                      `-- migrated:allow L001`";
const ROWS: &str = "say which rows are meant, in parts that can be taken back; if all of them are, allow it with \
                    `-- migrated:allow L001`";

/// Finds what destroys data.
pub(super) fn look(read: &Read<'_>, findings: &mut Vec<Found>) {
    for (i, sentence) in read.each() {
        if let Some((message, safer)) = statement(read, i, sentence) {
            findings.push(read.found(i, 0, "L001", message, safer));
        }
    }
    for alter in alters(read) {
        for clause in &alter.clauses {
            let table = alter.table;
            let message = if let Some(rest) = of_column(clause, "DROP") {
                let column = rest.first().and_then(|word| word.name(read.dialect)).unwrap_or_default();
                format!("column {table}.{column} is dropped with its data")
            } else if starts(clause, &["DROP", "PARTITION"]) || starts(clause, &["TRUNCATE", "PARTITION"]) {
                format!("a partition of {table} is emptied")
            } else {
                continue;
            };
            let at = clause.first().map_or(0, |word| word.start);
            findings.push(read.found(alter.statement, at, "L001", message, OBJECT));
        }
    }
}

fn statement(read: &Read<'_>, i: usize, sentence: &Sentence<'_>) -> Option<(String, &'static str)> {
    let strangers = |kind: ObjectKind| {
        let objects = sentence.class.objects.iter().filter(move |o| o.kind == kind && !read.creates(&o.name));
        objects.map(|o| o.name.as_str()).collect::<Vec<_>>()
    };
    let tables = || Some(strangers(ObjectKind::Table)).filter(|tables| !tables.is_empty());
    if sentence.begins(&["DROP", "TABLE"]) {
        let dropped: Vec<&str> = tables()?.into_iter().filter(|table| !is_rebuilt(read, i, table)).collect();
        let list = dropped.join(", ");
        (!dropped.is_empty()).then(|| (format!("table {list} is dropped with its data"), OBJECT))
    } else if sentence.begins(&["TRUNCATE"]) {
        let cascades =
            if sentence.has("CASCADE") { ", and with it every table that refers to it" } else { "" };
        Some((format!("{} is emptied{cascades}", tables()?.join(", ")), ROWS))
    } else if sentence.begins(&["DROP", "SCHEMA"]) || sentence.begins(&["DROP", "DATABASE"]) {
        let kind = if sentence.begins(&["DROP", "SCHEMA"]) { "schema" } else { "database" };
        let names: Vec<&str> = sentence.class.objects.iter().map(|o| o.name.as_str()).collect();
        // Without CASCADE a schema of PostgreSQL is dropped only where it is empty.
        let empty = read.dialect == DialectName::Postgres && kind == "schema" && !sentence.has("CASCADE");
        (!empty).then(|| (format!("{kind} {} is dropped with all that is in it", names.join(", ")), OBJECT))
    } else if read.dialect == DialectName::Postgres && sentence.begins(&["DROP", "OWNED"]) {
        Some(("all that a role owns is dropped".into(), OBJECT))
    } else if sentence.begins(&["DELETE"]) && !is_bounded(sentence) {
        let table = deleted_from(read, sentence)?;
        (!read.creates(&table)).then(|| (format!("every row of {table} is deleted"), ROWS))
    } else {
        None
    }
}

/// Whether a DELETE says which rows: by WHERE, LIMIT, or a join.
fn is_bounded(sentence: &Sentence<'_>) -> bool {
    ["WHERE", "LIMIT", "USING", "JOIN"].iter().any(|word| sentence.has(word))
}

fn deleted_from(read: &Read<'_>, sentence: &Sentence<'_>) -> Option<String> {
    let from = sentence.words.iter().position(|word| word.is("FROM"))?;
    let mut names = &sentence.words[from + 1..];
    if starts(names, &["ONLY"]) {
        names = &names[1..];
    }
    while names.get(1).is_some_and(|word| word.is(".")) {
        names = names.get(2..)?;
    }
    names.first()?.name(read.dialect)
}
