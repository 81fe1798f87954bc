//! Schemas and extensions (PostgreSQL).

use super::is_default;
use crate::schema::{Extension, Namespace};
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
