//! Row security (PostgreSQL).

use super::objects::Named;
use serde::{Deserialize, Serialize};

/// Whether the policies of a table are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// They are not.
    #[default]
    Disabled,
    /// For everybody but the owner.
    Enabled,
    /// For the owner too.
    Forced,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name, among those of its table.
    pub name: String,
    /// PERMISSIVE; else RESTRICTIVE.
    #[serde(default = "yes")]
    pub permissive: bool,
    /// The command that it is about.
    #[serde(default)]
    pub command: PolicyCommand,
    /// The roles that it is about, `public` for all.
    pub roles: Vec<String>,
    /// USING: rows that are seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
    /// WITH CHECK: rows that may be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

fn yes() -> bool {
    true
}

impl Named for Policy {
    type Key = String;
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// The command that a policy is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyCommand {
    /// ALL.
    #[default]
    All,
    /// SELECT.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}
