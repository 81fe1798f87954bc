//! Functions and procedures.

use super::arrange::Piece;
use super::scope::Scope;
use super::work::Work;
use crate::operation::{AlterFunction, CommentOn, CreateFunction, DropFunction, Operation, SetComment};
use crate::schema::{Function, FunctionKind, Named};
use std::borrow::Cow;

/// Compares functions.
pub(super) fn functions<'a>(scope: &Scope<'a>, work: &mut Work<'a>) {
    for old in &scope.from.functions {
        if !scope.to.functions.contains(&old.key()) || scope.remakes_function(old) {
            let drop = Operation::DropFunction(DropFunction { function: old.clone() });
            work.unmake.push(piece(old, drop));
        }
    }
    for new in &scope.to.functions {
        let old = scope.from.functions.get(&new.key()).filter(|old| !scope.remakes_function(old));
        let Some(old) = old else {
            let create = Operation::CreateFunction(CreateFunction { function: new.clone() });
            work.make.push(piece(new, create));
            continue;
        };
        let to = Function { comment: old.comment.clone(), ..new.clone() };
        if *old != to {
            let alter = Operation::AlterFunction(AlterFunction { from: old.clone(), to });
            work.make.push(piece(new, alter));
        }
        if old.comment != new.comment {
            let (name, arguments) = (new.name.clone(), new.arguments.clone());
            let object = match new.kind {
                FunctionKind::Procedure => CommentOn::Procedure(name, arguments),
                _ => CommentOn::Function(name, arguments),
            };
            let (from, to) = (old.comment.clone(), new.comment.clone());
            work.finish.push(Operation::SetComment(SetComment { object, from, to }));
        }
    }
}

fn piece(function: &Function, operation: Operation) -> Piece<'_> {
    Piece {
        rank: 3,
        name: function.name.clone(),
        arguments: function.arguments.clone(),
        named: true,
        texts: vec![Cow::Borrowed(&function.definition)],
        operations: vec![operation],
        ..Piece::default()
    }
}
