//! CREATE TABLE, as SQLite keeps it, read into the model
//! (<https://www.sqlite.org/lang_createtable.html>).

use super::reader::{Reader, split, text};
use migrated_core::DialectName;
use migrated_core::dialect::literal::quote_text;
use migrated_core::dialect::{SqlWord, WordKind};
use migrated_core::schema::{
    Action, Check, Column, Computed, ComputedKind, DefaultValue, Deferral, ForeignKey, IndexItem, Match,
    Name, PrimaryKey, Table, Unique,
};

/// Reads a definition. `None` where it has something that is not known here.
pub(super) fn table(name: &str, sql: &str) -> Option<Table> {
    let mut reader = Reader::new(sql)?;
    if !reader.take("CREATE") || !reader.take("TABLE") {
        return None;
    }
    reader.name()?;
    let body = reader.parenthesised()?;
    let mut table = Table { name: Name::local(name), ..Table::default() };
    for part in split(&body) {
        item(&mut table, sql, &part)?;
    }
    while !reader.is_done() {
        if reader.take_all(&["WITHOUT", "ROWID"]) {
            table.options.without_rowid = true;
        } else if reader.take("STRICT") {
            table.options.strict = true;
        } else if !reader.take(",") {
            return None;
        }
    }
    table.uniques.sort_by_key(|c| (c.name.clone(), c.columns.clone()));
    table.checks.sort_by_key(|c| (c.name.clone(), c.expr.clone()));
    table.foreign_keys.sort_by_key(|c| (c.name.clone(), c.columns.clone(), c.ref_table.clone()));
    Some(table)
}

