//! Indexes.

use super::is_default;
use crate::schema::{Index, Name};
use serde::{Deserialize, Serialize};

/// Makes an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateIndex {
    /// The table or materialised view.
    pub table: Name,
    /// The index.
    pub index: Index,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
    /// Without locking out writers, outside of a transaction (PostgreSQL).
    #[serde(default, skip_serializing_if = "is_default")]
    pub concurrently: bool,
}

/// Drops an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropIndex {
    /// The table or materialised view.
    pub table: Name,
    /// The index, whole, so that it can be made again.
    pub index: Index,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
    /// Without locking out readers, outside of a transaction (PostgreSQL).
    #[serde(default, skip_serializing_if = "is_default")]
    pub concurrently: bool,
}

/// Gives an index another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameIndex {
    /// The table.
    pub table: Name,
    /// Its name.
    pub from: String,
    /// Its new name.
    pub to: String,
}
