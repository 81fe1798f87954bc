//! Upgrade plans, as `alembic upgrade` makes them.

use super::goal::{blame_row, borrowed, refuse_range};
use super::{Direction, Plan};
use crate::revision::error::RevisionError;
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::Ident;
use crate::revision::marks::{Idx, Marks};
use crate::revision::topology::Shape;

impl RevisionGraph {
    /// Plans the way from the version rows up to a target: whatever the target contains and the rows do not, on
    /// all branches, dependencies included. Something already applied, or `base`, is an empty plan.
    ///
    /// # Errors
    /// Those of [`resolve`](Self::resolve); `RANGE_NOT_ALLOWED`, `AMBIGUOUS_RELATIVE`, `RELATIVE_OUT_OF_RANGE`;
    /// `OVERLAPPING` where targets or rows contain each other; `UNKNOWN_REVISION` for an unknown row.
    pub fn plan_upgrade<S: AsRef<str>>(&self, rows: &[S], target: &str) -> Result<Plan, RevisionError> {
        refuse_range(target)?;
        self.upgrade_from(&borrowed(rows), Ident::One(target))
    }

    /// Plans the way up to several targets at once. Relative steps are for single targets.
    ///
    /// # Errors
    /// As [`plan_upgrade`](Self::plan_upgrade).
    pub fn plan_upgrade_many<S: AsRef<str>, T: AsRef<str>>(
        &self,
        rows: &[S],
        targets: &[T],
    ) -> Result<Plan, RevisionError> {
        self.upgrade_from(&borrowed(rows), Ident::Many(&borrowed(targets)))
    }

    /// Plans the way up to full ids, which were resolved in this graph or in a part of it.
    ///
    /// # Errors
    /// `UNKNOWN_REVISION` and `OVERLAPPING`.
    pub fn plan_upgrade_to<S: AsRef<str>, T: AsRef<str>>(
        &self,
        rows: &[S],
        target_ids: &[T],
    ) -> Result<Plan, RevisionError> {
        let find = |id: &T| self.by_id.get(id.as_ref()).copied().ok_or_else(|| self.unknown(id.as_ref()));
        let targets: Vec<Idx> = target_ids.iter().map(find).collect::<Result<_, _>>()?;
        self.upgrade_to(&borrowed(rows), &targets)
    }

    /// What an upgrade target means, as full ids (`base` is none). The rows matter for `+N` and `LABEL@+N` only.
    ///
    /// # Errors
    /// As [`plan_upgrade`](Self::plan_upgrade), except `OVERLAPPING`.
    pub fn resolve_upgrade_target<S: AsRef<str>>(
        &self,
        rows: &[S],
        target: &str,
    ) -> Result<Vec<String>, RevisionError> {
        refuse_range(target)?;
        let rows = borrowed(rows);
        let goal = self.upgrade_goal(Ident::Many(&rows), Ident::One(target), false);
        goal.map(|goal| self.owned_ids(&goal)).map_err(|error| blame_row(error, &rows))
    }

    pub(super) fn upgrade_from(&self, rows: &[&str], target: Ident<'_>) -> Result<Plan, RevisionError> {
        let targets =
            self.upgrade_goal(Ident::Many(rows), target, false).map_err(|error| blame_row(error, rows))?;
        self.upgrade_to(rows, &targets)
    }

    fn upgrade_to(&self, rows: &[&str], targets: &[Idx]) -> Result<Plan, RevisionError> {
        self.refuse_overlap(targets)?;
        let rows = self.rows(rows)?;
        self.refuse_overlap(&rows)?;
        let missing = self.missing(targets, &self.closure(rows.iter().copied()));
        let order = self.newest_first(&missing, targets, Shape::Convex).unwrap_or_default();
        Ok(self.plan(Direction::Up, &rows, targets, order.into_iter().rev(), None))
    }

    /// What `targets` contain and `applied` does not.
    pub(in crate::revision) fn missing(&self, targets: &[Idx], applied: &Marks) -> Marks {
        let mut missing = self.marks();
        let mut todo = targets.to_vec();
        while let Some(index) = todo.pop() {
            if !applied.contains(index) && missing.insert(index) {
                todo.extend(&self.entries[index].below);
            }
        }
        missing
    }
}
