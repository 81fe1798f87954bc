//! Columns that are there before and after.

use super::scope::Scope;
use crate::DialectName;
use crate::operation::replaces;
use crate::schema::{Column, DefaultValue, Table};

/// How a column gets from one form to another.
pub(super) struct Stages {
    /// What it is while what it refers to is not there; as before where nothing is in the way.
    pub(super) loose: Column,
    /// What it is before its table's keys and indexes are made; as after where nothing waits for them.
    pub(super) shaped: Column,
    /// Whether an engine makes it anew, so that indexes and constraints of it go with it.
    pub(super) rebuilt: bool,
}

/// The forms between `old` and `new`.
pub(super) fn stages(scope: &Scope<'_>, from: &Table, old: &Column, new: &Column, keyless: bool) -> Stages {
    let mut loose = old.clone();
    let mut shaped = new.clone();
    if let Some(meanwhile) = scope.type_meanwhile(&old.data_type) {
        loose.data_type = meanwhile;
        loose.default = None;
    }
    if let Some(DefaultValue::Sql(text)) = &old.default {
        let lost = old.default != new.default && (scope.names_lost(text) || swapped(scope, old));
        if lost || !swapped(scope, old) && scope.names_remade(text) {
            loose.default = None;
        }
    }
    // DROP IDENTITY takes its sequence along, whose name a new sequence may have.
    if old.identity.is_some() && new.identity.is_none() {
        loose.identity = None;
    }
    // A new identity's sequence may have the name of the sequence that the default uses.
    if old.identity.is_none() && new.identity.is_some() {
        loose.default = None;
    }
    let rebuilt = replaces(old, new);
    if old.computed.is_some() && scope.blocks_computed(&from.name, old) {
        loose.computed = None;
    }
    if scope.dialect == DialectName::Mysql {
        if old.autoincrement && (keyless || !new.autoincrement) {
            loose.autoincrement = false;
        }
        if new.autoincrement && !loose.autoincrement {
            shaped.autoincrement = false;
        }
    }
    Stages { loose, shaped, rebuilt }
}

/// Whether the column's type is an enum that is replaced: its cast takes the default along.
fn swapped(scope: &Scope<'_>, column: &Column) -> bool {
    !scope.swapped.is_empty()
        && super::mention::mentions(scope.dialect, &column.data_type, false, |name| {
            scope.swapped.contains(name)
        })
}

/// Whether a type of MySQL holds text, so that a column of it has the table's character set where it names none.
pub(crate) fn is_text(data_type: &str) -> bool {
    let word =
        data_type.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        word.as_str(),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set"
    )
}
