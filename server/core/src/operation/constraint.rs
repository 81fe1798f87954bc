//! Constraints.

use super::change::Change;
use super::column::lost;
use super::followed::without_column;
use super::{Operation, OperationError, held, is_default};
use crate::DialectName;
use crate::schema::{Column, Constraint, Name, PrimaryKey, Schema, Table};
use serde::{Deserialize, Serialize};

/// Adds a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddConstraint {
    /// The table.
    pub table: Name,
    /// The constraint.
    pub constraint: Constraint,
    /// NOT VALID first and VALIDATE after (PostgreSQL): the table is locked for a moment only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
}

/// Drops a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropConstraint {
    /// The table.
    pub table: Name,
    /// The constraint, whole, so that it can be added again.
    pub constraint: Constraint,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Gives a constraint another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameConstraint {
    /// The table.
    pub table: Name,
    /// Its name.
    pub from: String,
    /// Its new name.
    pub to: String,
}

/// Changes a primary key in one statement, together with the columns that must come, go or change with it: MySQL and
/// MariaDB keep an AUTO_INCREMENT column only as long as it is a key
/// (<https://dev.mysql.com/doc/refman/8.4/en/create-table.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePrimaryKey {
    /// The table.
    pub table: Name,
    /// The key that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PrimaryKey>,
    /// The key that it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PrimaryKey>,
    /// Columns that go, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Column>,
    /// Columns that change: how each is and how it is to be, its name the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alter: Vec<(Column, Column)>,
    /// Columns that come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Column>,
}

impl Change for AddConstraint {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, constraint) = (self.table.clone(), self.constraint.clone());
        Ok(Operation::DropConstraint(DropConstraint { table, constraint, if_exists: false }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let dialect = held::dialect(schema);
        let table = held::table(&mut schema.tables, &self.table)?;
        let taken = match (&self.constraint, self.constraint.name()) {
            (Constraint::PrimaryKey(_), _) if table.primary_key.is_some() => true,
            (_, Some(name)) => table.constraints().any(|other| other.name() == Some(name)),
            (_, None) => false,
        };
        if taken {
            return Err(held::exists("constraint", called(&self.table, &self.constraint)));
        }
        put(table, self.constraint.clone());
        if dialect != DialectName::Sqlite {
            key_columns_not_null(table);
        }
        Ok(())
    }

    fn summary(&self) -> String {
        format!("add {} {}", kind(&self.constraint), called(&self.table, &self.constraint))
    }
}

impl Change for DropConstraint {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, constraint) = (self.table.clone(), self.constraint.clone());
        Ok(Operation::AddConstraint(AddConstraint { table, constraint, not_valid: false }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        if take(table, &self.constraint) || self.if_exists {
            return Ok(());
        }
        Err(held::missing("constraint", called(&self.table, &self.constraint)))
    }

    fn summary(&self) -> String {
        format!("drop {} {}", kind(&self.constraint), called(&self.table, &self.constraint))
    }
}

