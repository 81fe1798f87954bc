//! The rebuild of a table (<https://www.sqlite.org/lang_altertable.html#otheralter>).
//!
//! The engine hoists `PRAGMA foreign_keys` before BEGIN and checks foreign keys before COMMIT (rule R11), so rows of
//! referencing tables survive. `legacy_alter_table` keeps views and triggers that name the table from being read while
//! it is gone for a moment.

use super::table::{definition, inline};
use super::{index, name, quoted, text};
use crate::operation::{OperationError, RebuildTable};
use crate::schema::{Column, Name, Table};

/// The statements of a rebuild.
pub(super) fn rebuild(change: &RebuildTable) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&change.from, &change.to);
    let under = format!("_migrated_new_{}", to.name.name);
    let (old, new) = (name(&from.name)?, quoted(&under));
    let mut statements = vec!["PRAGMA foreign_keys = OFF".to_owned(), definition(to, &under, false)?];
    if counts(from) && counts(to) {
        // What AUTOINCREMENT gave once it never gives again, also where the row is gone. Before the rows are copied, so
        // that those are counted as well.
        statements.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {}, seq FROM sqlite_sequence WHERE name = {}",
            text(&under),
            text(&from.name.name)
        ));
    }
    let source = |column: &Column| {
        let renamed = change.renamed.iter().find(|(_, new)| *new == column.name);
        let old = renamed.map_or(&column.name, |(old, _)| old);
        from.columns.iter().find(|c| c.name == *old)
    };
    let (mut into, mut out) = (Vec::new(), Vec::new());
    for column in to.columns.iter().filter(|column| column.computed.is_none()) {
        let Some(old) = source(column) else { continue };
        into.push(quoted(&column.name));
        out.push(copied(old, column));
    }
    if !into.is_empty() {
        statements.push(format!(
            "INSERT INTO {new} ({}) SELECT {} FROM {old}",
            into.join(", "),
            out.join(", ")
        ));
    }
    statements.push(format!("DROP TABLE {old}"));
    statements.push("PRAGMA legacy_alter_table = ON".to_owned());
    statements.push(format!("ALTER TABLE {new} RENAME TO {}", quoted(&to.name.name)));
    statements.push("PRAGMA legacy_alter_table = OFF".to_owned());
    for made in &to.indexes {
        statements.push(index(&Name::local(&to.name.name), made, false)?);
    }
    statements.extend(to.triggers.iter().map(|trigger| trigger.definition.clone()));
    Ok(statements)
}

/// Whether its rows are numbered by AUTOINCREMENT.
fn counts(table: &Table) -> bool {
    let key = table.primary_key.as_ref();
    key.is_some_and(|key| table.columns.iter().any(|column| inline(key, column)))
}

/// A column's old value as its new one. A NULL that is not allowed any more becomes the default, where there is one.
fn copied(old: &Column, new: &Column) -> String {
    let column = quoted(&old.name);
    match (&new.default, old.nullable && !new.nullable) {
        (Some(default), true) => {
            let value = match default {
                crate::schema::DefaultValue::Sql(sql) => format!("({sql})"),
                crate::schema::DefaultValue::Literal { .. } => return column,
            };
            format!("coalesce({column}, {value})")
        }
        _ => column,
    }
}
