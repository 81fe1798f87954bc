//! Rows and plain SQL.

use crate::schema::{LiteralValue, Name};
use serde::{Deserialize, Serialize};

/// Inserts rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkInsert {
    /// The table.
    pub table: Name,
    /// The columns that the rows fill.
    pub columns: Vec<String>,
    /// The rows; `None` is NULL.
    pub rows: Vec<Vec<Option<LiteralValue>>>,
}

/// Executes SQL as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execute {
    /// One statement or several.
    pub sql: String,
    /// What undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverse: Option<String>,
}