impl Change for RenameConstraint {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, from, to) = (self.table.clone(), self.to.clone(), self.from.clone());
        Ok(Operation::RenameConstraint(RenameConstraint { table, from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        let name = |name: &str| format!("{name} of {}", self.table);
        if self.from != self.to && table.constraints().any(|other| other.name() == Some(&self.to)) {
            return Err(held::exists("constraint", name(&self.to)));
        }
        let found = table.constraints().find(|constraint| constraint.name() == Some(&self.from));
        let mut constraint = found.ok_or_else(|| held::missing("constraint", name(&self.from)))?;
        take(table, &constraint);
        *name_of(&mut constraint) = Some(self.to.clone());
        put(table, constraint);
        Ok(())
    }

    fn summary(&self) -> String {
        format!("rename constraint {} of {} to {}", self.from, self.table, self.to)
    }
}

impl Change for ChangePrimaryKey {
    fn reverse(&self) -> Result<Operation, OperationError> {
        Ok(Operation::ChangePrimaryKey(ChangePrimaryKey {
            table: self.table.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
            drop: self.add.clone(),
            alter: self.alter.iter().map(|(from, to)| (to.clone(), from.clone())).collect(),
            add: self.drop.clone(),
        }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let dialect = held::dialect(schema);
        let table = held::table(&mut schema.tables, &self.table)?;
        let column = |name: &str| format!("{}.{name}", self.table);
        let altered = self.alter.iter().map(|(from, _)| from);
        if let Some(old) = self.drop.iter().chain(altered).find(|old| table.column(&old.name).is_none()) {
            return Err(held::missing("column", column(&old.name)));
        }
        let dropped = |name: &str| self.drop.iter().any(|old| old.name == name);
        if let Some(new) =
            self.add.iter().find(|new| table.column(&new.name).is_some() && !dropped(&new.name))
        {
            return Err(held::exists("column", column(&new.name)));
        }
        table.primary_key = None;
        table.columns.retain(|column| !dropped(&column.name));
        for old in &self.drop {
            without_column(dialect, table, &old.name);
        }
        for (from, to) in &self.alter {
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == from.name) {
                column.clone_from(to);
            }
        }
        table.columns.extend(self.add.iter().cloned());
        table.primary_key.clone_from(&self.to);
        if dialect != DialectName::Sqlite {
            key_columns_not_null(table);
        }
        Ok(())
    }

    fn destroys(&self) -> Option<&'static str> {
        if self.drop.iter().any(|column| column.computed.is_none()) {
            return Some("drops a column and its values");
        }
        self.alter.iter().find_map(|(from, to)| lost(from, to))
    }

    fn summary(&self) -> String {
        let columns = |key: &Option<PrimaryKey>| {
            key.as_ref().map_or_else(|| "none".into(), |key| format!("({})", key.columns.join(", ")))
        };
        format!(
            "change the primary key of {} from {} to {}",
            self.table,
            columns(&self.from),
            columns(&self.to)
        )
    }
}

/// A primary key makes its columns NOT NULL, apart from SQLite's.
fn key_columns_not_null(table: &mut Table) {
    let Some(key) = &table.primary_key else { return };
    for column in table.columns.iter_mut().filter(|column| key.columns.contains(&column.name)) {
        column.nullable = false;
    }
}

/// Puts a constraint where its name has its place.
fn put(table: &mut Table, constraint: Constraint) {
    fn sorted<T>(list: &mut Vec<T>, item: T, name: impl Fn(&T) -> Option<&str>) {
        let at = list.partition_point(|other| name(other) <= name(&item));
        list.insert(at, item);
    }
    match constraint {
        Constraint::PrimaryKey(key) => table.primary_key = Some(key),
        Constraint::Unique(c) => sorted(&mut table.uniques, c, |c| c.name.as_deref()),
        Constraint::Check(c) => sorted(&mut table.checks, c, |c| c.name.as_deref()),
        Constraint::ForeignKey(c) => sorted(&mut table.foreign_keys, c, |c| c.name.as_deref()),
        Constraint::Exclude(c) => sorted(&mut table.excludes, c, |c| c.name.as_deref()),
    }
}

/// Takes out the constraint of that kind and name, or, without one, of that content; whether there was one.
fn take(table: &mut Table, constraint: &Constraint) -> bool {
    fn first<T: PartialEq>(list: &mut Vec<T>, item: &T, name: impl Fn(&T) -> Option<&str>) -> bool {
        let same = |other: &T| if name(item).is_some() { name(other) == name(item) } else { other == item };
        let at = list.iter().position(same);
        at.map(|at| list.remove(at)).is_some()
    }
    match constraint {
        Constraint::PrimaryKey(key) => {
            let same = |held: &PrimaryKey| key.name.is_none() || held.name == key.name;
            table.primary_key.take_if(|held| same(held)).is_some()
        }
        Constraint::Unique(c) => first(&mut table.uniques, c, |c| c.name.as_deref()),
        Constraint::Check(c) => first(&mut table.checks, c, |c| c.name.as_deref()),
        Constraint::ForeignKey(c) => first(&mut table.foreign_keys, c, |c| c.name.as_deref()),
        Constraint::Exclude(c) => first(&mut table.excludes, c, |c| c.name.as_deref()),
    }
}

fn name_of(constraint: &mut Constraint) -> &mut Option<String> {
    match constraint {
        Constraint::PrimaryKey(c) => &mut c.name,
        Constraint::Unique(c) => &mut c.name,
        Constraint::Check(c) => &mut c.name,
        Constraint::ForeignKey(c) => &mut c.name,
        Constraint::Exclude(c) => &mut c.name,
    }
}

fn kind(constraint: &Constraint) -> &'static str {
    match constraint {
        Constraint::PrimaryKey(_) => "primary key",
        Constraint::Unique(_) => "unique constraint",
        Constraint::Check(_) => "check constraint",
        Constraint::ForeignKey(_) => "foreign key",
        Constraint::Exclude(_) => "exclusion constraint",
    }
}

/// Its name, or else what it is about, and its table.
fn called(table: &Name, constraint: &Constraint) -> String {
    let what = match (constraint, constraint.name()) {
        (_, Some(name)) => name.to_owned(),
        (Constraint::PrimaryKey(c), None) => format!("({})", c.columns.join(", ")),
        (Constraint::Unique(c), None) => format!("({})", c.columns.join(", ")),
        (Constraint::ForeignKey(c), None) => format!("({}) to {}", c.columns.join(", "), c.target()),
        (Constraint::Check(c), None) => format!("({})", c.expr),
        (Constraint::Exclude(c), None) => {
            let elements: Vec<_> = c.items.iter().map(|item| item.element.as_str()).collect();
            format!("({})", elements.join(", "))
        }
    };
    format!("{what} on {table}")
}
