//! What else of a schema changes when a column goes or gets another name.

use super::held;
use crate::DialectName;
use crate::dialect::column_name::{names_column, rename_column};
use crate::schema::{Index, IndexItem, Name, Schema, Table};

/// The constraints and indexes of a column that was dropped go too; on MySQL an index keeps its other columns.
pub(super) fn without_column(dialect: DialectName, table: &mut Table, column: &str) {
    let has = |columns: &[String]| columns.iter().any(|other| other == column);
    let says = |sql: &str| names_column(dialect, sql, column);
    let mysql = dialect == DialectName::Mysql;
    if let Some(key) = &mut table.primary_key {
        if mysql {
            key.columns.retain(|other| other != column);
            key.items.retain(|item| item.column.as_deref() != Some(column));
        }
        if key.columns.is_empty() || !mysql && (has(&key.columns) || has(&key.include)) {
            table.primary_key = None;
        }
    }
    table.uniques.retain(|unique| !has(&unique.columns) && !has(&unique.include));
    table.checks.retain(|check| !says(&check.expr));
    table.foreign_keys.retain(|key| !has(&key.columns));
    table.excludes.retain(|exclude| {
        !exclude.items.iter().any(|item| says(&item.element))
            && !has(&exclude.include)
            && !exclude.predicate.as_deref().is_some_and(says)
    });
    if mysql {
        for index in table.indexes.iter_mut() {
            index.items.retain(|item| item.column.as_deref() != Some(column));
        }
        table.indexes.retain(|index| !index.items.is_empty());
    }
    table.indexes.retain(|index| !stands_on(index, column, says));
}

fn stands_on(index: &Index, column: &str, says: impl Fn(&str) -> bool + Copy) -> bool {
    index
        .items
        .iter()
        .any(|item| item.column.as_deref() == Some(column) || item.expr.as_deref().is_some_and(says))
        || index.include.iter().any(|other| other == column)
        || index.predicate.as_deref().is_some_and(says)
}

/// Whatever names a column of a table names it by its new name: keys, checks, indexes, generated columns, policies,
/// triggers, the sequences that it owns, and the foreign keys of other tables.
pub(super) fn column_renamed(schema: &mut Schema, on: &Name, from: &str, to: &str) {
    let dialect = held::dialect(schema);
    let one = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    let all = |names: &mut Vec<String>| names.iter_mut().for_each(one);
    let text = |sql: &mut String| {
        if names_column(dialect, sql, from) {
            *sql = rename_column(dialect, sql, from, to);
        }
    };
    let items = |items: &mut Vec<IndexItem>| {
        for item in items {
            item.column.iter_mut().for_each(one);
            item.expr.iter_mut().for_each(text);
        }
    };
    for table in schema.tables.iter_mut() {
        for key in table.foreign_keys.iter_mut().filter(|key| key.target() == *on) {
            all(&mut key.ref_columns);
        }
    }
    if let Some(table) = schema.tables.get_mut(on) {
        for column in &mut table.columns {
            column.computed.iter_mut().for_each(|computed| text(&mut computed.expr));
        }
        if let Some(key) = &mut table.primary_key {
            all(&mut key.columns);
            all(&mut key.include);
            items(&mut key.items);
        }
        for unique in &mut table.uniques {
            all(&mut unique.columns);
            all(&mut unique.include);
        }
        table.checks.iter_mut().for_each(|check| text(&mut check.expr));
        for key in &mut table.foreign_keys {
            all(&mut key.columns);
            all(&mut key.on_delete_columns);
        }
        for exclude in &mut table.excludes {
            exclude.items.iter_mut().for_each(|item| text(&mut item.element));
            all(&mut exclude.include);
            exclude.predicate.iter_mut().for_each(text);
        }
        for index in table.indexes.iter_mut() {
            items(&mut index.items);
            all(&mut index.include);
            index.predicate.iter_mut().for_each(text);
        }
        for policy in table.policies.iter_mut() {
            policy.using.iter_mut().for_each(text);
            policy.check.iter_mut().for_each(text);
        }
        // The bodies of triggers are theirs to follow only where they are conditions, which PostgreSQL keeps parsed.
        if dialect != DialectName::Mysql {
            table.triggers.iter_mut().for_each(|trigger| text(&mut trigger.definition));
        }
    }
    for sequence in schema.sequences.iter_mut().filter(|sequence| sequence.name.schema == on.schema) {
        for owner in sequence.owned_by.iter_mut().filter(|owner| owner.table == on.name) {
            one(&mut owner.column);
        }
    }
}
