//! Tables of SQLite: what ALTER TABLE cannot do makes the table anew, once
//! (<https://www.sqlite.org/lang_altertable.html>).

use super::alter::{create_index, drop_index};
use super::arrange::Piece;
use super::attached;
use super::scope::Scope;
use super::table::outer;
use super::work::Work;
use crate::operation::{AddColumn, CreateTable, DropTable, Operation, RebuildTable};
use crate::schema::{Column, ComputedKind, Constraint, DefaultValue, Name, Objects, Table};

/// Compares the tables. `renamed` has columns that get another name: the table, the old and the new name.
pub(super) fn tables<'a>(scope: &Scope<'a>, renamed: &[(Name, String, String)], work: &mut Work<'a>) {
    outer(scope, work);
    for to in &scope.to.tables {
        let Some(from) = scope.from.tables.get(&to.name) else { continue };
        let renamed: Vec<(String, String)> = renamed
            .iter()
            .filter(|(table, _, _)| *table == to.name)
            .map(|(_, old, new)| (old.clone(), new.clone()))
            .collect();
        if renamed.is_empty() && same(from, to) {
            continue;
        }
        if from.options.virtual_table != to.options.virtual_table {
            let drop = DropTable { table: from.clone(), if_exists: false };
            work.unmake.push(piece(from, vec![Operation::DropTable(drop)]));
            let bare = Table { triggers: Objects::default(), ..to.clone() };
            let create = CreateTable { table: bare, if_not_exists: false };
            work.make.push(piece(to, vec![Operation::CreateTable(create)]));
            attached::come(&to.name, &to.triggers, &to.policies, work);
            continue;
        }
        match added(from, to).filter(|_| renamed.is_empty()) {
            Some(added) => alter(scope, from, to, &added, work),
            None => {
                let rebuild = RebuildTable { from: from.clone(), to: to.clone(), renamed };
                work.make.push(piece(to, vec![Operation::RebuildTable(rebuild)]));
            }
        }
    }
}

fn piece(table: &Table, operations: Vec<Operation>) -> Piece<'_> {
    Piece { rank: 2, name: table.name.clone(), named: true, operations, ..Piece::default() }
}

fn alter(scope: &Scope<'_>, from: &Table, to: &Table, added: &[&Column], work: &mut Work<'_>) {
    let table = &to.name;
    let gone: Vec<Operation> = from
        .indexes
        .iter()
        .filter(|old| to.indexes.get(&old.name) != Some(old))
        .map(|old| drop_index(table, old))
        .collect();
    let add = |column: &&Column| {
        let (table, column) = (table.clone(), (*column).clone());
        Operation::AddColumn(AddColumn { table, column, if_not_exists: false })
    };
    let mut made: Vec<Operation> = added.iter().map(add).collect();
    let new = to.indexes.iter().filter(|new| from.indexes.get(&new.name) != Some(new));
    made.extend(new.map(|new| create_index(table, new)));
    if !gone.is_empty() {
        work.loosen.extend(gone);
    }
    if !made.is_empty() {
        let name = to.name.clone();
        work.make.push(Piece { rank: 2, name, named: true, operations: made, ..Piece::default() });
    }
    attached::triggers(scope, table, &from.triggers, &to.triggers, &mut work.loosen, &mut work.finish);
}

/// Whether two tables are one, the order of columns and constraints apart.
fn same(from: &Table, to: &Table) -> bool {
    from == to
        || from.indexes == to.indexes
            && from.triggers == to.triggers
            && defined_alike(from, to, &from.columns)
}

/// The columns that ALTER TABLE can add, where that is all that changes in the table's own definition.
fn added<'t>(from: &Table, to: &'t Table) -> Option<Vec<&'t Column>> {
    let (old, new): (Vec<&Column>, Vec<&Column>) =
        to.columns.iter().partition(|column| from.column(&column.name).is_some());
    let old: Vec<Column> = old.into_iter().cloned().collect();
    let addable = new.iter().all(|column| can_add(column));
    let rest = Table { columns: old, ..to.clone() };
    let alike = to.options.virtual_table.is_none() && addable && defined_alike(from, &rest, &from.columns);
    alike.then_some(new)
}

fn defined_alike(from: &Table, to: &Table, columns: &[Column]) -> bool {
    let constraints = |table: &Table| {
        let mut all: Vec<Constraint> = table.constraints().collect();
        all.sort_by_cached_key(|constraint| format!("{constraint:?}"));
        all
    };
    columns.len() == to.columns.len()
        && columns.iter().all(|column| to.column(&column.name) == Some(column))
        && from.options == to.options
        && from.comment == to.comment
        && constraints(from) == constraints(to)
}

/// What ALTER TABLE ADD COLUMN takes: no key, no stored value that is worked out, and a default that is there for old
/// rows without being worked out. A column that refers to another table would need its key in the same statement.
fn can_add(column: &Column) -> bool {
    let constant = match &column.default {
        None => true,
        Some(DefaultValue::Literal { .. }) => true,
        Some(DefaultValue::Sql(text)) => is_constant(text),
    };
    let null = column.default.is_none()
        || matches!(&column.default, Some(DefaultValue::Sql(text)) if text.eq_ignore_ascii_case("NULL"));
    let stored = column.computed.as_ref().is_some_and(|computed| computed.kind == ComputedKind::Stored);
    constant && !stored && !column.autoincrement && (column.nullable || !null)
}

/// Whether a default is a number, a string or a keyword that says a constant.
fn is_constant(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix(['+', '-']).unwrap_or(text).trim_start();
    let quoted = |text: &str| {
        let text = text.strip_prefix(['x', 'X']).unwrap_or(text);
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        inner.is_some_and(|inner| !inner.replace("''", "").contains('\''))
    };
    quoted(text)
        || text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && !text.contains(['(', ' '])
        || ["NULL", "TRUE", "FALSE"].iter().any(|word| text.eq_ignore_ascii_case(word))
}
