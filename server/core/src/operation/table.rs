//! Tables.

use super::change::Change;
use super::column::lost;
use super::{Operation, OperationError, held, is_default};
use crate::DialectName;
use crate::diff::is_text;
use crate::schema::{Column, Name, Partition, Schema, Sequence, Table, TableOptions};
use serde::{Deserialize, Serialize};

/// Makes a table with columns, constraints, indexes, comments, triggers and policies. Foreign keys among tables that are made together are added afterwards where they form a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTable {
    /// What to make.
    pub table: Table,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a table with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropTable {
    /// What to drop, whole, so that it can be made again.
    pub table: Table,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Gives a table another name, or puts it in another schema (PostgreSQL).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameTable {
    /// Its name.
    pub from: Name,
    /// Its new name.
    pub to: Name,
}

/// Changes what a table's definition says beside columns and constraints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterTableOptions {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: TableOptions,
    /// How it is to be.
    pub to: TableOptions,
}

/// Makes a table anew and fills it from the old one, for what ALTER TABLE cannot do: Alembic's batch mode, and SQLite's twelve steps (<https://www.sqlite.org/lang_altertable.html#otheralter>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildTable {
    /// How it is.
    pub from: Table,
    /// How it is to be.
    pub to: Table,
    /// Columns that get another name: the old and the new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(String, String)>,
}

impl Change for CreateTable {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::DropTable(DropTable { table: self.table.clone(), if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.tables, &self.table, self.if_not_exists, "table")
    }

    fn summary(&self) -> String {
        format!("create table {}", self.table.name)
    }
}

impl Change for DropTable {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::CreateTable(CreateTable { table: self.table.clone(), if_not_exists: self.if_exists }))
    }

    /// Its partitions go along, and the sequences that belong to its columns.
    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.tables, &self.table.name, self.if_exists, "table")?;
        let mut gone = vec![self.table.name.clone()];
        while let Some(name) = gone.pop() {
            schema.sequences.retain(|sequence| !owned(sequence, &name));
            let parent = |table: &Table| matches!(&table.options.partition, Some(Partition::Of { parent, .. }) if *parent == name);
            gone.extend(schema.tables.iter().filter(|table| parent(table)).map(|table| table.name.clone()));
            schema.tables.retain(|table| !parent(table));
        }
        Ok(())
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a table and its rows")
    }

    fn summary(&self) -> String {
        format!("drop table {}", self.table.name)
    }
}

impl Change for RenameTable {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::RenameTable(RenameTable { from: self.to.clone(), to: self.from.clone() }))
    }

    /// Whatever refers to the table by name follows: foreign keys, children, partitions, and the sequences of its columns, which move
    /// to another schema with it.
    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let (from, to) = (&self.from, &self.to);
        if from == to {
            return held::table(&mut schema.tables, from).map(drop);
        }
        if schema.tables.contains(to) {
            return Err(held::exists("table", to));
        }
        let mut table = schema.tables.remove(from).ok_or_else(|| held::missing("table", from))?;
        table.name = to.clone();
        schema.tables.insert(table);
        for table in schema.tables.iter_mut() {
            for key in table.foreign_keys.iter_mut().filter(|key| key.target() == *from) {
                key.ref_schema.clone_from(&to.schema);
                key.ref_table.clone_from(&to.name);
            }
            table.options.inherits.iter_mut().for_each(|parent| follow(parent, from, to));
            if let Some(Partition::Of { parent, .. }) = &mut table.options.partition {
                follow(parent, from, to);
            }
        }
        for view in schema.views.iter_mut() {
            view.depends_on.iter_mut().for_each(|used| follow(used, from, to));
            view.depends_on.sort();
        }
        let (moved, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut schema.sequences).into_iter().partition(|sequence| owned(sequence, from));
        let moved = moved.into_iter().map(|mut sequence| {
            sequence.name.schema.clone_from(&to.schema);
            sequence.owned_by.iter_mut().for_each(|owner| owner.table.clone_from(&to.name));
            sequence
        });
        schema.sequences = others.into_iter().chain(moved).collect();
        Ok(())
    }

    fn summary(&self) -> String {
        format!("rename table {} to {}", self.from, self.to)
    }
}

fn follow(name: &mut Name, from: &Name, to: &Name) {
    if name == from {
        name.clone_from(to);
    }
}

/// Whether a sequence goes with a column of a table.
fn owned(sequence: &Sequence, table: &Name) -> bool {
    sequence.name.schema == table.schema
        && sequence.owned_by.as_ref().is_some_and(|owner| owner.table == table.name)
}

impl Change for AlterTableOptions {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterTableOptions(AlterTableOptions { table: self.table.clone(), from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let dialect = held::dialect(schema);
        let table = held::table(&mut schema.tables, &self.table)?;
        let (was, is) = (std::mem::replace(&mut table.options, self.to.clone()), &self.to);
        // What a text column of MySQL has from its table it keeps as its own.
        if dialect == DialectName::Mysql && (was.charset != is.charset || was.collation != is.collation) {
            for column in table.columns.iter_mut().filter(|column| is_text(&column.data_type)) {
                (column.charset, column.collation) = on_its_own(column, &was, is);
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        format!("change the options of table {}", self.table)
    }
}

/// Character set and collation of a text column of MySQL once its table has got others, which do not reach it: what is
/// the table's own is not told.
pub(crate) fn on_its_own(
    column: &Column,
    was: &TableOptions,
    is: &TableOptions,
) -> (Option<String>, Option<String>) {
    let of_table = |option: &Option<String>| option.clone().filter(|_| column.charset.is_none());
    let charset = column.charset.clone().or_else(|| of_table(&was.charset));
    let collation = column.collation.clone().or_else(|| of_table(&was.collation));
    let alike = charset == is.charset;
    (charset.filter(|_| !alike), collation.filter(|own| !alike || Some(own) != is.collation.as_ref()))
}

impl Change for RebuildTable {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let renamed = self.renamed.iter().map(|(old, new)| (new.clone(), old.clone())).collect();
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::RebuildTable(RebuildTable { from, to, renamed }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.tables, &self.from.name, &self.to, "table")
    }

    fn destroys(&self) -> Option<&'static str> {
        let new_name = |old: &str| {
            let renamed = self.renamed.iter().find(|(from, _)| from == old);
            renamed.map_or_else(|| old.to_owned(), |(_, new)| new.clone())
        };
        let mut found = None;
        for old in &self.from.columns {
            match self.to.column(&new_name(&old.name)) {
                None if old.computed.is_none() => return Some("drops a column and its values"),
                Some(new) => found = found.or_else(|| lost(old, new)),
                None => {}
            }
        }
        found
    }

    fn summary(&self) -> String {
        format!("rebuild table {}", self.to.name)
    }
}
