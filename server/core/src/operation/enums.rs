//! Enum types (PostgreSQL).

use super::is_default;
use crate::schema::{Column, Enum, Name};
use serde::{Deserialize, Serialize};

/// Makes an enum type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateEnum {
    /// What to make.
    pub r#enum: Enum,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops an enum type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropEnum {
    /// What to drop, whole, so that it can be made again.
    pub r#enum: Enum,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes the values of an enum type: by ADD VALUE where that is enough, else by a new type and a cast of every column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterEnum {
    /// How it is.
    pub from: Enum,
    /// How it is to be.
    pub to: Enum,
    /// Values that get another name: the old and the new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(String, String)>,
    /// The columns of that type, which a new type must be put under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<EnumColumn>,
}

/// A column of an enum type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumColumn {
    /// Its table.
    pub table: Name,
    /// It, with the default that it has.
    pub column: Column,
    /// Whether its type is an array of the enum.
    #[serde(default, skip_serializing_if = "is_default")]
    pub array: bool,
}
