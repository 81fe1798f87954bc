//! Rows of the version table, and how a step changes them (Alembic's `HeadMaintainer`).

use super::graph::{Index, RevisionGraph};

/// One change of the version table's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Adds a row.
    Insert(String),
    /// Removes a row.
    Delete(String),
    /// Changes a row.
    Update {
        /// The row as it is.
        from: String,
        /// The row as it becomes.
        to: String,
    },
}

impl RevisionGraph {
    /// Applies an upgrade step to `rows`: the revision takes the place of those that it implies. Where it replaces
    /// several, all but the last are deleted and that one is updated, as Alembic does for a merge.
    pub(super) fn rows_up(&self, rows: &mut Vec<Index>, revision: Index) -> Vec<RowChange> {
        let implied = &self.node(revision).all_down;
        let mut gone: Vec<Index> = rows.iter().copied().filter(|row| implied.contains(row)).collect();
        let Some(last) = gone.pop() else {
            rows.push(revision);
            return vec![RowChange::Insert(self.id(revision).to_owned())];
        };
        rows.retain(|row| !gone.contains(row));
        for row in rows.iter_mut().filter(|row| **row == last) {
            *row = revision;
        }
        let mut changes: Vec<RowChange> =
            gone.iter().map(|g| RowChange::Delete(self.id(*g).to_owned())).collect();
        changes.push(RowChange::Update { from: self.id(last).to_owned(), to: self.id(revision).to_owned() });
        changes
    }

    /// Applies a downgrade step to `rows`: the revision gives way to those of its parents and dependencies that no
    /// other row implies. Alembic takes the declared parents only after normalising them, which can leave a row
    /// that another one implies; here the rows are always the maximal elements of what is applied.
    pub(super) fn rows_down(&self, rows: &mut Vec<Index>, revision: Index) -> Vec<RowChange> {
        let Some(place) = rows.iter().position(|row| *row == revision) else {
            // Implied by another row: nothing stands in the table for it.
            return Vec::new();
        };
        rows.remove(place);
        let mut come: Vec<Index> = self.node(revision).normal_down.clone();
        if come.len() > 1 || !rows.is_empty() {
            let others = self.ancestors(rows, true);
            let all = come.clone();
            come.retain(|candidate| {
                let rest: Vec<Index> = all.iter().copied().filter(|other| other != candidate).collect();
                !others.contains(*candidate) && !self.ancestors(&rest, true).contains(*candidate)
            });
        }
        let from = self.id(revision).to_owned();
        let Some((last, more)) = come.split_last() else { return vec![RowChange::Delete(from)] };
        let mut changes: Vec<RowChange> =
            more.iter().map(|m| RowChange::Insert(self.id(*m).to_owned())).collect();
        changes.push(RowChange::Update { from, to: self.id(*last).to_owned() });
        rows.insert(place, *last);
        rows.extend(more);
        changes
    }

    /// The maximal elements of a set of revisions: what the version table holds when just they are applied.
    pub(super) fn maximal(&self, set: &super::related::Set) -> Vec<Index> {
        set.iter().filter(|i| !self.node(*i).all_next.iter().any(|next| set.contains(*next))).collect()
    }
}
