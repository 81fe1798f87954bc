//! Renames that were confirmed: done first, and on a copy of what is there, so that all else is compared under the
//! new names.

use super::follow::{column_follows, table_follows};
use super::mention::{folded, mentions};
use crate::DialectName;
use crate::operation::{AlterColumn, AlterSequence, DropTrigger, DropView, Operation, RenameTable};
use crate::schema::{Column, DefaultValue, Name, Owner, Schema, Sequence, Table};
use std::borrow::Cow;

/// What renames did.
pub(super) struct Renamed<'a> {
    /// What is there afterwards.
    pub(super) from: Cow<'a, Schema>,
    /// What does it.
    pub(super) operations: Vec<Operation>,
    /// Columns that a rebuild renames (SQLite): the table, the old and the new name.
    pub(super) columns: Vec<(Name, String, String)>,
    /// Enum values: the type, the old and the new value.
    pub(super) values: Vec<(Name, String, String)>,
    /// Renames that fit nothing.
    pub(super) unknown: Vec<(String, String)>,
}

/// Does the renames: `table`, `table.column` or `enum.value`, and the new name.
pub(super) fn rename<'a>(
    dialect: DialectName,
    from: &'a Schema,
    to: &Schema,
    renames: &[(String, String)],
) -> Renamed<'a> {
    let mut renamed = Renamed {
        from: Cow::Borrowed(from),
        operations: Vec::new(),
        columns: Vec::new(),
        values: Vec::new(),
        unknown: Vec::new(),
    };
    let mut moved: Vec<(Name, Name)> = Vec::new();
    let mut rest = Vec::new();
    for (old, new) in renames {
        match table(from, to, old, new) {
            Some((old, new)) => {
                table_moves(dialect, &mut renamed, &old, &new);
                moved.push((old, new));
            }
            None => rest.push((old, new)),
        }
    }
    for (old, new) in rest {
        if let Some((table, old, new)) = column(&renamed.from, to, &moved, old, new) {
            column_moves(dialect, &mut renamed, &table, &old, &new);
        } else if let Some(value) = value(from, to, old, new) {
            renamed.values.push(value);
        } else {
            renamed.unknown.push((old.clone(), new.clone()));
        }
    }
    if dialect == DialectName::Postgres && !renamed.operations.is_empty() {
        sequences_move(&mut renamed, to);
    }
    renamed
}

fn table(from: &Schema, to: &Schema, old: &str, new: &str) -> Option<(Name, Name)> {
    let old = from.tables.iter().find(|table| table.name.to_string() == old)?.name.clone();
    let beside = Name { schema: old.schema.clone(), name: new.to_owned() };
    let free = |name: &Name| to.tables.contains(name) && !from.tables.contains(name);
    let exact = to.tables.iter().map(|table| &table.name).find(|name| name.to_string() == new && free(name));
    let new = exact.cloned().or_else(|| free(&beside).then_some(beside))?;
    (!to.tables.contains(&old)).then_some((old, new))
}

fn column(
    from: &Schema,
    to: &Schema,
    moved: &[(Name, Name)],
    old: &str,
    new: &str,
) -> Option<(Name, String, String)> {
    for table in &from.tables {
        let before =
            moved.iter().find(|(_, now)| *now == table.name).map_or(&table.name, |(before, _)| before);
        let names = [before.to_string(), table.name.to_string()];
        let strip = |text: &str| {
            names
                .iter()
                .find_map(|name| text.strip_prefix(name.as_str())?.strip_prefix('.').map(str::to_owned))
        };
        let Some(old) = strip(old).filter(|column| table.column(column).is_some()) else { continue };
        let after = to.tables.get(&table.name)?;
        let new =
            strip(new).filter(|column| after.column(column).is_some()).unwrap_or_else(|| new.to_owned());
        let fits =
            after.column(&new).is_some() && table.column(&new).is_none() && after.column(&old).is_none();
        return fits.then(|| (table.name.clone(), old, new));
    }
    None
}

fn value(from: &Schema, to: &Schema, old: &str, new: &str) -> Option<(Name, String, String)> {
    from.enums.iter().find_map(|of| {
        let prefix = format!("{}.", of.name);
        let value = old.strip_prefix(&prefix)?;
        let after = to.enums.get(&of.name)?;
        let new = new.strip_prefix(&prefix).unwrap_or(new).to_owned();
        let has = |values: &[String], value: &str| values.iter().any(|other| other == value);
        let fits = has(&of.values, value) && !has(&after.values, value);
        (fits && has(&after.values, &new) && !has(&of.values, &new))
            .then(|| (of.name.clone(), value.to_owned(), new))
    })
}

fn table_moves(dialect: DialectName, renamed: &mut Renamed<'_>, old: &Name, new: &Name) {
    let name = folded(dialect, &old.name);
    release(dialect, renamed, |_, text| mentions(dialect, text, true, |word| word == name));
    renamed.operations.push(Operation::RenameTable(RenameTable { from: old.clone(), to: new.clone() }));
    table_follows(renamed.from.to_mut(), old, new);
}

