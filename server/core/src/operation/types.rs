//! Composite types and domains (PostgreSQL).

use super::change::Change;
use super::narrowing::narrows;
use super::{EnumColumn, Operation, OperationError, held, is_default};
use crate::schema::{Composite, CompositeField, Domain, Named as _, Schema};
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

/// Changes the fields of a composite type: in place, or by a new type and a cast of every column.
///
/// PostgreSQL changes no field's type while a column is of the composite type, and puts a new field at the end (manual,
/// ALTER TYPE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterComposite {
    /// How it is.
    pub from: Composite,
    /// How it is to be.
    pub to: Composite,
    /// The columns of that type, which a new one must be put under where fields do more than come at the end or go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<EnumColumn>,
}

impl AlterComposite {
    /// The fields that stay where the type is changed in place, in their order. A new field goes to the end, so those of
    /// `to` behind the first that does not stay are dropped and added, and values lose what they hold in them.
    pub fn kept(&self) -> Vec<&str> {
        let mut old = self.from.fields.iter();
        let stays = |new: &&CompositeField| old.any(|old| old.name == new.name);
        self.to.fields.iter().take_while(stays).map(|field| field.name.as_str()).collect()
    }

    /// Whether a new type takes the old one's place.
    pub fn takes_new_type(&self) -> bool {
        !self.columns.is_empty() && moves_fields(&self.from, &self.to)
    }

    /// Whether a new type takes its values field by field, so that a field that only moves keeps what it holds. Those of
    /// an array go over as they are written, after the fields were dropped and added in place.
    pub(crate) fn casts_fields(&self) -> bool {
        self.takes_new_type() && self.columns.iter().all(|column| !column.array)
    }
}

/// Whether fields do more than come at the end, or go.
pub(crate) fn moves_fields(from: &Composite, to: &Composite) -> bool {
    let goes_on = to.fields.starts_with(&from.fields);
    let left = from.fields.iter().filter(|field| to.fields.contains(field));
    !goes_on && !left.eq(&to.fields)
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

impl Change for CreateComposite {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let composite = self.composite.clone();
        Ok(Operation::DropComposite(DropComposite { composite, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.composites, &self.composite, self.if_not_exists, "composite type")
    }

    fn summary(&self) -> String {
        format!("create composite type {}", self.composite.name)
    }
}

impl Change for DropComposite {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let composite = self.composite.clone();
        Ok(Operation::CreateComposite(CreateComposite { composite, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.composites, &self.composite.key(), self.if_exists, "composite type")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a type")
    }

    fn summary(&self) -> String {
        format!("drop composite type {}", self.composite.name)
    }
}

impl Change for AlterComposite {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterComposite(AlterComposite { from, to, columns: self.columns.clone() }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.composites, &self.from.key(), &self.to, "composite type")
    }

    fn destroys(&self) -> Option<&'static str> {
        let kept = self.kept();
        let stays = |old: &CompositeField| match self.casts_fields() {
            true => self.to.fields.iter().any(|new| new.name == old.name),
            false => kept.contains(&old.name.as_str()),
        };
        if !self.from.fields.iter().all(stays) {
            return Some("drops a field of a composite type");
        }
        let narrower = |new: &CompositeField| {
            let old = self.from.fields.iter().find(|old| old.name == new.name);
            old.is_some_and(|old| narrows(&old.data_type, &new.data_type))
        };
        self.to.fields.iter().any(narrower).then_some("narrows the type of a field")
    }

    fn summary(&self) -> String {
        format!("alter composite type {}", self.to.name)
    }
}

impl Change for CreateDomain {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let domain = self.domain.clone();
        Ok(Operation::DropDomain(DropDomain { domain, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.domains, &self.domain, self.if_not_exists, "domain")
    }

    fn summary(&self) -> String {
        format!("create domain {}", self.domain.name)
    }
}

impl Change for DropDomain {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let domain = self.domain.clone();
        Ok(Operation::CreateDomain(CreateDomain { domain, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.domains, &self.domain.key(), self.if_exists, "domain")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a type")
    }

    fn summary(&self) -> String {
        format!("drop domain {}", self.domain.name)
    }
}

impl Change for AlterDomain {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterDomain(AlterDomain { from, to, columns: self.columns.clone() }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.domains, &self.from.key(), &self.to, "domain")
    }

    fn destroys(&self) -> Option<&'static str> {
        narrows(&self.from.data_type, &self.to.data_type).then_some("narrows the type of a domain")
    }

    fn summary(&self) -> String {
        format!("alter domain {}", self.to.name)
    }
}
