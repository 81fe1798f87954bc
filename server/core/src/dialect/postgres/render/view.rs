//! Views and materialised views.

use super::comment::comment;
use super::expression::expression;
use super::options::storage;
use super::{drop as drop_text, index, parameters, qualified, trigger};
use crate::operation::{AlterView, OperationError, Server};
use crate::schema::View;

pub(super) fn create(view: &View, server: &Server) -> Result<Vec<String>, OperationError> {
    let mut statements = vec![statement(view, "CREATE")];
    if view.comment.is_some() {
        statements.push(comment(&called(view), view.comment.as_deref()));
    }
    for index in &view.indexes {
        statements.extend(index::statements(&view.name, index, server)?);
    }
    for trigger in &view.triggers {
        statements.extend(trigger::create(&view.name, trigger));
    }
    Ok(statements)
}

fn statement(view: &View, create: &str) -> String {
    let options = if view.options.is_empty() {
        String::new()
    } else {
        format!(" WITH ({})", parameters(&view.options))
    };
    format!("{create} {}{options} AS\n{}", called(view), expression(&view.query))
}

fn called(view: &View) -> String {
    format!("{} {}", kind(view), qualified(&view.name))
}

fn kind(view: &View) -> &'static str {
    if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" }
}

pub(super) fn drop(view: &View) -> String {
    drop_text(kind(view), false, &qualified(&view.name))
}

/// CREATE OR REPLACE where the server takes it, else DROP and CREATE with the indexes and triggers that were there.
pub(super) fn alter(op: &AlterView, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    if from.materialized != to.materialized || from.query != to.query && !replaceable(from, to) {
        let made = View { indexes: from.indexes.clone(), triggers: from.triggers.clone(), ..to.clone() };
        let mut statements = vec![drop(from)];
        statements.extend(create(&made, server)?);
        return Ok(statements);
    }
    let mut statements = Vec::new();
    if from.query != to.query {
        statements.push(statement(to, "CREATE OR REPLACE"));
    } else {
        let changed = storage(&from.options, &to.options);
        statements.extend(changed.into_iter().map(|action| format!("ALTER {} {action}", called(to))));
    }
    if from.comment != to.comment {
        statements.push(comment(&called(to), to.comment.as_deref()));
    }
    Ok(statements)
}

/// Replacing a view may only add columns behind those that it has (manual, CREATE VIEW).
fn replaceable(from: &View, to: &View) -> bool {
    !from.materialized && to.columns.starts_with(&from.columns)
}
