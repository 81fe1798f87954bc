//! Columns.

use super::is_default;
use super::sequence::SequenceOptions;
use serde::{Deserialize, Serialize};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL, with length, precision, signedness and array brackets: `character varying(50)`,
    /// `int(10) unsigned`, `numeric(10,2)[]`. Empty for a column of SQLite that has none.
    #[serde(rename = "type", default)]
    pub data_type: String,
    /// Whether it may be NULL.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub nullable: bool,
    /// What it is where a row does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// GENERATED … AS IDENTITY (PostgreSQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// GENERATED ALWAYS AS (…).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Computed>,
    /// AUTO_INCREMENT (MySQL), AUTOINCREMENT (SQLite).
    #[serde(default, skip_serializing_if = "is_default")]
    pub autoincrement: bool,
    /// ON UPDATE expression (MySQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<String>,
    /// Character set (MySQL), where it is not the table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Collation, where it is not the default of the type (PostgreSQL), the table (MySQL) or BINARY (SQLite). With
    /// its schema where that is not `pg_catalog`, quoted as SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Not among those of `SELECT *` (MySQL).
    #[serde(default, skip_serializing_if = "is_default")]
    pub invisible: bool,
    /// Storage, where it is not the type's (PostgreSQL): PLAIN, EXTERNAL, EXTENDED, MAIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// Compression, where it is set (PostgreSQL): pglz, lz4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Statistics target, where it is set (PostgreSQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<i32>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Clauses of its definition that no field above holds, as SQL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbatim: Vec<String>,
}

impl Column {
    /// A nullable column without anything else.
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Column {
        Column {
            name: name.into(),
            data_type: data_type.into(),
            nullable: true,
            default: None,
            identity: None,
            computed: None,
            autoincrement: false,
            on_update: None,
            charset: None,
            collation: None,
            invisible: false,
            storage: None,
            compression: None,
            statistics: None,
            comment: None,
            verbatim: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// A column's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DefaultValue {
    /// An SQL expression: `now()`, `'active'::text`, `0`.
    Sql(String),
    /// A value that each dialect writes in its own way. Only people write this; an engine tells SQL.
    Literal {
        /// The value.
        literal: LiteralValue,
    },
}

/// A value written without SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LiteralValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text; a decimal number is given as text too, so that no digit is lost.
    Text(String),
}

/// An identity column's sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// ALWAYS; else BY DEFAULT.
    pub always: bool,
    /// Its sequence.
    #[serde(flatten)]
    pub options: SequenceOptions,
}

/// A generated column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// Its expression, without the outer parentheses.
    pub expr: String,
    /// Whether it is kept or worked out on reading.
    #[serde(default)]
    pub kind: ComputedKind,
}

/// How a generated column is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComputedKind {
    /// Written with the row.
    #[default]
    Stored,
    /// Worked out on reading.
    Virtual,
}
