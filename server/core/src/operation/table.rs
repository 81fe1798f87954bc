//! Tables.

use super::is_default;
use crate::schema::{Name, Table, TableOptions};
use serde::{Deserialize, Serialize};

/// Makes a table with columns, constraints, indexes, comments, triggers and policies. Foreign keys among tables that are made together are added afterwards where they form a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTable {
    /// What to make.
    pub table: Table,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a table with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropTable {
    /// What to drop, whole, so that it can be made again.
    pub table: Table,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Gives a table another name, or puts it in another schema (PostgreSQL).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameTable {
    /// Its name.
    pub from: Name,
    /// Its new name.
    pub to: Name,
}

/// Changes what a table's definition says beside columns and constraints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterTableOptions {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: TableOptions,
    /// How it is to be.
    pub to: TableOptions,
}

/// Makes a table anew and fills it from the old one, for what ALTER TABLE cannot do: Alembic's batch mode, and SQLite's twelve steps (<https://www.sqlite.org/lang_altertable.html#otheralter>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildTable {
    /// How it is.
    pub from: Table,
    /// How it is to be.
    pub to: Table,
    /// Columns that get another name: the old and the new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(String, String)>,
}
