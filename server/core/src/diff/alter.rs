//! What changes in a table that PostgreSQL or MySQL alters.

use super::arrange::Piece;
use super::column::{is_text, stages};
use super::constraint::{Able, Part as _, columns, index_columns, index_texts, local, matched, texts};
use super::scope::Scope;
use super::table::{column_texts, comment, constraint_texts, key_columns, rename};
use super::work::Work;
use crate::DialectName;
use crate::operation::{
    AddColumn, AddConstraint, AlterColumn, AlterTableOptions, ChangePrimaryKey, CommentOn, CreateIndex,
    DropColumn, DropConstraint, DropIndex, Operation, RenameIndex, SetComment, on_its_own, replaces,
};
use crate::schema::{Column, Constraint, Index, Name, PrimaryKey, Table};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What is done to a table.
#[derive(Default)]
pub(super) struct Change {
    /// Before others are dropped.
    off: Vec<Operation>,
    /// What that names.
    off_texts: Vec<Cow<'static, str>>,
    /// After others are made.
    on: Vec<Operation>,
    /// What that names.
    on_texts: Vec<Cow<'static, str>>,
    /// Comments, triggers and policies.
    finish: Vec<Operation>,
    /// Triggers and policies that go.
    loosen: Vec<Operation>,
    /// The columns of keys, and on MySQL of indexes, that go.
    pub(super) lost: Vec<Vec<String>>,
}

impl Change {
    /// Puts it among the other work.
    pub(super) fn into_work(self, to: &Table, work: &mut Work<'_>) {
        let piece = |operations, texts| Piece {
            rank: 2,
            name: to.name.clone(),
            named: true,
            texts,
            operations,
            ..Piece::default()
        };
        if !self.off.is_empty() {
            work.unmake.push(piece(self.off, self.off_texts));
        }
        if !self.on.is_empty() {
            work.make.push(piece(self.on, self.on_texts));
        }
        work.finish.extend(self.finish);
        work.loosen.extend(self.loosen);
    }
}

