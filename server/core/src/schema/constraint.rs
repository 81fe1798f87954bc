//! Constraints of tables. `name` is `None` only where the engine keeps none (SQLite).

use super::is_default;
use super::name::Name;
use serde::{Deserialize, Serialize};

/// A primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrimaryKey {
    /// Its name; on MySQL always `PRIMARY`, and kept as `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its columns, in its order.
    pub columns: Vec<String>,
    /// Prefix lengths, descending columns and the like, where there are any: as the columns of an index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<super::IndexItem>,
    /// INCLUDE (PostgreSQL).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// When it is checked.
    #[serde(skip_serializing_if = "is_default")]
    pub deferral: Deferral,
    /// Clauses that no field above holds, as SQL: storage parameters, ON CONFLICT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A unique constraint. On MySQL a unique index is one and the same, and is told as an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unique {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its columns, in its order.
    pub columns: Vec<String>,
    /// INCLUDE (PostgreSQL).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// NULLS NOT DISTINCT (PostgreSQL 15 and later).
    #[serde(skip_serializing_if = "is_default")]
    pub nulls_not_distinct: bool,
    /// When it is checked.
    #[serde(skip_serializing_if = "is_default")]
    pub deferral: Deferral,
    /// Clauses that no field above holds, as SQL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A check constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What must hold, without the outer parentheses.
    pub expr: String,
    /// NO INHERIT (PostgreSQL).
    #[serde(skip_serializing_if = "is_default")]
    pub no_inherit: bool,
    /// NOT VALID (PostgreSQL): rows that were there before are not known to satisfy it.
    #[serde(skip_serializing_if = "is_default")]
    pub not_valid: bool,
    /// NOT ENFORCED (MySQL, PostgreSQL 18).
    #[serde(skip_serializing_if = "is_default")]
    pub not_enforced: bool,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForeignKey {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The columns that refer, in its order.
    pub columns: Vec<String>,
    /// Schema of the table referred to; `None` is the target's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_schema: Option<String>,
    /// The table referred to.
    pub ref_table: String,
    /// The columns referred to; empty for the primary key of a table that does not exist (SQLite).
    pub ref_columns: Vec<String>,
    /// ON DELETE.
    #[serde(skip_serializing_if = "is_default")]
    pub on_delete: Action,
    /// Columns of ON DELETE SET NULL or SET DEFAULT (PostgreSQL 15 and later), where not all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_delete_columns: Vec<String>,
    /// ON UPDATE.
    #[serde(skip_serializing_if = "is_default")]
    pub on_update: Action,
    /// MATCH.
    #[serde(rename = "match", skip_serializing_if = "is_default")]
    pub match_kind: Match,
    /// When it is checked.
    #[serde(skip_serializing_if = "is_default")]
    pub deferral: Deferral,
    /// NOT VALID (PostgreSQL).
    #[serde(skip_serializing_if = "is_default")]
    pub not_valid: bool,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl ForeignKey {
    /// The table referred to.
    pub fn target(&self) -> Name {
        Name { schema: self.ref_schema.clone(), name: self.ref_table.clone() }
    }
}

/// An exclusion constraint (PostgreSQL).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exclude {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The index method: `gist`.
    pub method: String,
    /// What excludes what.
    pub items: Vec<ExcludeItem>,
    /// INCLUDE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The rows that it is about.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// When it is checked.
    #[serde(skip_serializing_if = "is_default")]
    pub deferral: Deferral,
    /// Clauses that no field above holds, as SQL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A part of an exclusion constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExcludeItem {
    /// The column or expression, as SQL, with collation, operator class and order where they are not the defaults.
    pub element: String,
    /// The operator, with OPERATOR(…) where it needs a schema.
    pub operator: String,
}

/// Any constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// A primary key.
    PrimaryKey(PrimaryKey),
    /// A unique constraint.
    Unique(Unique),
    /// A check constraint.
    Check(Check),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// An exclusion constraint.
    Exclude(Exclude),
}

impl Constraint {
    /// Its name, where it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Constraint::PrimaryKey(c) => c.name.as_deref(),
            Constraint::Unique(c) => c.name.as_deref(),
            Constraint::Check(c) => c.name.as_deref(),
            Constraint::ForeignKey(c) => c.name.as_deref(),
            Constraint::Exclude(c) => c.name.as_deref(),
        }
    }
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// At once, always.
    #[default]
    NotDeferrable,
    /// DEFERRABLE INITIALLY IMMEDIATE.
    Immediate,
    /// DEFERRABLE INITIALLY DEFERRED.
    Deferred,
}

/// What a foreign key does when the row that it refers to changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// NO ACTION; on MySQL also RESTRICT, which is the same there.
    #[default]
    NoAction,
    /// RESTRICT.
    Restrict,
    /// CASCADE.
    Cascade,
    /// SET NULL.
    SetNull,
    /// SET DEFAULT.
    SetDefault,
}

/// How a foreign key of several columns treats NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// MATCH SIMPLE.
    #[default]
    Simple,
    /// MATCH FULL.
    Full,
    /// MATCH PARTIAL.
    Partial,
}
