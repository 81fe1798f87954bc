//! Row security (PostgreSQL).

use crate::schema::{Name, Policy, RowSecurity};
use serde::{Deserialize, Serialize};

/// Makes a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatePolicy {
    /// The table.
    pub table: Name,
    /// What to make.
    pub policy: Policy,
}

/// Drops a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropPolicy {
    /// The table.
    pub table: Name,
    /// What to drop, whole, so that it can be made again.
    pub policy: Policy,
}

/// Puts a table's policies in force or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRowSecurity {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: RowSecurity,
    /// How it is to be.
    pub to: RowSecurity,
}
