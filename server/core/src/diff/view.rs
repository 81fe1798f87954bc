//! Views.

use super::alter::{create_index, drop_index, index_comment};
use super::arrange::Piece;
use super::attached;
use super::constraint::{Able, index_texts, matched};
use super::scope::Scope;
use super::work::Work;
use crate::operation::{AlterView, CommentOn, CreateView, DropView, Operation, RenameIndex, SetComment};
use crate::schema::{Index, Objects, View};
use std::borrow::Cow;

/// Compares views.
pub(super) fn views<'a>(scope: &Scope<'a>, work: &mut Work<'a>) {
    for old in &scope.from.views {
        if !scope.to.views.contains(&old.name) || scope.remakes(&old.name) {
            let drop = Operation::DropView(DropView { view: old.clone() });
            let mut piece = piece(old, vec![drop]);
            let triggers = old.triggers.iter().map(|trigger| Cow::Borrowed(trigger.definition.as_str()));
            piece.texts.extend(triggers);
            work.unmake.push(piece);
        }
    }
    for new in &scope.to.views {
        match scope.from.views.get(&new.name).filter(|old| !scope.remakes(&old.name)) {
            Some(old) => change(scope, old, new, work),
            None => {
                let view = View { triggers: Objects::default(), ..new.clone() };
                work.make.push(piece(new, vec![Operation::CreateView(CreateView { view })]));
                attached::come(&new.name, &new.triggers, &Objects::default(), work);
            }
        }
    }
}

fn piece(view: &View, operations: Vec<Operation>) -> Piece<'_> {
    let mut texts = vec![Cow::Borrowed(view.query.as_str())];
    texts.extend(view.indexes.iter().flat_map(index_texts).map(Cow::Borrowed));
    Piece {
        rank: 4,
        name: view.name.clone(),
        named: true,
        texts,
        uses: view.depends_on.clone(),
        operations,
        ..Piece::default()
    }
}

/// A view that stays: its query by CREATE OR REPLACE, all else one by one.
fn change<'a>(scope: &Scope<'a>, old: &'a View, new: &'a View, work: &mut Work<'a>) {
    let replaced = View {
        indexes: old.indexes.clone(),
        triggers: old.triggers.clone(),
        comment: old.comment.clone(),
        ..new.clone()
    };
    let mut make = Vec::new();
    // What a query names follows from the query.
    if *old != (View { depends_on: old.depends_on.clone(), ..replaced.clone() }) {
        make.push(Operation::AlterView(AlterView { from: old.clone(), to: replaced }));
    }
    let listed = |view: &View| -> Vec<Index> { view.indexes.iter().cloned().collect() };
    let able = Able::indexes(scope.dialect);
    let indexes = matched(&listed(old), &listed(new), able, |index: &Index| {
        index_texts(index).into_iter().any(|text| scope.names_remade(text))
    });
    if !indexes.drop.is_empty() {
        let drops = indexes.drop.iter().map(|index| drop_index(&new.name, index)).collect();
        work.unmake.push(piece(old, drops));
    }
    make.extend(indexes.rename.iter().map(|(old, now)| {
        let (from, to) = (old.name.clone(), now.name.clone());
        Operation::RenameIndex(RenameIndex { table: new.name.clone(), from, to, index: None })
    }));
    make.extend(indexes.add.iter().map(|index| create_index(&new.name, index)));
    if !make.is_empty() {
        work.make.push(piece(new, make));
    }
    work.finish.extend(indexes.comment.iter().map(|(old, now)| index_comment(&new.name, old, now)));
    if old.comment != new.comment {
        let object = CommentOn::View(new.name.clone(), new.materialized);
        let (from, to) = (old.comment.clone(), new.comment.clone());
        work.finish.push(Operation::SetComment(SetComment { object, from, to }));
    }
    attached::triggers(scope, &new.name, &old.triggers, &new.triggers, &mut work.loosen, &mut work.finish);
}
