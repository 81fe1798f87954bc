//! Composite types and domains (PostgreSQL).

use super::{EnumColumn, is_default};
use crate::schema::{Composite, CompositeField, Domain};
use serde::{Deserialize, Serialize};

/// Makes a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateComposite {
    /// What to make.
    pub composite: Composite,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropComposite {
    /// What to drop, whole, so that it can be made again.
    pub composite: Composite,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes the fields of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterComposite {
    /// How it is.
    pub from: Composite,
    /// How it is to be.
    pub to: Composite,
}

impl AlterComposite {
    /// The fields that stay, in their order. A new field goes to the end, so those of `to` behind the first that does
    /// not stay are dropped and added, and values lose what they hold in them.
    pub fn kept(&self) -> Vec<&str> {
        let mut old = self.from.fields.iter();
        let stays = |new: &&CompositeField| old.any(|old| old.name == new.name);
        self.to.fields.iter().take_while(stays).map(|field| field.name.as_str()).collect()
    }
}

/// Makes a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateDomain {
    /// What to make.
    pub domain: Domain,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropDomain {
    /// What to drop, whole, so that it can be made again.
    pub domain: Domain,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterDomain {
    /// How it is.
    pub from: Domain,
    /// How it is to be.
    pub to: Domain,
    /// The columns of that domain, which a new one must be put under where the type or collation changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<EnumColumn>,
}
