//! Constraints.

use super::is_default;
use crate::schema::{Constraint, Name};
use serde::{Deserialize, Serialize};

/// Adds a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddConstraint {
    /// The table.
    pub table: Name,
    /// The constraint.
    pub constraint: Constraint,
    /// NOT VALID first and VALIDATE after (PostgreSQL): the table is locked for a moment only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
}

/// Drops a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropConstraint {
    /// The table.
    pub table: Name,
    /// The constraint, whole, so that it can be added again.
    pub constraint: Constraint,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Gives a constraint another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameConstraint {
    /// The table.
    pub table: Name,
    /// Its name.
    pub from: String,
    /// Its new name.
    pub to: String,
}
