//! Tables of PostgreSQL and MySQL: which come, go and change.

use super::alter::{Change, alter};
use super::arrange::Piece;
use super::constraint::{Able, columns, foreign, index_texts, matched, texts};
use super::scope::Scope;
use super::work::Work;
use crate::DialectName;
use crate::operation::{CommentOn, CreateTable, DropTable, Operation, RenameConstraint, SetComment};
use crate::schema::{Column, Constraint, DefaultValue, ForeignKey, Name, Objects, Partition, Table};
use std::borrow::Cow;
use std::collections::HashMap;

/// Compares the tables.
pub(super) fn tables<'a>(scope: &Scope<'a>, work: &mut Work<'a>) {
    outer(scope, work);
    let mut changes: HashMap<&Name, Change> = HashMap::new();
    for to in &scope.to.tables {
        let Some(from) = scope.from.tables.get(&to.name) else { continue };
        if scope.leaves_alone(from) && from == to {
            continue;
        }
        changes.insert(&to.name, alter(scope, from, to));
    }
    for to in &scope.to.tables {
        if let Some(from) = scope.from.tables.get(&to.name) {
            foreign_keys(scope, from, to, &changes, work);
        }
    }
    for to in &scope.to.tables {
        if let Some(change) = changes.remove(&to.name) {
            change.into_work(to, work);
        }
    }
}

/// Tables that come and go whole.
pub(super) fn outer<'a>(scope: &Scope<'a>, work: &mut Work<'a>) {
    for table in scope.from.tables.iter().filter(|table| !scope.to.tables.contains(&table.name)) {
        let operation = Operation::DropTable(DropTable { table: table.clone(), if_exists: false });
        work.unmake.push(whole(table, operation));
    }
    for table in scope.to.tables.iter().filter(|table| !scope.from.tables.contains(&table.name)) {
        let bare = Table { triggers: Objects::default(), policies: Objects::default(), ..table.clone() };
        let operation = Operation::CreateTable(CreateTable { table: bare, if_not_exists: false });
        work.make.push(whole(table, operation));
        super::attached::come(&table.name, &table.triggers, &table.policies, work);
    }
}

fn whole(table: &Table, operation: Operation) -> Piece<'_> {
    let mut uses = table.options.inherits.clone();
    if let Some(Partition::Of { parent, .. }) = &table.options.partition {
        uses.push(parent.clone());
    }
    let mut named: Vec<Cow<'_, str>> = Vec::new();
    named.extend(table.columns.iter().flat_map(column_texts).map(Cow::Borrowed));
    named.extend(table.checks.iter().map(|check| Cow::Borrowed(check.expr.as_str())));
    named.extend(table.indexes.iter().flat_map(index_texts).map(Cow::Borrowed));
    for exclude in &table.excludes {
        named.extend(exclude.items.iter().map(|item| Cow::Borrowed(item.element.as_str())));
        named.extend(exclude.predicate.as_deref().map(Cow::Borrowed));
    }
    // Triggers go with a dropped table; those of a new one are made at the end.
    if matches!(operation, Operation::DropTable(_)) {
        named.extend(table.triggers.iter().map(|trigger| Cow::Borrowed(trigger.definition.as_str())));
        named.extend(table.policies.iter().flat_map(super::attached::policy_texts).map(Cow::Borrowed));
    }
    Piece {
        rank: 2,
        name: table.name.clone(),
        named: true,
        texts: named,
        uses,
        keys: table.foreign_keys.iter().map(ForeignKey::target).collect(),
        operations: vec![operation],
        ..Piece::default()
    }
}

/// The texts of a column that name types, functions and sequences.
pub(super) fn column_texts(column: &Column) -> impl Iterator<Item = &str> {
    let default = match &column.default {
        Some(DefaultValue::Sql(text)) => Some(text.as_str()),
        _ => None,
    };
    let computed = column.computed.as_ref().map(|computed| computed.expr.as_str());
    std::iter::once(column.data_type.as_str())
        .chain(default)
        .chain(computed)
        .chain(column.collation.as_deref())
}

/// Foreign keys go first and come last, and must go for a while where the key or the columns that they need do.
fn foreign_keys<'a>(
    scope: &Scope<'a>,
    from: &Table,
    to: &Table,
    changes: &HashMap<&Name, Change>,
    work: &mut Work<'a>,
) {
    if from.foreign_keys.is_empty() && to.foreign_keys.is_empty() {
        return;
    }
    let remade = |constraint: &Constraint| {
        let Constraint::ForeignKey(key) = constraint else { return false };
        let target = key.target();
        scope.retypes_any(&from.name, &key.columns)
            || scope.retypes_any(&target, &key.ref_columns)
            || changes.get(&target).is_some_and(|change| loses(scope.dialect, &change.lost, &key.ref_columns))
            || scope.dialect == DialectName::Mysql
                && changes
                    .get(&from.name)
                    .is_some_and(|change| loses(scope.dialect, &change.lost, &key.columns))
    };
    let found = matched(&foreign(from), &foreign(to), Able::constraints(scope.dialect), remade);
    let keys = |parts: Vec<Constraint>| {
        parts.into_iter().filter_map(|part| match part {
            Constraint::ForeignKey(key) => Some((to.name.clone(), key)),
            _ => None,
        })
    };
    work.drop_keys.extend(keys(found.drop));
    work.add_keys.extend(keys(found.add));
    for (old, new) in &found.rename {
        work.own.push(rename(&to.name, old, new));
    }
    for (old, new) in &found.comment {
        work.finish.extend(comment(&to.name, old, new));
    }
}

/// Whether one of these keys is the one that a foreign key over `columns` needs.
fn loses(dialect: DialectName, lost: &[Vec<String>], columns: &[String]) -> bool {
    lost.iter().any(|key| match dialect {
        DialectName::Mysql => key.starts_with(columns) || columns.starts_with(key),
        _ => key.len() == columns.len() && key.iter().all(|column| columns.contains(column)),
    })
}

/// A constraint's new name.
pub(super) fn rename(table: &Name, old: &Constraint, new: &Constraint) -> Operation {
    let name = |constraint: &Constraint| constraint.name().unwrap_or_default().to_owned();
    Operation::RenameConstraint(RenameConstraint { table: table.clone(), from: name(old), to: name(new) })
}

/// A constraint's new comment.
pub(super) fn comment(table: &Name, old: &Constraint, new: &Constraint) -> Option<Operation> {
    use super::constraint::Part;
    let object = CommentOn::Constraint(table.clone(), new.name()?.to_owned());
    Some(Operation::SetComment(SetComment { object, from: old.remark().cloned(), to: new.remark().cloned() }))
}

/// What the parts that an alteration drops or adds name.
pub(super) fn constraint_texts(constraint: &Constraint) -> Vec<Cow<'static, str>> {
    texts(constraint).into_iter().map(|text| Cow::Owned(text.to_owned())).collect()
}

/// The columns of a key that goes.
pub(super) fn key_columns(constraint: &Constraint) -> Option<Vec<String>> {
    matches!(constraint, Constraint::PrimaryKey(_) | Constraint::Unique(_))
        .then(|| columns(constraint).to_vec())
}
