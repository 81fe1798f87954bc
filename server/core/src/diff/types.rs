//! Enum, composite and domain types.

use super::arrange::{Piece, arrange};
use super::column::stages;
use super::mention::{folded, mentions};
use super::scope::Scope;
use super::work::Work;
use crate::operation::{
    AlterComposite, AlterDomain, AlterEnum, CommentOn, CreateComposite, CreateDomain, CreateEnum,
    DropComposite, DropDomain, DropEnum, EnumColumn, Operation, SetComment, moves_fields,
};
use crate::schema::{Composite, Domain, Enum, Name};
use std::borrow::Cow;

/// Compares types.
pub(super) fn types<'a>(scope: &Scope<'a>, renamed: &[(Name, String, String)], work: &mut Work<'a>) {
    let mut gone: Vec<Piece<'a>> = Vec::new();
    let (from, to) = (scope.from, scope.to);
    for old in from.enums.iter().filter(|old| !to.enums.contains(&old.name)) {
        let drop = Operation::DropEnum(DropEnum { r#enum: old.clone(), if_exists: false });
        leave(scope, piece(&old.name, Vec::new(), drop), &mut gone, work);
    }
    for old in from.composites.iter().filter(|old| !to.composites.contains(&old.name)) {
        let drop = Operation::DropComposite(DropComposite { composite: old.clone(), if_exists: false });
        leave(scope, piece(&old.name, composite_texts(old), drop), &mut gone, work);
    }
    for old in from.domains.iter().filter(|old| !to.domains.contains(&old.name) || scope.is_stale(&old.name))
    {
        let drop = Operation::DropDomain(DropDomain { domain: old.clone(), if_exists: false });
        leave(scope, piece(&old.name, domain_texts(old), drop), &mut gone, work);
    }
    for index in arrange(scope.dialect, &gone, true).order {
        work.tidy.append(&mut gone[index].operations);
    }

    for new in &to.enums {
        let operation = match from.enums.get(&new.name) {
            None => Operation::CreateEnum(CreateEnum { r#enum: new.clone(), if_not_exists: false }),
            Some(old) if old.values != new.values => {
                Operation::AlterEnum(alter_enum(scope, renamed, old, new))
            }
            Some(_) => continue,
        };
        work.make.push(piece(&new.name, Vec::new(), operation));
    }
    for new in &to.composites {
        let operation = match from.composites.get(&new.name) {
            None => {
                Operation::CreateComposite(CreateComposite { composite: new.clone(), if_not_exists: false })
            }
            Some(old) if old.fields != new.fields => {
                let to = Composite { comment: old.comment.clone(), ..new.clone() };
                let moved = moves_fields(old, new);
                let columns = if moved { columns(scope, &old.name) } else { Vec::new() };
                Operation::AlterComposite(AlterComposite { from: old.clone(), to, columns })
            }
            Some(_) => continue,
        };
        work.make.push(piece(&new.name, composite_texts(new), operation));
    }
    for new in &to.domains {
        let operation = match from.domains.get(&new.name) {
            None => Operation::CreateDomain(CreateDomain { domain: new.clone(), if_not_exists: false }),
            Some(old) => {
                let to = Domain { comment: old.comment.clone(), ..new.clone() };
                if *old == to {
                    continue;
                }
                let columns = columns(scope, &old.name);
                Operation::AlterDomain(AlterDomain { from: old.clone(), to, columns })
            }
        };
        work.make.push(piece(&new.name, domain_texts(new), operation));
    }
    comments(scope, work);
}

fn comments(scope: &Scope<'_>, work: &mut Work<'_>) {
    let (from, to) = (scope.from, scope.to);
    let mut set = |object: CommentOn, old: &Option<String>, new: &Option<String>| {
        if old != new {
            let (from, to) = (old.clone(), new.clone());
            work.finish.push(Operation::SetComment(SetComment { object, from, to }));
        }
    };
    for new in &to.enums {
        if let Some(old) = from.enums.get(&new.name) {
            set(CommentOn::Type(new.name.clone()), &old.comment, &new.comment);
        }
    }
    for new in &to.composites {
        if let Some(old) = from.composites.get(&new.name) {
            set(CommentOn::Type(new.name.clone()), &old.comment, &new.comment);
        }
    }
    for new in &to.domains {
        if let Some(old) = from.domains.get(&new.name) {
            set(CommentOn::Domain(new.name.clone()), &old.comment, &new.comment);
        }
    }
}

/// A type that is in the way of one of its name goes early, else at the end.
fn leave<'a>(scope: &Scope<'_>, mut piece: Piece<'a>, gone: &mut Vec<Piece<'a>>, work: &mut Work<'a>) {
    if scope.is_stale(&piece.name) {
        work.clear.append(&mut piece.operations);
    } else {
        gone.push(piece);
    }
}

fn piece<'a>(name: &Name, texts: Vec<&'a str>, operation: Operation) -> Piece<'a> {
    Piece {
        rank: 0,
        name: name.clone(),
        named: true,
        texts: texts.into_iter().map(Cow::Borrowed).collect(),
        operations: vec![operation],
        ..Piece::default()
    }
}

fn composite_texts(composite: &Composite) -> Vec<&str> {
    composite.fields.iter().map(|field| field.data_type.as_str()).collect()
}

fn domain_texts(domain: &Domain) -> Vec<&str> {
    let checks = domain.checks.iter().map(|check| check.expr.as_str());
    checks.chain(domain.default.as_deref()).chain([domain.data_type.as_str()]).collect()
}

/// New values, with the columns that a new type would have to be put under, there or on the way back.
fn alter_enum(scope: &Scope<'_>, renamed: &[(Name, String, String)], old: &Enum, new: &Enum) -> AlterEnum {
    let columns = columns(scope, &old.name);
    let renamed_values = renamed;
    let renamed = renamed.iter().filter(|(of, _, _)| *of == old.name);
    AlterEnum {
        from: old.clone(),
        to: Enum { comment: old.comment.clone(), ..new.clone() },
        renamed: renamed.map(|(_, old, new)| (old.clone(), new.clone())).collect(),
        columns,
        anew: scope.uses_new_value(old, new, renamed_values),
    }
}

/// The columns of a type that are there before and after.
fn columns(scope: &Scope<'_>, name: &Name) -> Vec<EnumColumn> {
    let name = folded(scope.dialect, &name.name);
    let mut columns = Vec::new();
    for from in &scope.from.tables {
        let Some(to) = scope.to.tables.get(&from.name) else { continue };
        for column in &from.columns {
            let Some(after) = to.column(&column.name) else { continue };
            if mentions(scope.dialect, &column.data_type, false, |word| word == name) {
                let column = stages(scope, from, column, after, false).loose;
                let array = column.data_type.ends_with(']');
                columns.push(EnumColumn { table: from.name.clone(), column, array });
            }
        }
    }
    columns
}
