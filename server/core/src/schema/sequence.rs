//! Sequences.

use super::is_default;
use super::name::Name;
use super::objects::Named;
use serde::{Deserialize, Serialize};

/// A sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sequence {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// Its type, where it is not `bigint`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
    /// How it counts.
    #[serde(flatten)]
    pub options: SequenceOptions,
    /// The column with which it goes (OWNED BY; PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<Owner>,
    /// UNLOGGED (PostgreSQL 15 and later).
    #[serde(skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Sequence {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

/// How a sequence counts. `None` is the default that follows from type and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SequenceOptions {
    /// START WITH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// INCREMENT BY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increment: Option<i64>,
    /// MINVALUE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// MAXVALUE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// CACHE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<i64>,
    /// CYCLE.
    #[serde(skip_serializing_if = "is_default")]
    pub cycle: bool,
}

/// The column that owns a sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The table, which stands in the sequence's schema.
    pub table: String,
    /// The column.
    pub column: String,
}
