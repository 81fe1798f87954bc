//! Columns.

use super::change::Change;
use super::followed::{column_renamed, without_column};
use super::narrowing::narrows;
use super::{Operation, OperationError, held, is_default};
use crate::schema::{Column, ComputedKind, DefaultValue, LiteralValue, Name, Schema};
use serde::{Deserialize, Serialize};

/// Adds a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddColumn {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Column,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropColumn {
    /// The table.
    pub table: Name,
    /// The column, whole, so that it can be added again.
    pub column: Column,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes a column. Everything that it is afterwards stands in `to`, so nothing that was not named is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterColumn {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: Column,
    /// How it is to be; another name renames it.
    pub to: Column,
    /// The expression that turns old values into new ones (PostgreSQL), where there is no implicit cast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
}

impl AlterColumn {
    /// Whether the column is dropped and added, because the server cannot change it in place: a column becomes a
    /// generated one, gets another expression (before PostgreSQL 17), or was worked out on reading. Whatever stands on
    /// it (indexes, constraints, views) must go before, and come back after.
    pub fn replaces_column(&self) -> bool {
        replaces(&self.from, &self.to)
    }
}

/// See [`AlterColumn::replaces_column`].
pub(crate) fn replaces(from: &Column, to: &Column) -> bool {
    let (from, to) = (&from.computed, &to.computed);
    let on_reading = from.as_ref().is_some_and(|computed| computed.kind == ComputedKind::Virtual);
    from != to && (to.is_some() || on_reading)
}

impl Change for AddColumn {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, column) = (self.table.clone(), self.column.clone());
        Ok(Operation::DropColumn(DropColumn { table, column, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        match table.column(&self.column.name) {
            Some(_) if self.if_not_exists => Ok(()),
            Some(_) => Err(held::exists("column", called(&self.table, &self.column))),
            None => {
                table.columns.push(self.column.clone());
                Ok(())
            }
        }
    }

    fn summary(&self) -> String {
        let column = called(&self.table, &self.column);
        format!("add column {column} {}", self.column.data_type).trim_end().to_owned()
    }
}

impl Change for DropColumn {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, column) = (self.table.clone(), self.column.clone());
        Ok(Operation::AddColumn(AddColumn { table, column, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let dialect = held::dialect(schema);
        let table = held::table(&mut schema.tables, &self.table)?;
        let Some(at) = table.columns.iter().position(|column| column.name == self.column.name) else {
            let missing = || held::missing("column", called(&self.table, &self.column));
            return if self.if_exists { Ok(()) } else { Err(missing()) };
        };
        table.columns.remove(at);
        without_column(dialect, table, &self.column.name);
        let (schema_of, name) = (&self.table.schema, &self.table.name);
        schema.sequences.retain(|sequence| {
            let owner = sequence.owned_by.as_ref();
            !(sequence.name.schema == *schema_of
                && owner.is_some_and(|owner| owner.table == *name && owner.column == self.column.name))
        });
        Ok(())
    }

    fn destroys(&self) -> Option<&'static str> {
        self.column.computed.is_none().then_some("drops a column and its values")
    }

    fn summary(&self) -> String {
        format!("drop column {}", called(&self.table, &self.column))
    }
}

impl Change for AlterColumn {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, from, to) = (self.table.clone(), self.to.clone(), self.from.clone());
        Ok(Operation::AlterColumn(AlterColumn { table, from, to, using: None }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let (from, to) = (&self.from.name, &self.to.name);
        let table = held::table(&mut schema.tables, &self.table)?;
        if from != to && table.column(to).is_some() {
            return Err(held::exists("column", called(&self.table, &self.to)));
        }
        let column = table.columns.iter_mut().find(|column| column.name == *from);
        *column.ok_or_else(|| held::missing("column", called(&self.table, &self.from)))? = self.to.clone();
        if from != to {
            column_renamed(schema, &self.table, from, to);
        }
        Ok(())
    }

    fn destroys(&self) -> Option<&'static str> {
        lost(&self.from, &self.to)
    }

    fn summary(&self) -> String {
        let (from, to) = (&self.from, &self.to);
        let mut what = Vec::new();
        if from.name != to.name {
            what.push(format!("rename to {}", to.name));
        }
        if from.data_type != to.data_type {
            what.push(format!("type {} to {}", from.data_type, to.data_type));
        }
        if from.nullable != to.nullable {
            what.push(if to.nullable { "nullable" } else { "not null" }.into());
        }
        if from.default != to.default {
            what.push(match &to.default {
                None => "no default".into(),
                Some(DefaultValue::Sql(sql)) => format!("default {sql}"),
                Some(DefaultValue::Literal { literal: LiteralValue::Bool(value) }) => {
                    format!("default {value}")
                }
                Some(DefaultValue::Literal { literal: LiteralValue::Int(value) }) => {
                    format!("default {value}")
                }
                Some(DefaultValue::Literal { literal: LiteralValue::Text(value) }) => {
                    format!("default '{value}'")
                }
            });
        }
        let others = [
            (from.identity != to.identity, if to.identity.is_some() { "identity" } else { "no identity" }),
            (
                from.computed != to.computed,
                if to.computed.is_some() { "expression" } else { "no expression" },
            ),
            (from.autoincrement != to.autoincrement, "autoincrement"),
            (from.on_update != to.on_update, "on update"),
            (from.charset != to.charset, "character set"),
            (from.collation != to.collation, "collation"),
            (from.invisible != to.invisible, "visibility"),
            (from.storage != to.storage, "storage"),
            (from.compression != to.compression, "compression"),
            (from.statistics != to.statistics, "statistics"),
            (from.comment != to.comment, "comment"),
            (from.verbatim != to.verbatim, "options"),
        ];
        what.extend(others.iter().filter(|(changed, _)| *changed).map(|(_, what)| (*what).to_owned()));
        let column = called(&self.table, from);
        if what.is_empty() {
            format!("alter column {column}")
        } else {
            format!("alter column {column}: {}", what.join(", "))
        }
    }
}

fn called(table: &Name, column: &Column) -> String {
    format!("{table}.{}", column.name)
}

/// What a column loses by becoming another.
pub(super) fn lost(from: &Column, to: &Column) -> Option<&'static str> {
    if from.computed.is_none() && to.computed.is_some() {
        return Some("replaces a column's values by computed ones");
    }
    // What is computed can be computed again.
    let narrower = from.computed.is_none() && narrows(&from.data_type, &to.data_type);
    narrower.then_some("narrows the type of a column")
}