/// Compares a table that is there before and after, foreign keys apart.
pub(super) fn alter(scope: &Scope<'_>, from: &Table, to: &Table) -> Change {
    let mut change = Change::default();
    let table = &to.name;
    let fused = fused(scope.dialect, from, to);
    let held = |column: &str| fused.as_ref().is_some_and(|key| holds(key, column));
    let shared: Vec<(&Column, &Column)> =
        to.columns.iter().filter_map(|new| Some((from.column(&new.name)?, new))).collect();
    let keyless = unkeyed(scope.dialect, from, to);

    let mut rebuilt: BTreeSet<&str> = BTreeSet::new();
    let mut reshape = Vec::new();
    let mut late = Vec::new();
    // What stands on these must go before.
    let mut replaced = Vec::new();
    let anew = |column: &Column| scope.recomputes(table, &column.name);
    rebuilt.extend(shared.iter().filter(|(old, _)| anew(old)).map(|(old, _)| old.name.as_str()));
    for (old, new) in shared.iter().copied().filter(|(old, _)| !held(&old.name) && !anew(old)) {
        let explicit = explicit(scope.dialect, from, to, old);
        let old = explicit.as_ref().unwrap_or(old);
        let mut stages = stages(scope, from, old, new, keyless.contains(&old.name.as_str()));
        // MySQL takes NULL for a column of the primary key without a word, and keeps it NOT NULL.
        if fused.as_ref().is_some_and(|key| goes_from(key, &old.name)) {
            stages.shaped.nullable &= old.nullable;
            // An invisible column that is NOT NULL must have a default.
            stages.shaped.invisible &= stages.shaped.nullable || stages.shaped.default.is_some();
        }
        if stages.rebuilt {
            rebuilt.insert(&new.name);
        }
        change.off_texts.extend(lasting(column_texts(old)));
        change.on_texts.extend(lasting(column_texts(new)));
        let loosened = reshaped(table, old, &stages.loose);
        if replaces(old, &stages.loose) {
            replaced.extend(loosened);
        } else {
            change.off.extend(loosened);
        }
        reshape.extend(reshaped(table, &stages.loose, &stages.shaped));
        late.extend(reshaped(table, &stages.shaped, new));
    }

    let names_rebuilt = |columns: &[String], texts: &[&str]| {
        columns.iter().any(|column| rebuilt.contains(column.as_str()))
            || texts.iter().any(|text| {
                scope.names_remade(text)
                    || !rebuilt.is_empty()
                        && super::mention::mentions(scope.dialect, text, false, |name| rebuilt.contains(name))
            })
    };
    let constraints = |table: &Table| -> Vec<Constraint> {
        let all = local(table).into_iter();
        all.filter(|part| fused.is_none() || !matches!(part, Constraint::PrimaryKey(_))).collect()
    };
    let keys = matched(&constraints(from), &constraints(to), Able::constraints(scope.dialect), |part| {
        names_rebuilt(columns(part), &texts(part))
    });
    let indexes = matched(&listed(from), &listed(to), Able::indexes(scope.dialect), |part: &Index| {
        let columns: Vec<String> = part.items.iter().filter_map(|item| item.column.clone()).collect();
        names_rebuilt(&columns, &index_texts(part)) || gives_way(scope.dialect, from, to, part)
    });

    for constraint in keys.drop.iter().rev() {
        change.off_texts.extend(constraint_texts(constraint));
        change.lost.extend(key_columns(constraint));
        let constraint = constraint.clone();
        change.off.push(Operation::DropConstraint(DropConstraint {
            table: table.clone(),
            constraint,
            if_exists: false,
        }));
    }
    for index in &indexes.drop {
        change.off_texts.extend(lasting(index_texts(index).into_iter()));
        if scope.dialect == DialectName::Mysql || index.unique {
            change.lost.push(index_columns(index).into_iter().map(str::to_owned).collect());
        }
        change.off.push(drop_index(table, index));
    }
    change.off.extend(replaced);
    let gone: Vec<&Column> = dropped(from, |c| to.column(&c.name).is_none() || anew(c))
        .into_iter()
        .filter(|c| !held(&c.name))
        .collect();
    change.off_texts.extend(gone.iter().flat_map(|column| lasting(column_texts(column))));
    // MySQL lets no index go that a column counts by.
    let uncounted = |column: &Column| {
        let autoincrement = column.autoincrement && scope.dialect != DialectName::Mysql;
        Column { autoincrement, ..column.clone() }
    };
    let stops = gone.iter().filter_map(|column| reshaped(table, column, &uncounted(column)));
    change.off.splice(..0, stops.collect::<Vec<_>>());
    let gone = gone.into_iter().map(|column| {
        Operation::DropColumn(DropColumn {
            table: table.clone(),
            column: uncounted(column),
            if_exists: false,
        })
    });
    // MySQL has no table without columns.
    let last = scope.dialect == DialectName::Mysql && shared.iter().all(|(old, _)| anew(old));
    let gone_last: Vec<Operation> = if last {
        gone.collect()
    } else {
        change.off.extend(gone);
        Vec::new()
    };

    let mut computed = Vec::new();
    let comes = |new: &&Column| from.column(&new.name).is_none_or(anew) && !held(&new.name);
    for column in to.columns.iter().filter(comes) {
        change.on_texts.extend(lasting(column_texts(column)));
        let mut first = column.clone();
        if scope.dialect == DialectName::Mysql && column.autoincrement {
            // Rows that are there are counted where they hold NULL, and a unique key may come before that.
            (first.autoincrement, first.nullable) = (false, true);
        }
        late.extend(reshaped(table, &first, column));
        let add = AddColumn { table: table.clone(), column: first, if_not_exists: false };
        // What is computed from a column that changes comes after its change.
        let list = if column.computed.is_some() { &mut computed } else { &mut change.on };
        list.push(Operation::AddColumn(add));
    }
    if from.options != to.options {
        let options =
            AlterTableOptions { table: table.clone(), from: from.options.clone(), to: to.options.clone() };
        // A replica identity may be an index; a character set is what the columns below follow.
        match scope.dialect {
            DialectName::Mysql => change.on.insert(0, Operation::AlterTableOptions(options)),
            _ => late.push(Operation::AlterTableOptions(options)),
        }
    }
    // A generated column's change works its values out, from what the others are by then.
    let generated = |operation: &Operation| matches!(operation, Operation::AlterColumn(alter) if alter.to.computed.is_some());
    let (last, first): (Vec<Operation>, Vec<Operation>) = reshape.into_iter().partition(generated);
    change.on.extend(first);
    change.on.extend(last);
    change.on.extend(computed);
    change.on.extend(gone_last);
    if let Some(key) = fused {
        change.lost.extend(key.from.as_ref().map(|key| key.columns.clone()));
        change.on.push(Operation::ChangePrimaryKey(key));
    }
    change.on.extend(keys.rename.iter().map(|(old, new)| rename(table, old, new)));
    change.on.extend(indexes.rename.iter().map(|(old, new)| {
        let (from, to) = (old.name.clone(), new.name.clone());
        Operation::RenameIndex(RenameIndex { table: table.clone(), from, to, index: None })
    }));
    for constraint in &keys.add {
        change.on_texts.extend(constraint_texts(constraint));
        let constraint = constraint.clone();
        change.on.push(Operation::AddConstraint(AddConstraint {
            table: table.clone(),
            constraint,
            not_valid: false,
        }));
    }
    for index in &indexes.add {
        change.on_texts.extend(lasting(index_texts(index).into_iter()));
        change.on.push(create_index(table, index));
    }
    change.on.extend(late);

    change.finish.extend(keys.comment.iter().filter_map(|(old, new)| comment(table, old, new)));
    change.finish.extend(indexes.comment.iter().map(|(old, new)| index_comment(table, old, new)));
    if from.comment != to.comment {
        let object = CommentOn::Table(table.clone());
        let (from, to) = (from.comment.clone(), to.comment.clone());
        change.finish.push(Operation::SetComment(SetComment { object, from, to }));
    }
    super::attached::change(scope, from, to, &mut change.loosen, &mut change.finish);
    change
}

