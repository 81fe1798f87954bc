//! Triggers.

use super::objects::Named;
use serde::{Deserialize, Serialize};

/// A trigger, as the statement that makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trigger {
    /// Its name, among those of its table (PostgreSQL) or schema.
    pub name: String,
    /// The whole CREATE statement as the engine prints it, without a semicolon at the end.
    pub definition: String,
    /// When it fires, where that is not the default (PostgreSQL): DISABLED, REPLICA, ALWAYS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
    /// The `sql_mode` that it runs with, where that is not the server's own (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_mode: Option<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Trigger {
    type Key = String;
    fn key(&self) -> String {
        self.name.clone()
    }
}
