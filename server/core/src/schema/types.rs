//! Types that are objects of their own, and what else stands beside tables (PostgreSQL).

use super::is_default;
use super::name::Name;
use super::objects::Named;
use serde::{Deserialize, Serialize};

/// A schema: a namespace of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Namespace {
    type Key = String;
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// An extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The schema of its objects; `None` is the target's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its version; `None` in a description means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Named for Extension {
    type Key = String;
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// An enum type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enum {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// Its values, in their order.
    pub values: Vec<String>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Enum {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

/// A composite type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Composite {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// Its fields, in their order.
    pub fields: Vec<CompositeField>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Composite {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

/// A field of a composite type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompositeField {
    /// Its name.
    pub name: String,
    /// Its type as SQL.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Its collation, where it is not the type's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

/// A domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Domain {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// The type below it, as SQL.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Its collation, where it is not the type's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// NOT NULL.
    #[serde(skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// Its default, as SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Its checks, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<DomainCheck>,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Named for Domain {
    type Key = Name;
    fn key(&self) -> Name {
        self.name.clone()
    }
}

/// A check of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DomainCheck {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What must hold of VALUE, without the outer parentheses.
    pub expr: String,
    /// NOT VALID.
    #[serde(skip_serializing_if = "is_default")]
    pub not_valid: bool,
}
