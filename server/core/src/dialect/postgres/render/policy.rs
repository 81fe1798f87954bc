//! Policies and row security.

use super::comment::comment;
use super::expression::expression;
use super::{qualified, quote};
use crate::schema::{Name, Policy, PolicyCommand, RowSecurity};

pub(super) fn create(table: &Name, policy: &Policy) -> Vec<String> {
    let (on, name) = (qualified(table), quote(&policy.name));
    let mut out = format!("CREATE POLICY {name} ON {on}");
    if !policy.permissive {
        out += " AS RESTRICTIVE";
    }
    match policy.command {
        PolicyCommand::All => {}
        PolicyCommand::Select => out += " FOR SELECT",
        PolicyCommand::Insert => out += " FOR INSERT",
        PolicyCommand::Update => out += " FOR UPDATE",
        PolicyCommand::Delete => out += " FOR DELETE",
    }
    if !policy.roles.is_empty() && policy.roles != ["public"] {
        let roles: Vec<_> = policy.roles.iter().map(|role| quote(role)).collect();
        out += &format!(" TO {}", roles.join(", "));
    }
    if let Some(using) = &policy.using {
        out += &format!(" USING ({})", expression(using));
    }
    if let Some(check) = &policy.check {
        out += &format!(" WITH CHECK ({})", expression(check));
    }
    let mut statements = vec![out];
    if policy.comment.is_some() {
        statements.push(comment(&format!("POLICY {name} ON {on}"), policy.comment.as_deref()));
    }
    statements
}

pub(super) fn drop(table: &Name, policy: &Policy) -> String {
    format!("DROP POLICY {} ON {}", quote(&policy.name), qualified(table))
}

/// Enabled and forced are two switches.
pub(super) fn row_security(table: &Name, from: RowSecurity, to: RowSecurity) -> Vec<String> {
    let mut actions = Vec::new();
    match (from == RowSecurity::Disabled, to == RowSecurity::Disabled) {
        (true, false) => actions.push("ENABLE ROW LEVEL SECURITY"),
        (false, true) => actions.push("DISABLE ROW LEVEL SECURITY"),
        _ => {}
    }
    match (from == RowSecurity::Forced, to == RowSecurity::Forced) {
        (false, true) => actions.push("FORCE ROW LEVEL SECURITY"),
        (true, false) => actions.push("NO FORCE ROW LEVEL SECURITY"),
        _ => {}
    }
    if actions.is_empty() {
        return Vec::new();
    }
    vec![format!("ALTER TABLE {} {}", qualified(table), actions.join(", "))]
}
