//! Comments.

use super::change::Change;
use super::{Operation, OperationError};
use crate::schema::{Function, FunctionKind, Name, Named as _, Schema, Table};
use serde::{Deserialize, Serialize};

/// Sets, changes or removes the comment of an object other than a column, whose comment is part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetComment {
    /// The object.
    pub object: CommentOn,
    /// The comment that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The comment that it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What a comment is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentOn {
    /// A schema.
    Schema(String),
    /// A table.
    Table(Name),
    /// A view; materialised or not.
    View(Name, bool),
    /// A sequence.
    Sequence(Name),
    /// An enum or composite type.
    Type(Name),
    /// A domain.
    Domain(Name),
    /// A function, with its argument types.
    Function(Name, String),
    /// A procedure, with its argument types.
    Procedure(Name, String),
    /// A constraint of a table.
    Constraint(Name, String),
    /// An index: schema of its table, and its name.
    Index(Name),
    /// A trigger of a table.
    Trigger(Name, String),
    /// A policy of a table.
    Policy(Name, String),
}

impl Change for SetComment {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (object, from, to) = (self.object.clone(), self.to.clone(), self.from.clone());
        Ok(Operation::SetComment(SetComment { object, from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let comment = comment(schema, &self.object);
        let comment = comment.ok_or_else(|| OperationError::Missing { what: called(&self.object) })?;
        comment.clone_from(&self.to);
        Ok(())
    }

    fn summary(&self) -> String {
        let what = if self.to.is_some() { "set" } else { "remove" };
        format!("{what} the comment of {}", called(&self.object))
    }
}

/// Where the comment of an object is kept.
fn comment<'s>(schema: &'s mut Schema, object: &CommentOn) -> Option<&'s mut Option<String>> {
    Some(match object {
        CommentOn::Schema(name) => &mut schema.schemas.get_mut(name)?.comment,
        CommentOn::Table(name) => &mut schema.tables.get_mut(name)?.comment,
        CommentOn::View(name, _) => &mut schema.views.get_mut(name)?.comment,
        CommentOn::Sequence(name) => &mut schema.sequences.get_mut(name)?.comment,
        CommentOn::Type(name) => match schema.enums.get_mut(name) {
            Some(found) => &mut found.comment,
            None => &mut schema.composites.get_mut(name)?.comment,
        },
        CommentOn::Domain(name) => &mut schema.domains.get_mut(name)?.comment,
        CommentOn::Function(name, arguments) => of_routine(schema, name, arguments, FunctionKind::Function)?,
        CommentOn::Procedure(name, arguments) => {
            of_routine(schema, name, arguments, FunctionKind::Procedure)?
        }
        CommentOn::Constraint(table, name) => of_constraint(schema.tables.get_mut(table)?, name)?,
        CommentOn::Index(name) => of_index(schema, name)?,
        CommentOn::Trigger(table, name) => match schema.views.get_mut(table) {
            Some(view) => &mut view.triggers.get_mut(name)?.comment,
            None => &mut schema.tables.get_mut(table)?.triggers.get_mut(name)?.comment,
        },
        CommentOn::Policy(table, name) => &mut schema.tables.get_mut(table)?.policies.get_mut(name)?.comment,
    })
}

fn of_routine<'s>(
    schema: &'s mut Schema,
    name: &Name,
    arguments: &str,
    kind: FunctionKind,
) -> Option<&'s mut Option<String>> {
    let called = Function { name: name.clone(), arguments: arguments.into(), kind, ..Function::default() };
    schema.functions.get_mut(&called.key()).map(|function| &mut function.comment)
}

fn of_constraint<'s>(table: &'s mut Table, name: &str) -> Option<&'s mut Option<String>> {
    let named = |held: &Option<String>| held.as_deref() == Some(name);
    if let Some(key) = table.primary_key.as_mut().filter(|key| named(&key.name)) {
        return Some(&mut key.comment);
    }
    if let Some(unique) = table.uniques.iter_mut().find(|unique| named(&unique.name)) {
        return Some(&mut unique.comment);
    }
    if let Some(check) = table.checks.iter_mut().find(|check| named(&check.name)) {
        return Some(&mut check.comment);
    }
    if let Some(key) = table.foreign_keys.iter_mut().find(|key| named(&key.name)) {
        return Some(&mut key.comment);
    }
    table.excludes.iter_mut().find(|exclude| named(&exclude.name)).map(|exclude| &mut exclude.comment)
}

/// An index is called by its own name and the schema of its table.
fn of_index<'s>(schema: &'s mut Schema, name: &Name) -> Option<&'s mut Option<String>> {
    let tables = schema.tables.iter_mut().map(|table| (&table.name, &mut table.indexes));
    let views = schema.views.iter_mut().map(|view| (&view.name, &mut view.indexes));
    let beside = tables.chain(views).filter(|(on, _)| on.schema == name.schema);
    beside.filter_map(|(_, indexes)| indexes.get_mut(&name.name)).map(|index| &mut index.comment).next()
}

fn called(object: &CommentOn) -> String {
    match object {
        CommentOn::Schema(name) => format!("schema {name}"),
        CommentOn::Table(name) => format!("table {name}"),
        CommentOn::View(name, false) => format!("view {name}"),
        CommentOn::View(name, true) => format!("materialised view {name}"),
        CommentOn::Sequence(name) => format!("sequence {name}"),
        CommentOn::Type(name) => format!("type {name}"),
        CommentOn::Domain(name) => format!("domain {name}"),
        CommentOn::Function(name, arguments) => format!("function {name}({arguments})"),
        CommentOn::Procedure(name, arguments) => format!("procedure {name}({arguments})"),
        CommentOn::Constraint(table, name) => format!("constraint {name} on {table}"),
        CommentOn::Index(name) => format!("index {name}"),
        CommentOn::Trigger(table, name) => format!("trigger {name} on {table}"),
        CommentOn::Policy(table, name) => format!("policy {name} on {table}"),
    }
}
