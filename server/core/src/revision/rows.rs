//! The version rows while a plan runs, as Alembic's `HeadMaintainer` keeps them.

use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

/// One edit of the version table, to be made in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// A new row.
    Insert(String),
    /// A row goes away.
    Delete(String),
    /// A row becomes another one.
    Update {
        /// The row as it is.
        from: String,
        /// What it becomes.
        to: String,
    },
}

/// The version rows, kept as Alembic keeps them: the maximal elements of what is applied.
///
/// Alembic's own bookkeeping looks at the parents of the revision alone and goes wrong where one of them is
/// implied by another (see [`Deviation`](super::Deviation)); everywhere else the edits are the same, in the order
/// of the parents where Alembic's follows a hash.
pub(super) struct VersionRows<'g> {
    graph: &'g RevisionGraph,
    /// Sorted by id.
    rows: Vec<Idx>,
    applied: Marks,
}

impl<'g> VersionRows<'g> {
    pub(super) fn new(graph: &'g RevisionGraph, rows: &[Idx]) -> Self {
        let mut sorted = rows.to_vec();
        sorted.sort_by(|left, right| graph.id(*left).cmp(graph.id(*right)));
        sorted.dedup();
        Self { graph, applied: graph.closure(rows.iter().copied()), rows: sorted }
    }

    /// The rows' ids, sorted.
    pub(super) fn ids(&self) -> Vec<String> {
        self.graph.owned_ids(&self.rows)
    }

    /// Applies a revision whose parents and dependencies are applied: it takes the place of all rows below it.
    pub(super) fn apply(&mut self, revision: Idx) -> Vec<RowChange> {
        let absorbed: Vec<Idx> =
            self.graph.entries[revision].below.iter().copied().filter(|row| self.remove(*row)).collect();
        self.applied.insert(revision);
        self.add(revision);
        let id = |index: &Idx| self.graph.id(*index).to_owned();
        match absorbed.split_last() {
            None => vec![RowChange::Insert(id(&revision))],
            Some((last, rest)) => rest
                .iter()
                .map(|row| RowChange::Delete(id(row)))
                .chain([RowChange::Update { from: id(last), to: id(&revision) }])
                .collect(),
        }
    }

    /// Takes a revision back that nothing applied stands on: what it alone implied gets rows again.
    pub(super) fn revert(&mut self, revision: Idx) -> Vec<RowChange> {
        self.applied.remove(revision);
        if !self.remove(revision) {
            return Vec::new();
        }
        let entries = &self.graph.entries;
        let mut surfaced = entries[revision].below.clone();
        surfaced.retain(|index| !entries[*index].above.iter().any(|up| self.applied.contains(*up)));
        surfaced.retain(|index| self.add(*index));
        let id = |index: &Idx| self.graph.id(*index).to_owned();
        match surfaced.split_last() {
            None => vec![RowChange::Delete(id(&revision))],
            Some((last, rest)) => rest
                .iter()
                .map(|row| RowChange::Insert(id(row)))
                .chain([RowChange::Update { from: id(&revision), to: id(last) }])
                .collect(),
        }
    }

    fn position(&self, row: Idx) -> Result<usize, usize> {
        self.rows.binary_search_by(|other| self.graph.id(*other).cmp(self.graph.id(row)))
    }

    fn add(&mut self, row: Idx) -> bool {
        self.position(row).map_err(|place| self.rows.insert(place, row)).is_err()
    }

    fn remove(&mut self, row: Idx) -> bool {
        self.position(row).map(|place| self.rows.remove(place)).is_ok()
    }
}

impl RevisionGraph {
    /// Those of `set` that nothing else of it stands on, in load order.
    pub(super) fn maximal(&self, set: &Marks) -> Vec<Idx> {
        let on_top = |index: &Idx| !self.entries[*index].above.iter().any(|up| set.contains(*up));
        set.iter().filter(on_top).collect()
    }
}
