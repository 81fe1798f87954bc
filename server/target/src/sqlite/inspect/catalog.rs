//! The one query, and what its rows mean.

use super::reader::{Reader, text};
use super::table::{items, table};
use migrated_core::DialectName;
use migrated_core::dialect::sql_words;
use migrated_core::schema::{Index, Name, Schema, Table, TableOptions, Trigger, View};
use std::collections::BTreeMap;

/// Everything that SQLite keeps of a schema (<https://www.sqlite.org/schematab.html>), tables first.
pub(super) const QUERY: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL \
     ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, name";

/// A row of it.
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) table: String,
    pub(super) sql: String,
}

/// The rows as a schema; `ours` are the tables that are left out. Notes say what was not understood.
pub(super) fn schema(rows: &[Row], ours: &[&str]) -> (Schema, Vec<String>) {
    let mut schema = Schema::new(DialectName::Sqlite);
    let mut notes = Vec::new();
    // Virtual tables of the full-text kind keep their rows in tables of their own, which are not anybody's to change.
    let shadowed: Vec<String> = rows
        .iter()
        .filter(|row| row.kind == "table" && is_virtual(&row.sql))
        .map(|row| format!("{}_", row.name))
        .collect();
    let hidden = |row: &Row| {
        row.name.starts_with("sqlite_")
            || ours.iter().any(|name| row.table.eq_ignore_ascii_case(name))
            || (row.kind == "table" && shadowed.iter().any(|prefix| row.name.starts_with(prefix)))
    };
    for row in rows.iter().filter(|row| !hidden(row)) {
        let understood = match row.kind.as_str() {
            "table" => {
                schema.tables.insert(any_table(row, &mut notes));
                true
            }
            "view" => view(row).map(|view| schema.views.insert(view)).is_some(),
            "index" => index(row)
                .and_then(|index| {
                    schema
                        .tables
                        .get_mut(&Name::local(&row.table))?
                        .indexes
                        .insert(index)
                        .or(Some(Index::default()))
                })
                .is_some(),
            "trigger" => trigger(row, &mut schema).is_some(),
            _ => false,
        };
        if !understood {
            notes.push(format!("{} {} is in a form that is not known here", row.kind, row.name));
        }
    }
    depend(&mut schema);
    (schema, notes)
}

fn is_virtual(sql: &str) -> bool {
    Reader::new(sql).is_some_and(|mut reader| reader.take_all(&["CREATE", "VIRTUAL", "TABLE"]))
}

/// A table; one that is virtual, or in a form that is not known, as its whole statement.
fn any_table(row: &Row, notes: &mut Vec<String>) -> Table {
    if !is_virtual(&row.sql) {
        if let Some(table) = table(&row.name, &row.sql) {
            return table;
        }
        notes.push(format!("table {} is in a form that is not known here; it is taken as a whole", row.name));
    }
    Table {
        name: Name::local(&row.name),
        options: TableOptions { virtual_table: Some(statement(&row.sql)), ..TableOptions::default() },
        ..Table::default()
    }
}

/// A statement without what changes nothing at its ends.
fn statement(sql: &str) -> String {
    sql.trim().trim_end_matches(';').trim_end().to_owned()
}

fn view(row: &Row) -> Option<View> {
    let mut reader = Reader::new(&row.sql)?;
    if !reader.take("CREATE") || !reader.take("VIEW") {
        return None;
    }
    reader.name()?;
    let columns = if reader.is("(") { reader.names()? } else { Vec::new() };
    if !reader.take("AS") {
        return None;
    }
    Some(View {
        name: Name::local(&row.name),
        query: reader.rest().trim_end_matches(';').trim_end().to_owned(),
        columns: columns.into_iter().map(|name| (name, String::new())).collect(),
        ..View::default()
    })
}

fn index(row: &Row) -> Option<Index> {
    let mut reader = Reader::new(&row.sql)?;
    if !reader.take("CREATE") {
        return None;
    }
    let unique = reader.take("UNIQUE");
    if !reader.take("INDEX") {
        return None;
    }
    reader.name()?;
    if !reader.take("ON") {
        return None;
    }
    reader.name()?;
    let items = items(&reader.parenthesised()?)?;
    let predicate = reader.take("WHERE").then(|| reader.rest());
    Some(Index {
        name: row.name.clone(),
        items,
        unique,
        predicate: predicate.map(|p| p.trim_end_matches(';').trim_end().to_owned()),
        with: BTreeMap::new(),
        ..Index::default()
    })
}

fn trigger(row: &Row, schema: &mut Schema) -> Option<()> {
    let words = sql_words(DialectName::Sqlite, &row.sql)?;
    let definition = text(&words).trim_end_matches(';').trim_end().to_owned();
    let trigger = Trigger { name: row.name.clone(), definition, ..Trigger::default() };
    let name = Name::local(&row.table);
    if let Some(table) = schema.tables.get_mut(&name) {
        table.triggers.insert(trigger);
    } else {
        schema.views.get_mut(&name)?.triggers.insert(trigger);
    }
    Some(())
}

/// Fills in which tables and views each view's query names.
fn depend(schema: &mut Schema) {
    let names: Vec<String> = schema
        .tables
        .iter()
        .map(|table| table.name.name.clone())
        .chain(schema.views.iter().map(|view| view.name.name.clone()))
        .collect();
    for view in schema.views.iter_mut() {
        let words = sql_words(DialectName::Sqlite, &view.query).unwrap_or_default();
        let named: Vec<String> = words.iter().filter_map(|word| word.name(DialectName::Sqlite)).collect();
        view.depends_on = names
            .iter()
            .filter(|name| **name != view.name.name && named.iter().any(|n| n.eq_ignore_ascii_case(name)))
            .map(|name| Name::local(name.clone()))
            .collect();
        view.depends_on.sort();
    }
}
