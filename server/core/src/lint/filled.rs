//! L002 to L005: what the rows that are there decide about. On PostgreSQL most of it is squawk's.

use super::Found;
use super::clause::{Alter, alters, of_column};
use super::section::{Read, contains, starts};
use crate::DialectName;
use crate::dialect::{ObjectKind, SqlWord};

/// Finds what depends on the rows of tables that were there before.
pub(super) fn look(read: &Read<'_>, findings: &mut Vec<Found>) {
    for (i, sentence) in read.each().filter(|(_, s)| s.begins(&["CREATE", "UNIQUE"])) {
        let Some(table) = sentence.object(ObjectKind::Table).filter(|table| !read.creates(table)) else {
            continue;
        };
        findings.push(unique(read, i, 0, table));
    }
    for alter in alters(read) {
        for clause in &alter.clauses {
            let at = clause.first().map_or(0, |word| word.start);
            if is_unique(clause) {
                findings.push(unique(read, alter.statement, at, alter.table));
            }
            if read.dialect != DialectName::Postgres {
                columns(read, &alter, clause, at, findings);
            }
            if read.dialect == DialectName::Mysql {
                constraints(read, &alter, clause, at, findings);
            }
        }
    }
}

fn unique(read: &Read<'_>, i: usize, at: usize, table: &str) -> Found {
    let message = format!("it fails if rows of {table} have the same values");
    let safer = "look for duplicates first, and remove them in a revision of its own";
    read.found(i, at, "L004", message, safer)
}

/// `ADD UNIQUE`, `ADD PRIMARY KEY`, with a constraint's name or without; not one that takes a ready index.
fn is_unique(clause: &[SqlWord<'_>]) -> bool {
    added(clause).is_some_and(|rest| {
        (starts(rest, &["UNIQUE"]) || starts(rest, &["PRIMARY"])) && !contains(rest, &["USING", "INDEX"])
    })
}

/// What is added, past `ADD` and a constraint's name.
fn added<'c, 't>(clause: &'c [SqlWord<'t>]) -> Option<&'c [SqlWord<'t>]> {
    if !starts(clause, &["ADD"]) {
        return None;
    }
    let rest = &clause[1..];
    if !starts(rest, &["CONSTRAINT"]) {
        return Some(rest);
    }
    // MySQL takes a constraint without a name.
    let unnamed =
        rest.get(1).is_some_and(|w| ["CHECK", "FOREIGN", "UNIQUE", "PRIMARY"].iter().any(|k| w.is(k)));
    rest.get(if unnamed { 1 } else { 2 }..)
}

fn columns(
    read: &Read<'_>,
    alter: &Alter<'_, '_>,
    clause: &[SqlWord<'_>],
    at: usize,
    findings: &mut Vec<Found>,
) {
    let table = alter.table;
    if let Some(definition) = of_column(clause, "ADD").filter(|rest| is_required(rest)) {
        let column = definition.iter().find(|word| !word.is("(")).and_then(|word| word.name(read.dialect));
        let column = column.unwrap_or_default();
        let message = match read.dialect {
            DialectName::Mysql => {
                format!("the rows of {table} get a made-up value in {column}: NOT NULL without a default")
            }
            _ => format!("it fails if {table} has rows: {column} is NOT NULL without a default"),
        };
        let safer = "give the column a default; or add it without NOT NULL, fill it, and require it then";
        findings.push(read.found(alter.statement, at, "L002", message, safer));
    }
    let changed = of_column(clause, "MODIFY").or_else(|| of_column(clause, "CHANGE"));
    if changed.is_some_and(|rest| contains(rest, &["NOT", "NULL"])) {
        let column = changed.and_then(|rest| rest.first()?.name(read.dialect)).unwrap_or_default();
        let message = format!("it fails, or makes up values, if {table}.{column} holds NULL");
        let safer = "fill the column first (`UPDATE … WHERE … IS NULL`), and keep a strict `sql_mode`";
        findings.push(read.found(alter.statement, at, "L003", message, safer));
    }
}

/// Whether a new column has to have a value, and nothing gives it one.
fn is_required(definition: &[SqlWord<'_>]) -> bool {
    let gives = ["DEFAULT", "GENERATED", "AS", "AUTO_INCREMENT", "SERIAL"];
    contains(definition, &["NOT", "NULL"]) && !definition.iter().any(|word| gives.iter().any(|g| word.is(g)))
}

fn constraints(
    read: &Read<'_>,
    alter: &Alter<'_, '_>,
    clause: &[SqlWord<'_>],
    at: usize,
    findings: &mut Vec<Found>,
) {
    let Some(rest) = added(clause) else { return };
    let what = match () {
        () if starts(rest, &["CHECK"]) && !contains(rest, &["NOT", "ENFORCED"]) => "the check",
        () if starts(rest, &["FOREIGN", "KEY"]) => "the foreign key",
        () => return,
    };
    let message =
        format!("it fails if a row of {} breaks {what}, and writes wait while rows are read", alter.table);
    let safer = "look for such rows first, and mend them in a revision of its own";
    findings.push(read.found(alter.statement, at, "L005", message, safer));
}
