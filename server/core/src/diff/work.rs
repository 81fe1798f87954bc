//! The operations that a comparison collects, by when they have their turn.

use super::arrange::{Piece, arrange};
use crate::DialectName;
use crate::operation::{AddConstraint, DropConstraint, Operation};
use crate::schema::{Constraint, ForeignKey, Name};

/// Everything that is to be done, in the order of the fields.
#[derive(Default)]
pub(super) struct Work<'a> {
    /// Foreign keys that go.
    pub(super) drop_keys: Vec<(Name, ForeignKey)>,
    /// Triggers and policies that go, and sequences that no column owns any more.
    pub(super) loosen: Vec<Operation>,
    /// Views, functions, tables and parts of tables that go: what names others before what is named.
    pub(super) unmake: Vec<Piece<'a>>,
    /// Sequences and types that are in the way of what is made.
    pub(super) clear: Vec<Operation>,
    /// Schemas and extensions.
    pub(super) ground: Vec<Operation>,
    /// Types, sequences, tables and their parts, functions and views: what is named before what names it.
    pub(super) make: Vec<Piece<'a>>,
    /// Sequences' owners.
    pub(super) own: Vec<Operation>,
    /// Foreign keys that come.
    pub(super) add_keys: Vec<(Name, ForeignKey)>,
    /// Triggers, policies and comments.
    pub(super) finish: Vec<Operation>,
    /// Types, extensions and schemas that go.
    pub(super) tidy: Vec<Operation>,
}

impl Work<'_> {
    /// The operations in an order in which they work.
    pub(super) fn operations(mut self, dialect: DialectName) -> Vec<Operation> {
        let unmake = pieces(dialect, self.unmake, true, &mut self.drop_keys);
        let make = pieces(dialect, self.make, false, &mut self.add_keys);
        sort(&mut self.drop_keys);
        sort(&mut self.add_keys);
        let dropped = self.drop_keys.into_iter().map(|(table, key)| {
            let constraint = Constraint::ForeignKey(key);
            Operation::DropConstraint(DropConstraint { table, constraint, if_exists: false })
        });
        let added = self.add_keys.into_iter().map(|(table, key)| {
            let constraint = Constraint::ForeignKey(key);
            Operation::AddConstraint(AddConstraint { table, constraint, not_valid: false })
        });
        let mut operations: Vec<Operation> = dropped.collect();
        operations.extend(self.loosen);
        operations.extend(unmake);
        operations.extend(self.clear);
        operations.extend(self.ground);
        operations.extend(make);
        operations.extend(self.own);
        operations.extend(added);
        operations.extend(self.finish);
        operations.extend(self.tidy);
        operations
    }
}

fn sort(keys: &mut [(Name, ForeignKey)]) {
    keys.sort_by(|(a, x), (b, y)| (a, &x.name, &x.columns).cmp(&(b, &y.name, &y.columns)));
}

/// The pieces' operations in their order; foreign keys that close a circle of tables become operations of their own.
fn pieces(
    dialect: DialectName,
    mut pieces: Vec<Piece<'_>>,
    backwards: bool,
    keys: &mut Vec<(Name, ForeignKey)>,
) -> Vec<Operation> {
    let arranged = arrange(dialect, &pieces, backwards);
    // SQLite has no statement for a foreign key, and none of its own minds one that refers to nothing yet.
    if dialect != DialectName::Sqlite {
        for (piece, referred) in arranged.broken {
            for operation in &mut pieces[piece].operations {
                let table = match operation {
                    Operation::CreateTable(create) => &mut create.table,
                    Operation::DropTable(drop) => &mut drop.table,
                    _ => continue,
                };
                let name = table.name.clone();
                let (apart, inline) = std::mem::take(&mut table.foreign_keys)
                    .into_iter()
                    .partition(|key| key.target() == referred);
                table.foreign_keys = inline;
                let apart: Vec<ForeignKey> = apart;
                keys.extend(apart.into_iter().map(|key| (name.clone(), key)));
            }
        }
    }
    let mut operations = Vec::new();
    for index in arranged.order {
        operations.append(&mut pieces[index].operations);
    }
    operations
}
