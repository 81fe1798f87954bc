//! Indexes.

use super::change::Change;
use super::{Operation, OperationError, held, is_default};
use crate::schema::{Index, Name, Objects, Schema};
use serde::{Deserialize, Serialize};

/// Makes an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateIndex {
    /// The table or materialised view.
    pub table: Name,
    /// The index.
    pub index: Index,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
    /// Without locking out writers, outside of a transaction (PostgreSQL).
    #[serde(default, skip_serializing_if = "is_default")]
    pub concurrently: bool,
}

/// Drops an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropIndex {
    /// The table or materialised view.
    pub table: Name,
    /// The index, whole, so that it can be made again.
    pub index: Index,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
    /// Without locking out readers, outside of a transaction (PostgreSQL).
    #[serde(default, skip_serializing_if = "is_default")]
    pub concurrently: bool,
}

/// Gives an index another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameIndex {
    /// The table.
    pub table: Name,
    /// Its name.
    pub from: String,
    /// Its new name.
    pub to: String,
    /// What it is, under either name: SQLite has no way to rename an index, so that it is dropped and made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Index>,
}

impl Change for CreateIndex {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::DropIndex(DropIndex {
            table: self.table.clone(),
            index: self.index.clone(),
            if_exists: self.if_not_exists,
            concurrently: self.concurrently,
        }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(indexes(schema, &self.table)?, &self.index, self.if_not_exists, "index")
    }

    fn summary(&self) -> String {
        let unique = if self.index.unique { "unique " } else { "" };
        let items = self.index.items.iter().map(|item| {
            item.column.clone().unwrap_or_else(|| format!("({})", item.expr.as_deref().unwrap_or_default()))
        });
        let items = items.collect::<Vec<_>>().join(", ");
        format!("create {unique}index {} on {} ({items})", self.index.name, self.table)
    }
}

impl Change for DropIndex {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::CreateIndex(CreateIndex {
            table: self.table.clone(),
            index: self.index.clone(),
            if_not_exists: self.if_exists,
            concurrently: self.concurrently,
        }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(indexes(schema, &self.table)?, &self.index.name, self.if_exists, "index")
    }

    fn summary(&self) -> String {
        format!("drop index {} on {}", self.index.name, self.table)
    }
}

impl Change for RenameIndex {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::RenameIndex(RenameIndex { from, to, ..self.clone() }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let indexes = indexes(schema, &self.table)?;
        let index = indexes.get(&self.from).ok_or_else(|| held::missing("index", &self.from))?;
        let renamed = Index { name: self.to.clone(), ..index.clone() };
        held::put(indexes, &self.from, &renamed, "index")
    }

    fn summary(&self) -> String {
        format!("rename index {} of {} to {}", self.from, self.table, self.to)
    }
}

/// The indexes of a table or materialised view.
fn indexes<'s>(schema: &'s mut Schema, on: &Name) -> Result<&'s mut Objects<Index>, OperationError> {
    if let Some(view) = schema.views.get_mut(on) {
        return Ok(&mut view.indexes);
    }
    Ok(&mut held::table(&mut schema.tables, on)?.indexes)
}
