//! Indexes.

use super::is_default;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An index that is not the one of a constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// Its name; it stands in its table's schema.
    pub name: String,
    /// Its columns and expressions, in its order.
    pub items: Vec<IndexItem>,
    /// UNIQUE.
    #[serde(skip_serializing_if = "is_default")]
    pub unique: bool,
    /// FULLTEXT or SPATIAL (MySQL).
    #[serde(skip_serializing_if = "is_default")]
    pub kind: IndexKind,
    /// Its method, where it is not `btree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The rows that it is about.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// INCLUDE (PostgreSQL).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// NULLS NOT DISTINCT (PostgreSQL 15 and later).
    #[serde(skip_serializing_if = "is_default")]
    pub nulls_not_distinct: bool,
    /// Storage parameters (PostgreSQL).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Its tablespace, where it is not the default (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// Not used by the optimizer (MySQL: INVISIBLE, MariaDB: IGNORED).
    #[serde(skip_serializing_if = "is_default")]
    pub invisible: bool,
    /// Clauses that no field above holds, as SQL: WITH PARSER, KEY_BLOCK_SIZE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A column or an expression of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndexItem {
    /// A column; then `expr` is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// An expression, without outer parentheses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// Prefix length in characters or bytes (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Collation, where it is not the column's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Operator class with its parameters, where it is not the type's default (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opclass: Option<String>,
    /// DESC.
    #[serde(skip_serializing_if = "is_default")]
    pub desc: bool,
    /// Where NULL stands, if not where it does by default: last for ascending, first for descending (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nulls: Option<Nulls>,
}

impl IndexItem {
    /// A column, ascending.
    pub fn column(name: impl Into<String>) -> IndexItem {
        IndexItem { column: Some(name.into()), ..IndexItem::default() }
    }
}

/// The kind of an index (MySQL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKind {
    /// An ordinary one.
    #[default]
    Plain,
    /// FULLTEXT.
    Fulltext,
    /// SPATIAL.
    Spatial,
    /// VECTOR (MariaDB 11.7 and later).
    Vector,
}

/// Where NULL stands in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// NULLS FIRST.
    First,
    /// NULLS LAST.
    Last,
}
