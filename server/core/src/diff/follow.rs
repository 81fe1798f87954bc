//! What follows a table or column that gets another name.

use crate::DialectName;
use crate::dialect::literal::{quote_name, unquote_name};
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;
use crate::schema::{IndexItem, Name, Objects, Partition, Schema, Sequence, Table};

/// A table's new name in all that refers to the table.
pub(super) fn table_follows(schema: &mut Schema, old: &Name, new: &Name) {
    if let Some(mut table) = schema.tables.remove(old) {
        table.name = new.clone();
        schema.tables.insert(table);
    }
    let put = |name: &mut Name| {
        if name == old {
            *name = new.clone();
        }
    };
    for table in schema.tables.iter_mut() {
        for key in table.foreign_keys.iter_mut().filter(|key| key.target() == *old) {
            key.ref_schema.clone_from(&new.schema);
            key.ref_table.clone_from(&new.name);
        }
        table.options.inherits.iter_mut().for_each(put);
        if let Some(Partition::Of { parent, .. }) = &mut table.options.partition {
            put(parent);
        }
    }
    schema.views.iter_mut().for_each(|view| view.depends_on.iter_mut().for_each(put));
    let moved: Objects<Sequence> = std::mem::take(&mut schema.sequences)
        .into_iter()
        .map(|mut sequence| {
            let here = sequence.name.schema == old.schema;
            if let Some(owner) = sequence.owned_by.as_mut().filter(|owner| here && owner.table == old.name) {
                owner.table.clone_from(&new.name);
                sequence.name.schema.clone_from(&new.schema);
            }
            sequence
        })
        .collect();
    schema.sequences = moved;
}

/// A column's new name in all that refers to the column.
pub(super) fn column_follows(dialect: DialectName, schema: &mut Schema, table: &Name, old: &str, new: &str) {
    let put = |name: &mut String| {
        if name == old {
            new.clone_into(name);
        }
    };
    for other in schema.tables.iter_mut() {
        for key in other.foreign_keys.iter_mut().filter(|key| key.target() == *table) {
            key.ref_columns.iter_mut().for_each(put);
        }
    }
    for sequence in schema.sequences.iter_mut().filter(|sequence| sequence.name.schema == table.schema) {
        if let Some(owner) = sequence.owned_by.as_mut().filter(|owner| owner.table == table.name) {
            put(&mut owner.column);
        }
    }
    if let Some(table) = schema.tables.get_mut(table) {
        own_parts_follow(dialect, table, old, new);
    }
}

fn own_parts_follow(dialect: DialectName, table: &mut Table, old: &str, new: &str) {
    let put = |name: &mut String| {
        if name == old {
            new.clone_into(name);
        }
    };
    let reword = |text: &mut String| *text = reworded(dialect, text, old, new);
    let items = |items: &mut Vec<IndexItem>| {
        for item in items {
            item.column.iter_mut().for_each(put);
            item.expr.iter_mut().for_each(reword);
        }
    };
    for column in &mut table.columns {
        put(&mut column.name);
        column.computed.iter_mut().for_each(|computed| reword(&mut computed.expr));
    }
    if let Some(key) = &mut table.primary_key {
        key.columns.iter_mut().chain(&mut key.include).for_each(put);
        items(&mut key.items);
    }
    for unique in &mut table.uniques {
        unique.columns.iter_mut().chain(&mut unique.include).for_each(put);
    }
    for key in &mut table.foreign_keys {
        key.columns.iter_mut().chain(&mut key.on_delete_columns).for_each(put);
    }
    table.checks.iter_mut().for_each(|check| reword(&mut check.expr));
    for exclude in &mut table.excludes {
        exclude.items.iter_mut().for_each(|item| reword(&mut item.element));
        exclude.include.iter_mut().for_each(put);
        exclude.predicate.iter_mut().for_each(reword);
    }
    for index in table.indexes.iter_mut() {
        items(&mut index.items);
        index.include.iter_mut().for_each(put);
        index.predicate.iter_mut().for_each(reword);
    }
    for policy in table.policies.iter_mut() {
        policy.using.iter_mut().chain(&mut policy.check).for_each(reword);
    }
    table.triggers.iter_mut().for_each(|trigger| reword(&mut trigger.definition));
}

/// A text with one name in the place of another, as the engine prints it.
fn reworded(dialect: DialectName, text: &str, old: &str, new: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for word in Words::new(dialect, text) {
        let name = matches!(word.kind, TokenKind::Word | TokenKind::QuotedName);
        if name && unquote_name(dialect, word.text) == old {
            let start = word.text.as_ptr() as usize - text.as_ptr() as usize;
            out.push_str(&text[copied..start]);
            // MySQL and MariaDB print every name in quotes.
            match word.text.starts_with('`') {
                true => out.push_str(&format!("`{}`", new.replace('`', "``"))),
                false => out.push_str(&quote_name(dialect, new)),
            }
            copied = start + word.text.len();
        }
    }
    out.push_str(&text[copied..]);
    out
}
