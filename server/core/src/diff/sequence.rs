//! Sequences.
//!
//! The sequence of a `serial` column would go with its column by itself. It is let go of first and dropped by its own
//! operation all the same, so that the way back makes it before the column whose default names it.

use super::arrange::Piece;
use super::scope::Scope;
use super::work::Work;
use crate::operation::{AlterSequence, CommentOn, CreateSequence, DropSequence, Operation, SetComment};
use crate::schema::Sequence;

/// Compares sequences.
pub(super) fn sequences(scope: &Scope<'_>, work: &mut Work<'_>) {
    let free = |sequence: &Sequence| Sequence { owned_by: None, ..sequence.clone() };
    for old in &scope.from.sequences {
        let new = scope.to.sequences.get(&old.name);
        if old.owned_by.is_some() && new.is_none_or(|new| new.owned_by != old.owned_by) {
            let alter = AlterSequence { from: old.clone(), to: free(old) };
            work.loosen.push(Operation::AlterSequence(alter));
        }
        if new.is_none() {
            work.clear.push(Operation::DropSequence(DropSequence { sequence: free(old), if_exists: false }));
        }
    }
    for new in &scope.to.sequences {
        let old = scope.from.sequences.get(&new.name);
        let owned_before = old.is_some_and(|old| old.owned_by == new.owned_by);
        let shaped = Sequence {
            owned_by: new.owned_by.clone().filter(|_| owned_before),
            comment: old.map_or(new, |old| old).comment.clone(),
            ..new.clone()
        };
        let operation = match old {
            None => Some(Operation::CreateSequence(CreateSequence {
                sequence: shaped.clone(),
                if_not_exists: false,
            })),
            Some(old) => {
                let from = Sequence { owned_by: shaped.owned_by.clone(), ..old.clone() };
                let to = shaped.clone();
                if from == to { None } else { Some(Operation::AlterSequence(AlterSequence { from, to })) }
            }
        };
        if let Some(operation) = operation {
            work.make.push(Piece {
                rank: 1,
                name: new.name.clone(),
                named: true,
                operations: vec![operation],
                ..Piece::default()
            });
        }
        if shaped.owned_by != new.owned_by {
            let to = Sequence { owned_by: new.owned_by.clone(), ..shaped.clone() };
            work.own.push(Operation::AlterSequence(AlterSequence { from: shaped.clone(), to }));
        }
        if shaped.comment != new.comment {
            let object = CommentOn::Sequence(new.name.clone());
            let (from, to) = (shaped.comment, new.comment.clone());
            work.finish.push(Operation::SetComment(SetComment { object, from, to }));
        }
    }
}
