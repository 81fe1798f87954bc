//! Stamping: the version rows change and nothing runs, as with `alembic stamp`.

use super::goal::{Remains, borrowed, out_of_range};
use crate::revision::deviation::Deviation;
use crate::revision::error::{Fault, RevisionError};
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::{Ident, range, split_branch};
use crate::revision::marks::Idx;
use crate::revision::rows::RowChange;
use crate::revision::walk::Place;

/// The edits of the version table that a stamp makes, all in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampPlan {
    /// Whether every row is deleted first; `rows_before` is then empty, whatever stands in the table.
    pub purge: bool,
    /// The revisions that were named, as full ids; `base` is none.
    pub goal: Vec<String>,
    /// The rows that the edits start from, sorted.
    pub rows_before: Vec<String>,
    /// The edits, in order.
    pub changes: Vec<RowChange>,
    /// The whole version table afterwards, sorted.
    pub rows_after: Vec<String>,
    /// Set where Alembic would have left other rows, or none at all for want of a crash.
    pub deviation: Option<Deviation>,
}

impl RevisionGraph {
    /// Plans a stamp: the rows become what they would be had the database been upgraded, or downgraded, to the
    /// targets. Rows on other branches stay. With `purge` the table counts as empty, unknown rows and all.
    ///
    /// This is Alembic's result for a target above or beside the rows, and for one below them on its own line;
    /// for the rest see [`Deviation::StampCanonical`]. Targets are absolute: `+N` is unknown.
    ///
    /// # Errors
    /// Those of [`resolve`](Self::resolve), and `UNKNOWN_REVISION` for an unknown row.
    pub fn plan_stamp<S: AsRef<str>, T: AsRef<str>>(
        &self,
        rows: &[S],
        targets: &[T],
        purge: bool,
    ) -> Result<StampPlan, RevisionError> {
        let mut targets = borrowed(targets);
        if targets.is_empty() {
            targets.push("base");
        }
        let rows = if purge { Vec::new() } else { self.rows(rows)? };
        // Rows are compared with every name first, without its branch, and that may refuse what the lookup allows.
        let mut related = self.marks();
        for target in &targets {
            for row in self.on_line_with(&rows, target, true)? {
                related.insert(row);
            }
        }
        let goal: Vec<Idx> = self
            .places(Ident::Many(&targets))?
            .into_iter()
            .map(|place| match place {
                Place::At(index) => Ok(index),
                Place::Base | Place::Nothing => Err(out_of_range(&targets.join(", "))),
            })
            .collect::<Result<_, _>>()?;

        let after = self.stamped(&rows, &targets, &goal)?;
        let mut alembic: Vec<Idx> = rows.iter().copied().filter(|row| !related.contains(*row)).collect();
        alembic.extend(&goal);
        let sorted = |mut list: Vec<Idx>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        let deviation = (sorted(alembic) != sorted(after.clone())).then_some(Deviation::StampCanonical);
        let (rows_before, rows_after) = (self.sorted_ids(&rows), self.sorted_ids(&after));
        let changes = edits(&rows_before, &rows_after);
        Ok(StampPlan { purge, goal: self.owned_ids(&goal), rows_before, changes, rows_after, deviation })
    }

    /// Plans an offline stamp; each target may be `FROM:TO`, with one FROM for all of them.
    ///
    /// # Errors
    /// As [`plan_stamp`](Self::plan_stamp), and `MALFORMED` for a second colon or a second FROM.
    pub fn plan_stamp_range<T: AsRef<str>>(&self, targets: &[T]) -> Result<StampPlan, RevisionError> {
        let (mut start, mut ends) = (None, Vec::new());
        for target in borrowed(targets) {
            let Some((from, to)) = range(target)? else {
                ends.push(target);
                continue;
            };
            if start.is_some_and(|start| start != from) {
                let reason = "all targets of a stamp start from the same revision".to_owned();
                return Err(Fault::Malformed { ident: target.to_owned(), reason }.into());
            }
            start = Some(from);
            ends.push(to);
        }
        let rows = self.stated_rows(start.unwrap_or(""))?;
        self.plan_stamp(&rows, &ends, false)
    }

    /// First down: what stands above a target that is applied, or on a branch stamped to base. Then up.
    fn stamped(&self, rows: &[Idx], targets: &[&str], goal: &[Idx]) -> Result<Vec<Idx>, RevisionError> {
        let mut applied = self.closure(rows.iter().copied());
        let before = applied.clone();
        for target in targets {
            if let (branch, "base") = split_branch(target) {
                let label = branch.filter(|branch| !branch.is_empty());
                let remains = Remains { label, place: Place::Nothing, written: true };
                applied.subtract(&self.dropped(rows, &remains, target)?.revisions);
            }
        }
        for top in goal.iter().filter(|index| before.contains(**index)) {
            applied.subtract(&self.dependents(self.entries[*top].next.iter().copied()));
        }
        applied.union(&self.closure(goal.iter().copied()));
        Ok(self.maximal(&applied))
    }

    fn sorted_ids(&self, indexes: &[Idx]) -> Vec<String> {
        let mut ids = self.owned_ids(indexes);
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Rows that vanish are deleted or turned into rows that appear; the rest of those is inserted.
fn edits(before: &[String], after: &[String]) -> Vec<RowChange> {
    let gone: Vec<&String> = before.iter().filter(|row| !after.contains(row)).collect();
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    let updates = gone.len().min(new.len());
    let (deleted, updated) = gone.split_at(gone.len() - updates);
    let deletes = deleted.iter().map(|row| RowChange::Delete((*row).clone()));
    let turned = updated.iter().zip(&new);
    let changes = turned.map(|(from, to)| RowChange::Update { from: (*from).clone(), to: (*to).clone() });
    let inserts = new[updates..].iter().map(|row| RowChange::Insert((*row).clone()));
    deletes.chain(changes).chain(inserts).collect()
}