fn reshaped(table: &Name, old: &Column, new: &Column) -> Option<Operation> {
    let alter = || AlterColumn { table: table.clone(), from: old.clone(), to: new.clone(), using: None };
    (old != new).then(|| Operation::AlterColumn(alter()))
}

fn lasting<'t>(texts: impl Iterator<Item = &'t str>) -> impl Iterator<Item = Cow<'static, str>> {
    texts.map(|text| Cow::Owned(text.to_owned()))
}

fn listed(table: &Table) -> Vec<Index> {
    table.indexes.iter().cloned().collect()
}

/// Makes an index.
pub(super) fn create_index(table: &Name, index: &Index) -> Operation {
    let (table, index) = (table.clone(), index.clone());
    Operation::CreateIndex(CreateIndex { table, index, if_not_exists: false, concurrently: false })
}

/// Drops an index.
pub(super) fn drop_index(table: &Name, index: &Index) -> Operation {
    let (table, index) = (table.clone(), index.clone());
    Operation::DropIndex(DropIndex { table, index, if_exists: false, concurrently: false })
}

/// Sets an index's comment.
pub(super) fn index_comment(table: &Name, old: &Index, new: &Index) -> Operation {
    let object = CommentOn::Index(Name { schema: table.schema.clone(), name: new.name.clone() });
    Operation::SetComment(SetComment { object, from: old.comment.clone(), to: new.comment.clone() })
}

/// Columns that go; generated ones first, since they name others.
fn dropped(from: &Table, goes: impl Fn(&Column) -> bool) -> Vec<&Column> {
    let mut gone: Vec<&Column> = from.columns.iter().filter(|old| goes(old)).collect();
    gone.sort_by_key(|column| (column.computed.is_none(), column.name.as_str()));
    gone
}

/// A text column of MySQL that names no character set keeps the one that it has when the table gets another; the
/// model tells only that it is the table's.
fn explicit(dialect: DialectName, from: &Table, to: &Table, old: &Column) -> Option<Column> {
    let (was, is) = (&from.options, &to.options);
    let moved = was.charset != is.charset || was.collation != is.collation;
    if dialect != DialectName::Mysql || !moved || !is_text(&old.data_type) {
        return None;
    }
    let (charset, collation) = on_its_own(old, was, is);
    Some(Column { charset, collation, ..old.clone() })
}

