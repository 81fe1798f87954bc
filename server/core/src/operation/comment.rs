//! Comments.

use crate::schema::Name;
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
