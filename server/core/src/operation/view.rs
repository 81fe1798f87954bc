//! Views, functions and triggers.

use crate::schema::{Function, Name, Trigger, View};
use serde::{Deserialize, Serialize};

/// Makes a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateView {
    /// What to make.
    pub view: View,
}

/// Drops a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropView {
    /// What to drop, whole, so that it can be made again.
    pub view: View,
}

/// Puts another query or other options in a view, with CREATE OR REPLACE: the columns stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterView {
    /// How it is.
    pub from: View,
    /// How it is to be.
    pub to: View,
}

/// Makes a function or procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFunction {
    /// What to make.
    pub function: Function,
}

/// Drops a function or procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropFunction {
    /// What to drop, whole, so that it can be made again.
    pub function: Function,
}

/// Puts another body in a function, with CREATE OR REPLACE: the types stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterFunction {
    /// How it is.
    pub from: Function,
    /// How it is to be.
    pub to: Function,
}

/// Makes a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTrigger {
    /// The table or view.
    pub table: Name,
    /// What to make.
    pub trigger: Trigger,
}

/// Drops a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropTrigger {
    /// The table or view.
    pub table: Name,
    /// What to drop, whole, so that it can be made again.
    pub trigger: Trigger,
}