/// Whether MariaDB drops an index without a word: one that it made itself, for a foreign key and by its name, goes as soon
/// as another key begins with its columns. Made again after that key, it is one that was asked for, and stays.
fn gives_way(dialect: DialectName, from: &Table, to: &Table, index: &Index) -> bool {
    let own = from.foreign_keys.iter().any(|key| key.name.as_ref() == Some(&index.name));
    if dialect != DialectName::Mysql || !own {
        return false;
    }
    let columns = index_columns(index);
    let covers = |key: &[&str]| key.starts_with(&columns);
    let primary = to.primary_key.iter().filter(|_| to.primary_key != from.primary_key);
    let mut primary = primary.map(|key| key.columns.iter().map(String::as_str).collect::<Vec<_>>());
    let new =
        to.indexes.iter().filter(|new| new.name != index.name && from.indexes.get(&new.name) != Some(new));
    // An index that is alike is this one under another name.
    let mut new = new.filter(|new| new.bare() != index.bare()).map(index_columns);
    primary.any(|key| covers(&key)) || new.any(|key| covers(&key))
}

/// The change of a primary key that must be one statement because of an AUTO_INCREMENT column.
fn fused(dialect: DialectName, from: &Table, to: &Table) -> Option<ChangePrimaryKey> {
    if dialect != DialectName::Mysql || from.primary_key == to.primary_key {
        return None;
    }
    let counted = |table: &Table, key: &Option<PrimaryKey>| {
        let columns = key.iter().flat_map(|key| &key.columns).filter_map(|name| table.column(name));
        columns.filter(|column| column.autoincrement).count() > 0
    };
    if !counted(from, &from.primary_key) && !counted(to, &to.primary_key) {
        return None;
    }
    // By then the table has its new options.
    let as_it_is = |old: &Column| explicit(dialect, from, to, old).unwrap_or_else(|| old.clone());
    let mut key = ChangePrimaryKey {
        table: to.name.clone(),
        from: from.primary_key.clone(),
        to: to.primary_key.clone(),
        drop: Vec::new(),
        alter: Vec::new(),
        add: Vec::new(),
    };
    for name in from.primary_key.iter().flat_map(|key| &key.columns) {
        key.drop.extend(from.column(name).filter(|_| to.column(name).is_none()).map(&as_it_is));
    }
    // One that counts by an index is none of the key's business.
    let counts = |column: &Column, key: &Option<PrimaryKey>| column.autoincrement && among(key, &column.name);
    for new in &to.columns {
        let begins = counts(new, &to.primary_key);
        match from.column(&new.name) {
            Some(old) => {
                let moves =
                    old.autoincrement != new.autoincrement && (begins || counts(old, &from.primary_key));
                key.alter.extend(moves.then(|| (as_it_is(old), new.clone())));
            }
            None => key.add.extend(begins.then(|| new.clone())),
        }
    }
    Some(key)
}

fn among(key: &Option<PrimaryKey>, column: &str) -> bool {
    key.iter().flat_map(|key| &key.columns).any(|name| name == column)
}

fn goes_from(key: &ChangePrimaryKey, column: &str) -> bool {
    among(&key.from, column) && !among(&key.to, column)
}

fn holds(key: &ChangePrimaryKey, column: &str) -> bool {
    let whole = key.drop.iter().chain(&key.add).any(|other| other.name == column);
    whole || key.alter.iter().any(|(old, _)| old.name == column)
}

/// AUTO_INCREMENT columns that no key stays with: they must stop counting for a while.
fn unkeyed<'t>(dialect: DialectName, from: &'t Table, to: &Table) -> Vec<&'t str> {
    if dialect != DialectName::Mysql {
        return Vec::new();
    }
    let first = |index: &&Index, column: &Column| index_columns(index).first() == Some(&column.name.as_str());
    let counting = from.columns.iter().filter(|column| column.autoincrement);
    let keyed = |column: &Column| {
        let primary = |table: &Table| {
            table.primary_key.as_ref().is_some_and(|key| key.columns.first() == Some(&column.name))
        };
        primary(from) && primary(to)
            || from.indexes.iter().any(|i| first(&i, column) && to.indexes.get(&i.name) == Some(i))
    };
    counting.filter(|column| !keyed(column)).map(|column| column.name.as_str()).collect()
}
