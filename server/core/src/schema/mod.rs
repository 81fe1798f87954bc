//! The schema model: what a database holds, apart from its rows.
//!
//! Inspection fills it from an engine's catalogs, a schema message or a file describes a desired one with it, and
//! the diff compares two. Texts (types, defaults, expressions, bodies) are SQL as the engine itself prints it where
//! they come from an engine; what a person wrote is put in that form in a scratch database before it is compared.
//! What the model has no field for is kept as text in `verbatim`, so that nothing is lost by passing through it.

mod column;
mod constraint;
mod function;
mod index;
mod name;
pub mod normal;
mod objects;
mod policy;
mod sequence;
mod table;
pub mod text;
mod trigger;
mod types;
mod view;

pub use column::{Column, Computed, ComputedKind, DefaultValue, Identity, LiteralValue};
pub use constraint::{
    Action, Check, Constraint, Deferral, Exclude, ExcludeItem, ForeignKey, Match, PrimaryKey, Unique,
};
pub use function::{Function, FunctionKind};
pub use index::{Index, IndexItem, IndexKind, Nulls};
pub use name::Name;
pub use objects::{Named, Objects};
pub use policy::{Policy, PolicyCommand, RowSecurity};
pub use sequence::{Owner, Sequence, SequenceOptions};
pub use table::{Partition, Table, TableOptions};
pub use trigger::Trigger;
pub use types::{Composite, CompositeField, Domain, DomainCheck, Enum, Extension, Namespace};
pub use view::View;

use crate::DialectName;
use serde::{Deserialize, Serialize};

/// Everything that a target holds, apart from its rows; or everything that it should hold.
///
/// Objects of the target's own schema have no schema in their [`Name`], as in Alembic
/// (<https://alembic.sqlalchemy.org/en/latest/autogenerate.html>), so that one description fits any target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// The dialect whose texts stand in it; `None` for a description that fits several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<DialectName>,
    /// Schemas (PostgreSQL) apart from the target's own.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub schemas: Objects<Namespace>,
    /// Extensions (PostgreSQL).
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub extensions: Objects<Extension>,
    /// Enum types (PostgreSQL; an enum of MySQL is a column's type).
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub enums: Objects<Enum>,
    /// Composite types (PostgreSQL).
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub composites: Objects<Composite>,
    /// Domains (PostgreSQL).
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub domains: Objects<Domain>,
    /// Sequences (PostgreSQL, MariaDB), apart from those of identity columns.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub sequences: Objects<Sequence>,
    /// Tables.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub tables: Objects<Table>,
    /// Functions and procedures.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub functions: Objects<Function>,
    /// Views and materialised views.
    #[serde(skip_serializing_if = "Objects::is_empty")]
    pub views: Objects<View>,
}

impl Schema {
    /// An empty schema of a dialect.
    pub fn new(dialect: DialectName) -> Schema {
        Schema { dialect: Some(dialect), ..Schema::default() }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Schema { dialect: self.dialect, ..Schema::default() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
