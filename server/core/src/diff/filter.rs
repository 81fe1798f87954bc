//! Which objects a rule is about.

use super::pattern::Pattern;
use crate::schema::{Name, Named, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Objects by kind, schema and name. What a field does not say does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Their kind; where nothing is said, all kinds of objects that are no part of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Their schema; the target's own has the empty name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Pattern>,
    /// The table, or view, of which they are a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Pattern>,
    /// Their name, without schema and table; empty for a constraint that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Pattern>,
}

/// An object as filters see it.
pub(super) struct Seen<'a> {
    pub(super) kind: Kind,
    pub(super) schema: Option<&'a str>,
    pub(super) table: Option<&'a str>,
    pub(super) name: &'a str,
}

impl Seen<'_> {
    pub(super) fn id(&self) -> ObjectId {
        let mut name = String::new();
        for part in [self.schema, self.table].into_iter().flatten() {
            name.push_str(part);
            name.push('.');
        }
        name.push_str(self.name);
        ObjectId { kind: self.kind, name }
    }
}

impl Filter {
    /// Whether it has anything to say about a kind.
    pub(super) fn speaks_of(&self, kind: Kind) -> bool {
        self.kind.map_or(!kind.is_part(), |own| own == kind)
    }

    pub(super) fn fits(&self, seen: &Seen<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, text: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| pattern.fits(text.unwrap_or_default()))
        };
        self.speaks_of(seen.kind)
            && fits(&self.schema, seen.schema)
            && fits(&self.table, seen.table)
            && fits(&self.name, Some(seen.name))
    }
}

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A schema.
    Schema,
    /// An extension.
    Extension,
    /// An enum type.
    Enum,
    /// A composite type.
    Composite,
    /// A domain.
    Domain,
    /// A sequence.
    Sequence,
    /// A table.
    Table,
    /// A column.
    Column,
    /// A primary key.
    PrimaryKey,
    /// A unique constraint.
    Unique,
    /// A check constraint.
    Check,
    /// A foreign key.
    ForeignKey,
    /// An exclusion constraint.
    Exclude,
    /// An index of a table.
    Index,
    /// A function or procedure.
    Function,
    /// A view.
    View,
    /// A trigger of a table.
    Trigger,
    /// A policy.
    Policy,
}

impl Kind {
    /// Whether it is a part of a table.
    pub fn is_part(self) -> bool {
        use Kind::{Check, Column, Exclude, ForeignKey, Index, Policy, PrimaryKey, Trigger, Unique};
        matches!(self, Column | PrimaryKey | Unique | Check | ForeignKey | Exclude | Index | Trigger | Policy)
    }

    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Schema => "schema",
            Kind::Extension => "extension",
            Kind::Enum => "enum type",
            Kind::Composite => "composite type",
            Kind::Domain => "domain",
            Kind::Sequence => "sequence",
            Kind::Table => "table",
            Kind::Column => "column",
            Kind::PrimaryKey => "primary key",
            Kind::Unique => "unique constraint",
            Kind::Check => "check constraint",
            Kind::ForeignKey => "foreign key",
            Kind::Exclude => "exclusion constraint",
            Kind::Index => "index",
            Kind::Function => "function",
            Kind::View => "view",
            Kind::Trigger => "trigger",
            Kind::Policy => "policy",
        }
    }
}

/// An object, as it is told to people: `column public.users.name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectId {
    /// Its kind.
    pub kind: Kind,
    /// Its name, with schema and table where it has them, unquoted; with argument types for a function.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

/// All objects of a schema, columns and other parts of tables included.
pub fn objects(schema: &Schema) -> BTreeSet<ObjectId> {
    let mut all = BTreeSet::new();
    let mut add = |kind: Kind, name: String| _ = all.insert(ObjectId { kind, name });
    let part = |table: &Name, name: &str| format!("{table}.{name}");
    schema.schemas.iter().for_each(|o| add(Kind::Schema, o.name.clone()));
    schema.extensions.iter().for_each(|o| add(Kind::Extension, o.name.clone()));
    schema.enums.iter().for_each(|o| add(Kind::Enum, o.name.to_string()));
    schema.composites.iter().for_each(|o| add(Kind::Composite, o.name.to_string()));
    schema.domains.iter().for_each(|o| add(Kind::Domain, o.name.to_string()));
    schema.sequences.iter().for_each(|o| add(Kind::Sequence, o.name.to_string()));
    schema.functions.iter().for_each(|o| add(Kind::Function, o.key()));
    schema.views.iter().for_each(|o| add(Kind::View, o.name.to_string()));
    for table in &schema.tables {
        add(Kind::Table, table.name.to_string());
        let mut parts = |kind: Kind, name: Option<&str>| {
            add(kind, part(&table.name, name.unwrap_or_default()));
        };
        table.columns.iter().for_each(|o| parts(Kind::Column, Some(&o.name)));
        table.primary_key.iter().for_each(|o| parts(Kind::PrimaryKey, o.name.as_deref()));
        table.uniques.iter().for_each(|o| parts(Kind::Unique, o.name.as_deref()));
        table.checks.iter().for_each(|o| parts(Kind::Check, o.name.as_deref()));
        table.foreign_keys.iter().for_each(|o| parts(Kind::ForeignKey, o.name.as_deref()));
        table.excludes.iter().for_each(|o| parts(Kind::Exclude, o.name.as_deref()));
        table.indexes.iter().for_each(|o| parts(Kind::Index, Some(&o.name)));
        table.triggers.iter().for_each(|o| parts(Kind::Trigger, Some(&o.name)));
        table.policies.iter().for_each(|o| parts(Kind::Policy, Some(&o.name)));
    }
    all
}
