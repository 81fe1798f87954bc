//! Constraints.

use super::is_default;
use crate::schema::{Column, Constraint, Name, PrimaryKey};
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

/// Changes a primary key in one statement, together with the columns that must come, go or change with it: MySQL and
/// MariaDB keep an AUTO_INCREMENT column only as long as it is a key
/// (<https://dev.mysql.com/doc/refman/8.4/en/create-table.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePrimaryKey {
    /// The table.
    pub table: Name,
    /// The key that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PrimaryKey>,
    /// The key that it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PrimaryKey>,
    /// Columns that go, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Column>,
    /// Columns that change: how each is and how it is to be, its name the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alter: Vec<(Column, Column)>,
    /// Columns that come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Column>,
}