/// A column or a constraint.
fn item(table: &mut Table, sql: &str, words: &[SqlWord<'_>]) -> Option<()> {
    let (first, last) = (words.first()?, words.last()?);
    let mut reader = Reader::new(&sql[first.start..last.start + last.text.len()])?;
    let begins = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    if begins.iter().any(|keyword| reader.is(keyword)) {
        while !reader.is_done() {
            table_constraint(table, &mut reader)?;
        }
        return Some(());
    }
    column(table, &mut reader)
}

fn table_constraint(table: &mut Table, reader: &mut Reader<'_>) -> Option<()> {
    let name = if reader.take("CONSTRAINT") { Some(reader.name()?) } else { None };
    if reader.take_all(&["PRIMARY", "KEY"]) {
        let mut words = reader.parenthesised()?;
        // `PRIMARY KEY (id AUTOINCREMENT)` is how some write it.
        let autoincrement = words.last().is_some_and(|word| word.is("AUTOINCREMENT"));
        if autoincrement {
            words.pop();
        }
        let items = items(&words)?;
        let columns: Vec<String> = items.iter().map(|i| i.column.clone()).collect::<Option<_>>()?;
        if autoincrement {
            let column = columns.first().cloned()?;
            table.columns.iter_mut().find(|c| c.name == column)?.autoincrement = true;
        }
        let plain = items.iter().all(|i| *i == IndexItem::column(i.column.clone().unwrap_or_default()));
        table.primary_key = Some(PrimaryKey {
            name,
            columns,
            items: if plain { Vec::new() } else { items },
            verbatim: conflict(reader),
            ..PrimaryKey::default()
        });
    } else if reader.take("UNIQUE") {
        let columns = reader.names()?;
        table.uniques.push(Unique { name, columns, verbatim: conflict(reader), ..Unique::default() });
    } else if reader.take("CHECK") {
        let expr = text(&reader.parenthesised()?);
        // SQLite reads ON CONFLICT here and ignores it.
        conflict(reader);
        table.checks.push(Check { name, expr, ..Check::default() });
    } else if reader.take_all(&["FOREIGN", "KEY"]) {
        let columns = reader.names()?;
        let key = references(reader, name, columns)?;
        table.foreign_keys.push(key);
    } else {
        return None;
    }
    Some(())
}

fn column(table: &mut Table, reader: &mut Reader<'_>) -> Option<()> {
    let mut column = Column::new(reader.name()?, "");
    let from = reader.position();
    while reader.peek().is_some_and(|word| !begins_constraint(word)) {
        if reader.is("(") {
            reader.parenthesised()?;
        } else {
            reader.next();
        }
    }
    column.data_type = reader.raw(from);
    while !reader.is_done() {
        let name = if reader.take("CONSTRAINT") { Some(reader.name()?) } else { None };
        if reader.take_all(&["PRIMARY", "KEY"]) {
            let desc = reader.take("DESC");
            if !desc {
                reader.take("ASC");
            }
            let verbatim = conflict(reader);
            column.autoincrement = reader.take("AUTOINCREMENT");
            let item = IndexItem { desc, ..IndexItem::column(&column.name) };
            table.primary_key = Some(PrimaryKey {
                name,
                columns: vec![column.name.clone()],
                items: if desc { vec![item] } else { Vec::new() },
                verbatim,
                ..PrimaryKey::default()
            });
        } else if reader.take_all(&["NOT", "NULL"]) {
            column.nullable = false;
            column.verbatim.extend(conflict(reader).into_iter().map(|on| format!("NOT NULL {on}")));
        } else if reader.take("NULL") {
            conflict(reader);
        } else if reader.take("UNIQUE") {
            let columns = vec![column.name.clone()];
            table.uniques.push(Unique { name, columns, verbatim: conflict(reader), ..Unique::default() });
        } else if reader.take("CHECK") {
            let expr = text(&reader.parenthesised()?);
            table.checks.push(Check { name, expr, ..Check::default() });
        } else if reader.take("DEFAULT") {
            column.default = Some(DefaultValue::Sql(default(reader)?));
        } else if reader.take("COLLATE") {
            let collation = reader.name()?;
            column.collation = (!collation.eq_ignore_ascii_case("BINARY")).then_some(collation);
        } else if reader.is("REFERENCES") {
            let key = references(reader, name, vec![column.name.clone()])?;
            table.foreign_keys.push(key);
        } else if reader.take_all(&["GENERATED", "ALWAYS", "AS"]) || reader.take("AS") {
            let expr = text(&reader.parenthesised()?);
            let kind = if reader.take("STORED") { ComputedKind::Stored } else { ComputedKind::Virtual };
            reader.take("VIRTUAL");
            column.computed = Some(Computed { expr, kind });
        } else {
            return None;
        }
    }
    table.columns.push(column);
    Some(())
}

fn begins_constraint(word: &SqlWord<'_>) -> bool {
    [
        "CONSTRAINT",
        "PRIMARY",
        "NOT",
        "NULL",
        "UNIQUE",
        "CHECK",
        "DEFAULT",
        "COLLATE",
        "REFERENCES",
        "GENERATED",
        "AS",
    ]
    .iter()
    .any(|keyword| word.is(keyword))
}

/// A default: what is in parentheses without them, a literal with its sign.
fn default(reader: &mut Reader<'_>) -> Option<String> {
    if reader.is("(") {
        let inside = reader.parenthesised()?;
        return Some(match inside.as_slice() {
            [one] => literal(one),
            words => text(words),
        });
    }
    let sign = if reader.take("-") {
        "-"
    } else if reader.take("+") {
        "+"
    } else {
        ""
    };
    Some(format!("{sign}{}", literal(&reader.next()?)))
}

/// A literal. In double quotes it is text here, which is how older definitions wrote it
/// (<https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted>).
fn literal(word: &SqlWord<'_>) -> String {
    match (word.kind, word.name(DialectName::Sqlite)) {
        (WordKind::QuotedName, Some(name)) => quote_text(DialectName::Sqlite, &name),
        _ => word.text.to_owned(),
    }
}

fn references(reader: &mut Reader<'_>, name: Option<String>, columns: Vec<String>) -> Option<ForeignKey> {
    if !reader.take("REFERENCES") {
        return None;
    }
    let mut key = ForeignKey { name, columns, ref_table: reader.name()?, ..ForeignKey::default() };
    if reader.is("(") {
        key.ref_columns = reader.names()?;
    }
    loop {
        if reader.take_all(&["ON", "DELETE"]) {
            key.on_delete = action(reader)?;
        } else if reader.take_all(&["ON", "UPDATE"]) {
            key.on_update = action(reader)?;
        } else if reader.take("MATCH") {
            key.match_kind = match reader.name()?.to_ascii_uppercase().as_str() {
                "FULL" => Match::Full,
                "PARTIAL" => Match::Partial,
                _ => Match::Simple,
            };
        } else if reader.take_all(&["NOT", "DEFERRABLE"]) {
            initially(reader);
        } else if reader.take("DEFERRABLE") {
            key.deferral = if initially(reader) { Deferral::Deferred } else { Deferral::Immediate };
        } else {
            return Some(key);
        }
    }
}

fn initially(reader: &mut Reader<'_>) -> bool {
    reader.take("INITIALLY") && (reader.take("DEFERRED") || !reader.take("IMMEDIATE"))
}

fn action(reader: &mut Reader<'_>) -> Option<Action> {
    if reader.take("CASCADE") {
        Some(Action::Cascade)
    } else if reader.take("RESTRICT") {
        Some(Action::Restrict)
    } else if reader.take_all(&["NO", "ACTION"]) {
        Some(Action::NoAction)
    } else if reader.take_all(&["SET", "NULL"]) {
        Some(Action::SetNull)
    } else if reader.take_all(&["SET", "DEFAULT"]) {
        Some(Action::SetDefault)
    } else {
        None
    }
}

/// ON CONFLICT, where it stands next.
fn conflict(reader: &mut Reader<'_>) -> Vec<String> {
    if !reader.take_all(&["ON", "CONFLICT"]) {
        return Vec::new();
    }
    let how = reader.next().map(|word| word.text.to_ascii_uppercase()).unwrap_or_default();
    // ABORT is what happens anyway.
    if how == "ABORT" { Vec::new() } else { vec![format!("ON CONFLICT {how}")] }
}

/// The columns and expressions of a key or an index.
pub(super) fn items(words: &[SqlWord<'_>]) -> Option<Vec<IndexItem>> {
    split(words)
        .into_iter()
        .map(|part| {
            let mut part = part.as_slice();
            let mut item = IndexItem::default();
            if let Some((last, rest)) = part.split_last()
                && (last.is("ASC") || last.is("DESC"))
            {
                item.desc = last.is("DESC");
                part = rest;
            }
            if let [rest @ .., collate, name] = part
                && collate.is("COLLATE")
            {
                item.collation = name.name(DialectName::Sqlite);
                part = rest;
            }
            match part {
                [] => return None,
                [one] if one.name(DialectName::Sqlite).is_some() => {
                    item.column = one.name(DialectName::Sqlite)
                }
                words => item.expr = Some(text(unwrapped(words))),
            }
            Some(item)
        })
        .collect()
}

/// An expression without the parentheses around all of it.
fn unwrapped<'w, 't>(words: &'w [SqlWord<'t>]) -> &'w [SqlWord<'t>] {
    let [first, inner @ .., last] = words else { return words };
    if !first.is("(") || !last.is(")") {
        return words;
    }
    let mut depth = 0;
    for word in inner {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") && depth == 0 {
            return words;
        } else if word.is(")") {
            depth -= 1;
        }
    }
    unwrapped(inner)
}