fn column_moves(dialect: DialectName, renamed: &mut Renamed<'_>, table: &Name, old: &str, new: &str) {
    let (of, column) = (folded(dialect, &table.name), folded(dialect, old));
    release(dialect, renamed, |on, text| {
        mentions(dialect, text, true, |word| word == column)
            && (on == Some(table) || mentions(dialect, text, true, |word| word == of))
    });
    let Some(from) = renamed.from.tables.get(table) else { return };
    // RENAME COLUMN would put the new name into texts in quotes, and so change them.
    if dialect == DialectName::Sqlite
        && texts(from).any(|t| mentions(dialect, t, true, |word| word == column))
    {
        renamed.columns.push((table.clone(), old.to_owned(), new.to_owned()));
        return;
    }
    if let Some(from) = from.column(old).cloned() {
        let to = Column { name: new.to_owned(), ..from.clone() };
        let alter = AlterColumn { table: table.clone(), from, to, using: None };
        renamed.operations.push(Operation::AlterColumn(alter));
    }
    column_follows(dialect, renamed.from.to_mut(), table, old, new);
}

fn texts(table: &Table) -> impl Iterator<Item = &str> {
    let computed = table.columns.iter().filter_map(|column| column.computed.as_ref());
    let indexed = table.indexes.iter().flat_map(super::constraint::index_texts);
    let verbatim = table.columns.iter().flat_map(|column| &column.verbatim).chain(&table.options.verbatim);
    let checked = table.checks.iter().map(|check| check.expr.as_str());
    computed.map(|c| c.expr.as_str()).chain(indexed).chain(checked).chain(verbatim.map(String::as_str))
}

/// Views and triggers of MySQL and SQLite that name what is renamed do not follow, or not to the letter: they go, and
/// come back as they are to be.
fn release(dialect: DialectName, renamed: &mut Renamed<'_>, names: impl Fn(Option<&Name>, &str) -> bool) {
    if dialect == DialectName::Postgres {
        return;
    }
    let views: Vec<_> = renamed.from.views.iter().filter(|view| names(None, &view.query)).cloned().collect();
    for view in views {
        renamed.from.to_mut().views.remove(&view.name);
        renamed.operations.push(Operation::DropView(DropView { view }));
    }
    let tables: Vec<_> =
        renamed.from.tables.iter().filter(|table| !table.triggers.is_empty()).cloned().collect();
    for table in tables {
        for trigger in table.triggers.iter().filter(|trigger| names(Some(&table.name), &trigger.definition)) {
            let trigger = trigger.clone();
            if let Some(table) = renamed.from.to_mut().tables.get_mut(&table.name) {
                table.triggers.remove(&trigger.name);
            }
            renamed
                .operations
                .push(Operation::DropTrigger(DropTrigger { table: table.name.clone(), trigger }));
        }
    }
}

/// A serial column's sequence that is called after the new name keeps its count.
fn sequences_move(renamed: &mut Renamed<'_>, to: &Schema) {
    let free = |old: &Sequence, schema: &Schema| !schema.sequences.contains(&old.name);
    let owned: Vec<(Sequence, Sequence)> = renamed
        .from
        .sequences
        .iter()
        .filter(|old| old.owned_by.is_some() && free(old, to))
        .filter_map(|old| {
            let same = |new: &&Sequence| new.owned_by == old.owned_by && new.name.schema == old.name.schema;
            let new = to.sequences.iter().find(|new| same(new) && free(new, &renamed.from))?;
            Some((old.clone(), Sequence { name: new.name.clone(), ..old.clone() }))
        })
        .collect();
    for (old, new) in owned {
        if let Some(Owner { table, column }) = &old.owned_by {
            let table = Name { schema: old.name.schema.clone(), name: table.clone() };
            let default = to.tables.get(&table).and_then(|table| table.column(column)?.default.clone());
            let from = renamed.from.to_mut();
            let columns = from.tables.get_mut(&table).map(|table| &mut table.columns);
            if let Some(own) = columns.into_iter().flatten().find(|own| own.name == *column)
                && let (Some(DefaultValue::Sql(was)), Some(DefaultValue::Sql(is))) = (&own.default, &default)
                && names_it(was, &old.name)
                && names_it(is, &new.name)
            {
                own.default = default;
            }
        }
        let from = renamed.from.to_mut();
        from.sequences.remove(&old.name);
        from.sequences.insert(new.clone());
        renamed.operations.push(Operation::AlterSequence(AlterSequence { from: old, to: new }));
    }
}

fn names_it(text: &str, sequence: &Name) -> bool {
    mentions(DialectName::Postgres, text, false, |word| word == sequence.name)
}
