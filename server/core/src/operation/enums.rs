//! Enum types (PostgreSQL).

use super::change::Change;
use super::{Operation, OperationError, held, is_default};
use crate::schema::{Column, Enum, Name, Named as _, Schema};
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
///
/// A value that was added cannot be used before COMMIT (PostgreSQL's manual, ALTER TYPE, Notes); where what comes after
/// it in the same transaction needs it, `anew` takes a new type for it as well.
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
    /// Whether a new type is made, even where ADD VALUE would be enough.
    #[serde(default, skip_serializing_if = "is_default")]
    pub anew: bool,
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

impl Change for CreateEnum {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let r#enum = self.r#enum.clone();
        Ok(Operation::DropEnum(DropEnum { r#enum, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.enums, &self.r#enum, self.if_not_exists, "enum")
    }

    fn summary(&self) -> String {
        format!("create enum {}", self.r#enum.name)
    }
}

impl Change for DropEnum {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let r#enum = self.r#enum.clone();
        Ok(Operation::CreateEnum(CreateEnum { r#enum, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.enums, &self.r#enum.key(), self.if_exists, "enum")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a type")
    }

    fn summary(&self) -> String {
        format!("drop enum {}", self.r#enum.name)
    }
}

impl Change for AlterEnum {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        let renamed = self.renamed.iter().rev().map(|(old, new)| (new.clone(), old.clone())).collect();
        Ok(Operation::AlterEnum(AlterEnum {
            from,
            to,
            renamed,
            columns: self.columns.clone(),
            anew: self.anew,
        }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.enums, &self.from.key(), &self.to, "enum")
    }

    fn destroys(&self) -> Option<&'static str> {
        let stays = |value: &String| {
            let renamed = self.renamed.iter().find(|(old, _)| old == value).map(|(_, new)| new);
            self.to.values.contains(renamed.unwrap_or(value))
        };
        (!self.from.values.iter().all(stays)).then_some("drops a value of an enum type")
    }

    fn summary(&self) -> String {
        let renamed = |value: &String| self.renamed.iter().any(|(old, new)| value == old || value == new);
        let list = |sign: &str, these: &[String], others: &[String]| -> String {
            let only = these.iter().filter(|value| !others.contains(value) && !renamed(value));
            only.map(|value| format!(", {sign} '{value}'")).collect()
        };
        let mut what: String =
            self.renamed.iter().map(|(old, new)| format!(", rename '{old}' to '{new}'")).collect();
        what += &list("add", &self.to.values, &self.from.values);
        what += &list("drop", &self.from.values, &self.to.values);
        format!("alter enum {}{}", self.to.name, what.replacen(',', ":", 1))
    }
}
