//! Columns.

use super::is_default;
use crate::schema::{Column, Name};
use serde::{Deserialize, Serialize};

/// Adds a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddColumn {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Column,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropColumn {
    /// The table.
    pub table: Name,
    /// The column, whole, so that it can be added again.
    pub column: Column,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes a column. Everything that it is afterwards stands in `to`, so nothing that was not named is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterColumn {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: Column,
    /// How it is to be; another name renames it.
    pub to: Column,
    /// The expression that turns old values into new ones (PostgreSQL), where there is no implicit cast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
}

impl AlterColumn {
    /// Whether the column is dropped and added, because the server cannot change it in place: a column becomes a
    /// generated one, gets another expression (before PostgreSQL 17), or was worked out on reading. Whatever stands on
    /// it (indexes, constraints, views) must go before, and come back after.
    pub fn replaces_column(&self) -> bool {
        let (from, to) = (&self.from.computed, &self.to.computed);
        let on_reading =
            from.as_ref().is_some_and(|computed| computed.kind == crate::schema::ComputedKind::Virtual);
        from != to && (to.is_some() || on_reading)
    }
}
