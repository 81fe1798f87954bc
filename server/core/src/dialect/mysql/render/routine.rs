//! Routines, events and triggers: the statements that the model keeps whole.

use super::{qualified, text};
use crate::operation::Server;
use crate::schema::{Function, FunctionKind, Trigger};

pub(super) fn create(function: &Function) -> Vec<String> {
    under(function.sql_mode.as_deref(), function.definition.clone())
}

/// MySQL has no OR REPLACE for them: there is a moment without the routine.
pub(super) fn alter(from: &Function, to: &Function, server: &Server) -> Vec<String> {
    let replaced = to.definition.strip_prefix("CREATE ").filter(|_| server.mariadb && from.kind == to.kind);
    match replaced {
        Some(rest) => under(to.sql_mode.as_deref(), format!("CREATE OR REPLACE {rest}")),
        None => std::iter::once(drop(from)).chain(create(to)).collect(),
    }
}

pub(super) fn drop(function: &Function) -> String {
    let kind = match function.kind {
        FunctionKind::Function | FunctionKind::Aggregate => "FUNCTION",
        FunctionKind::Procedure => "PROCEDURE",
        FunctionKind::Event => "EVENT",
    };
    format!("DROP {kind} {}", qualified(&function.name))
}

pub(super) fn trigger(trigger: &Trigger) -> Vec<String> {
    under(trigger.sql_mode.as_deref(), trigger.definition.clone())
}

/// A statement that keeps the session's `sql_mode` with what it makes.
fn under(sql_mode: Option<&str>, statement: String) -> Vec<String> {
    match sql_mode {
        None => vec![statement],
        Some(mode) => vec![
            "SET @sql_mode_before = @@SESSION.sql_mode".into(),
            format!("SET SESSION sql_mode = {}", text(mode)),
            statement,
            "SET SESSION sql_mode = @sql_mode_before".into(),
        ],
    }
}
