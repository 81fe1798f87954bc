//! Plans: which revisions to run, in which order, and the version rows after each.

mod downgrade;
mod goal;
mod iterate;
mod offline;
mod stamp;
mod upgrade;

pub use downgrade::DowngradeGoal;
pub use iterate::Span;
pub use stamp::StampPlan;

pub use crate::event::Direction;

use super::deviation::Deviation;
use super::graph::RevisionGraph;
use super::marks::Idx;
use super::rows::{RowChange, VersionRows};

/// One revision to run, with the version rows that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The revision's id.
    pub revision: String,
    /// Which body runs.
    pub direction: Direction,
    /// The edits of the version table, in order; they go into the step's transaction.
    pub changes: Vec<RowChange>,
    /// The whole version table afterwards, sorted.
    pub rows_after: Vec<String>,
}

/// The way from some version rows to a goal. No steps: there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which way all steps go.
    pub direction: Direction,
    /// What the goal was resolved to: for an upgrade the revisions to reach, for a downgrade the one that remains
    /// on top; empty for base.
    pub goal: Vec<String>,
    /// The version rows that the plan starts from, sorted, without duplicates.
    pub rows_before: Vec<String>,
    /// The steps in the order of running.
    pub steps: Vec<Step>,
    /// Set where Alembic would have planned something else.
    pub deviation: Option<Deviation>,
}

impl Plan {
    /// The version rows at the end, sorted.
    pub fn rows_after(&self) -> &[String] {
        self.steps.last().map_or(&self.rows_before, |step| &step.rows_after)
    }
}

impl RevisionGraph {
    /// Puts the version rows to an ordered list of revisions.
    fn plan(
        &self,
        direction: Direction,
        rows: &[Idx],
        goal: &[Idx],
        order: impl IntoIterator<Item = Idx>,
        deviation: Option<Deviation>,
    ) -> Plan {
        let mut table = VersionRows::new(self, rows);
        let rows_before = table.ids();
        let steps = order
            .into_iter()
            .map(|index| {
                let changes = match direction {
                    Direction::Up => table.apply(index),
                    Direction::Down => table.revert(index),
                };
                Step { revision: self.id(index).to_owned(), direction, changes, rows_after: table.ids() }
            })
            .collect();
        Plan { direction, goal: self.owned_ids(goal), rows_before, steps, deviation }
    }
}
