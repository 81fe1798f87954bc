//! Views.

use super::index::Index;
use super::is_default;
use super::name::Name;
use super::objects::{Named, Objects};
use super::trigger::Trigger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A view or a materialised view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// Its query, without a semicolon at the end.
    pub query: String,
    /// Its columns' names and, where the engine tells them, types: replacing a view may only add to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<(String, String)>,
    /// MATERIALIZED (PostgreSQL).
    #[serde(skip_serializing_if = "is_default")]
    pub materialized: bool,
    /// Options: `security_barrier`, `check_option`, `security_invoker` (PostgreSQL); `algorithm`, `security`,
    /// `check_option` (MySQL); storage parameters of a materialised one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Indexes of a materialised one.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub indexes: Objects<Index>,
    /// INSTEAD OF triggers.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub triggers: Objects<Trigger>,
    /// The tables and views that its query names, where the engine tells: they must be there before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Name>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for View {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

impl Named for Index {
    type Key = String;
    fn key(&self) -> String {
        self.name.clone()
    }
}
