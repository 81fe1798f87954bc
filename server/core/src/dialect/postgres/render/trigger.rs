//! Triggers.

use super::comment::comment;
use super::expression::expression;
use super::{qualified, quote};
use crate::schema::{Name, Trigger};

pub(super) fn create(table: &Name, trigger: &Trigger) -> Vec<String> {
    let (on, name) = (qualified(table), quote(&trigger.name));
    let mut statements = vec![expression(&trigger.definition)];
    match trigger.enabled.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("DISABLED") => statements.push(format!("ALTER TABLE {on} DISABLE TRIGGER {name}")),
        Some(when @ ("REPLICA" | "ALWAYS")) => {
            statements.push(format!("ALTER TABLE {on} ENABLE {when} TRIGGER {name}"));
        }
        _ => {}
    }
    if trigger.comment.is_some() {
        statements.push(comment(&format!("TRIGGER {name} ON {on}"), trigger.comment.as_deref()));
    }
    statements
}

pub(super) fn drop(table: &Name, trigger: &Trigger) -> String {
    format!("DROP TRIGGER {} ON {}", quote(&trigger.name), qualified(table))
}
