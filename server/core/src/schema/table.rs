//! Tables.

use super::column::Column;
use super::constraint::{Check, Constraint, Exclude, ForeignKey, PrimaryKey, Unique};
use super::index::Index;
use super::is_default;
use super::name::Name;
use super::objects::{Named, Objects};
use super::policy::{Policy, RowSecurity};
use super::trigger::Trigger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Its primary key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<PrimaryKey>,
    /// Its unique constraints, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// Its check constraints, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Its foreign keys, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Its exclusion constraints, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<Exclude>,
    /// Its indexes, apart from those of constraints.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub indexes: Objects<Index>,
    /// Its triggers.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub triggers: Objects<Trigger>,
    /// Its policies.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub policies: Objects<Policy>,
    /// Whether they are in force.
    #[serde(skip_serializing_if = "is_default")]
    pub row_security: RowSecurity,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What else its definition says.
    #[serde(skip_serializing_if = "is_default")]
    pub options: TableOptions,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// All its constraints, the primary key first, foreign keys last.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint> + '_ {
        let key = self.primary_key.iter().cloned().map(Constraint::PrimaryKey);
        key.chain(self.uniques.iter().cloned().map(Constraint::Unique))
            .chain(self.checks.iter().cloned().map(Constraint::Check))
            .chain(self.excludes.iter().cloned().map(Constraint::Exclude))
            .chain(self.foreign_keys.iter().cloned().map(Constraint::ForeignKey))
    }
}

impl Named for Table {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

/// What a table's definition says beside columns and constraints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableOptions {
    /// UNLOGGED (PostgreSQL).
    #[serde(skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// Storage parameters (PostgreSQL), with `toast.` in front of those of the TOAST table.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Its tablespace, where it is not the default (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// Its access method, where it is not `heap` (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_method: Option<String>,
    /// REPLICA IDENTITY, where it is not DEFAULT (PostgreSQL), as SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_identity: Option<String>,
    /// The tables that it inherits from (PostgreSQL).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<Name>,
    /// Partitions: PARTITION BY of a parent, or what a partition is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Storage engine (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Character set (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Collation (MySQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// WITHOUT ROWID (SQLite).
    #[serde(skip_serializing_if = "is_default")]
    pub without_rowid: bool,
    /// STRICT (SQLite).
    #[serde(skip_serializing_if = "is_default")]
    pub strict: bool,
    /// The whole statement of a virtual table (SQLite); then it has no columns here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_table: Option<String>,
    /// Options that no field above holds, as SQL: ROW_FORMAT=COMPRESSED, WITH SYSTEM VERSIONING.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
}

/// A table's part in partitioning. Partitions are recognised and left alone: the diff never drops one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// A parent: what follows PARTITION BY.
    By(String),
    /// A partition of another table.
    Of {
        /// The parent.
        parent: Name,
        /// FOR VALUES … or DEFAULT.
        bound: String,
    },
}
