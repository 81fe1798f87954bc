//! Enum types.

use super::column::default;
use super::comment::comment;
use super::{beside, literal, qualified, quote, unless};
use crate::operation::{AlterEnum, CreateEnum, EnumColumn};
use crate::schema::{Enum, Name};

pub(super) fn create(op: &CreateEnum) -> Vec<String> {
    let statements = statements(&op.r#enum);
    if op.if_not_exists {
        let found = format!("to_regtype({})", literal(&qualified(&op.r#enum.name)));
        return vec![unless(&found, &statements)];
    }
    statements
}

fn statements(made: &Enum) -> Vec<String> {
    let name = qualified(&made.name);
    let values: Vec<_> = made.values.iter().map(|value| literal(value)).collect();
    let mut statements = vec![format!("CREATE TYPE {name} AS ENUM ({})", values.join(", "))];
    if made.comment.is_some() {
        statements.push(comment(&format!("TYPE {name}"), made.comment.as_deref()));
    }
    statements
}

pub(super) fn alter(op: &AlterEnum) -> Vec<String> {
    let name = qualified(&op.from.name);
    let mut statements = Vec::new();
    let mut values = op.from.values.clone();
    for (old, new) in &op.renamed {
        statements.push(format!("ALTER TYPE {name} RENAME VALUE {} TO {}", literal(old), literal(new)));
        for value in values.iter_mut().filter(|value| *value == old) {
            value.clone_from(new);
        }
    }
    match insertions(&values, &op.to.values).filter(|added| !op.anew || added.is_empty()) {
        Some(added) => {
            statements.extend(added.iter().map(|place| format!("ALTER TYPE {name} ADD VALUE {place}")));
            if op.from.comment != op.to.comment {
                statements.push(comment(&format!("TYPE {name}"), op.to.comment.as_deref()));
            }
        }
        None => statements.extend(swap(op)),
    }
    statements
}

/// What follows ADD VALUE, one for each value that is only in `to`; `None` where others are gone or moved.
fn insertions(from: &[String], to: &[String]) -> Option<Vec<String>> {
    let stays = |value: &&String| from.contains(value);
    if !to.iter().filter(stays).eq(from) {
        return None;
    }
    let next = |at: usize| to[at..].iter().find(stays);
    let place = |(at, value): (usize, &String)| match (next(at), at.checked_sub(1)) {
        (None, _) => literal(value),
        // The one in front of it is there already, or was added by the statement before.
        (Some(_), Some(before)) => format!("{} AFTER {}", literal(value), literal(&to[before])),
        (Some(next), None) => format!("{} BEFORE {}", literal(value), literal(next)),
    };
    Some(to.iter().enumerate().filter(|(_, value)| !stays(value)).map(place).collect())
}

/// A new type takes the old one's place. A row with a value that is gone makes its cast fail, and nothing is changed.
fn swap(op: &AlterEnum) -> Vec<String> {
    let old = aside(&op.from.name);
    let mut statements = vec![format!("ALTER TYPE {} RENAME TO {}", qualified(&op.from.name), quote(&old))];
    statements.extend(self::statements(&op.to));
    statements.extend(recast(&op.to.name, &op.columns));
    statements.push(format!("DROP TYPE {}", beside(&op.from.name, &old)));
    statements
}

/// The name that a type has while its successor takes its place.
pub(super) fn aside(name: &Name) -> String {
    const LONGEST: usize = 63;
    let suffix = "__old";
    let mut end = name.name.len().min(LONGEST - suffix.len());
    while !name.name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name.name[..end])
}

/// Puts columns under the type that has `name` now, by way of what is written of a value.
pub(super) fn recast(name: &Name, columns: &[EnumColumn]) -> Vec<String> {
    recast_from(name, columns, |column| format!("{column}::text"))
}

/// Puts columns under the type that has `name` now; those of one table in one statement, which rewrites it once. `text`
/// tells how a value of a column, quoted, is written.
pub(super) fn recast_from(name: &Name, columns: &[EnumColumn], text: impl Fn(&str) -> String) -> Vec<String> {
    let mut tables: Vec<&Name> = Vec::new();
    for column in columns {
        if !tables.contains(&&column.table) {
            tables.push(&column.table);
        }
    }
    let one = |table: &Name| {
        let here = columns.iter().filter(|column| column.table == *table);
        let actions = here.flat_map(|column| action(name, column, &text));
        format!("ALTER TABLE {} {}", qualified(table), actions.collect::<Vec<_>>().join(", "))
    };
    tables.into_iter().map(one).collect()
}

fn action(name: &Name, column: &EnumColumn, text: &dyn Fn(&str) -> String) -> Vec<String> {
    let (own, array) = (quote(&column.column.name), if column.array { "[]" } else { "" });
    let to = format!("{}{array}", qualified(name));
    let mut actions = Vec::new();
    if column.column.default.is_some() {
        actions.push(format!("ALTER COLUMN {own} DROP DEFAULT"));
    }
    actions.push(format!("ALTER COLUMN {own} TYPE {to} USING {}{array}::{to}", text(&own)));
    if let Some(value) = &column.column.default {
        actions.push(format!("ALTER COLUMN {own} SET DEFAULT {}", default(value)));
    }
    actions
}
