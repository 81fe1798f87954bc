//! Schemas and extensions (PostgreSQL).

use super::change::Change;
use super::{Operation, OperationError, held, is_default};
use crate::schema::{Extension, Named as _, Namespace, Schema};
use serde::{Deserialize, Serialize};

/// Makes a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateNamespace {
    /// What to make.
    pub schema: Namespace,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropNamespace {
    /// What to drop, whole, so that it can be made again.
    pub schema: Namespace,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Makes an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateExtension {
    /// What to make.
    pub extension: Extension,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropExtension {
    /// What to drop, whole, so that it can be made again.
    pub extension: Extension,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes an extension's version or schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterExtension {
    /// How it is.
    pub from: Extension,
    /// How it is to be.
    pub to: Extension,
}

impl Change for CreateNamespace {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let schema = self.schema.clone();
        Ok(Operation::DropNamespace(DropNamespace { schema, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.schemas, &self.schema, self.if_not_exists, "schema")
    }

    fn summary(&self) -> String {
        format!("create schema {}", self.schema.name)
    }
}

impl Change for DropNamespace {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let schema = self.schema.clone();
        Ok(Operation::CreateNamespace(CreateNamespace { schema, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.schemas, &self.schema.key(), self.if_exists, "schema")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a schema")
    }

    fn summary(&self) -> String {
        format!("drop schema {}", self.schema.name)
    }
}

impl Change for CreateExtension {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let extension = self.extension.clone();
        Ok(Operation::DropExtension(DropExtension { extension, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.extensions, &self.extension, self.if_not_exists, "extension")
    }

    fn summary(&self) -> String {
        format!("create extension {}", self.extension.name)
    }
}

impl Change for DropExtension {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let extension = self.extension.clone();
        Ok(Operation::CreateExtension(CreateExtension { extension, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.extensions, &self.extension.key(), self.if_exists, "extension")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops an extension and all that is made of it")
    }

    fn summary(&self) -> String {
        format!("drop extension {}", self.extension.name)
    }
}

impl Change for AlterExtension {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterExtension(AlterExtension { from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.extensions, &self.from.key(), &self.to, "extension")
    }

    fn summary(&self) -> String {
        format!("alter extension {}", self.to.name)
    }
}
