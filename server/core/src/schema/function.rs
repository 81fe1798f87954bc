//! Functions and procedures.

use super::name::Name;
use super::objects::Named;
use serde::{Deserialize, Serialize};

/// A function, procedure or aggregate, as the statement that makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Function {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// What it is.
    pub kind: FunctionKind,
    /// The types of its arguments as DROP wants them, `integer, text`; empty on MySQL.
    pub arguments: String,
    /// What it returns, with the names of OUT arguments: a change of it needs DROP and CREATE (PostgreSQL).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub returns: String,
    /// The whole CREATE statement as the engine prints it, without OR REPLACE and without a semicolon at the end.
    pub definition: String,
    /// The `sql_mode` that it runs with, where that is not the server's own (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_mode: Option<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Function {
    type Key = String;
    /// Name and argument types: PostgreSQL tells functions of one name apart by them. On MySQL a procedure and an event
    /// may have the name of a function.
    fn key(&self) -> String {
        match self.kind {
            FunctionKind::Function | FunctionKind::Aggregate => format!("{}({})", self.name, self.arguments),
            FunctionKind::Procedure => format!("procedure {}({})", self.name, self.arguments),
            FunctionKind::Event => format!("event {}", self.name),
        }
    }
}

/// What kind of routine it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    /// A function.
    #[default]
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate (PostgreSQL).
    Aggregate,
    /// An event (MySQL).
    Event,
}
