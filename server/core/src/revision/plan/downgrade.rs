//! Downgrade plans, as `alembic downgrade` makes them.

use super::goal::{Remains, blame_row, borrowed, describe, refuse_range};
use super::{Direction, Plan};
use crate::revision::deviation::Deviation;
use crate::revision::error::{Fault, RevisionError};
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::{Ident, relative};
use crate::revision::marks::{Idx, Marks};
use crate::revision::topology::Shape;
use crate::revision::walk::Place;

/// A downgrade target, resolved: it can be planned in any graph that holds the same revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DowngradeGoal {
    /// The target as it was given.
    pub target: String,
    /// The full id of the revision that remains on top; `None` is base.
    pub remains: Option<String>,
    /// The branch that the downgrade is narrowed to: a label or revision, or the row that `-N` started at.
    pub branch: Option<String>,
    /// Whether the branch was named by the user.
    pub branch_named: bool,
    /// Set where Alembic would have understood the target differently.
    pub deviation: Option<Deviation>,
}

/// What a downgrade takes back.
pub(super) struct Dropped {
    pub(super) revisions: Marks,
    pub(super) deviation: Option<Deviation>,
}

impl RevisionGraph {
    /// Plans the way from the version rows down to a target, which names what *remains*: everything above it goes,
    /// on all branches unless `LABEL@` narrows it, with whatever depends on that; what it depended on stays.
    ///
    /// # Errors
    /// Those of [`resolve`](Self::resolve); `RANGE_NOT_ALLOWED`, `AMBIGUOUS_RELATIVE`, `RELATIVE_OUT_OF_RANGE`;
    /// `NOT_AN_ANCESTOR` for a target that is not applied below the rows; `INVALID_DOWNGRADE_TARGET` where nothing
    /// above it is on the branch; `UNKNOWN_REVISION` for an unknown row.
    pub fn plan_downgrade<S: AsRef<str>>(&self, rows: &[S], target: &str) -> Result<Plan, RevisionError> {
        refuse_range(target)?;
        self.downgrade_from(&borrowed(rows), target)
    }

    /// What a downgrade target means. The rows matter for `-N` and `LABEL@-N` only.
    ///
    /// # Errors
    /// Those of [`plan_downgrade`](Self::plan_downgrade) that do not need the applied revisions.
    pub fn resolve_downgrade_target<S: AsRef<str>>(
        &self,
        rows: &[S],
        target: &str,
    ) -> Result<DowngradeGoal, RevisionError> {
        refuse_range(target)?;
        self.downgrade_target(&borrowed(rows), target)
    }

    /// Plans the way down to a resolved target.
    ///
    /// # Errors
    /// Those of [`plan_downgrade`](Self::plan_downgrade) that are about the applied revisions, and
    /// `UNKNOWN_REVISION` where the target is not in this graph.
    pub fn plan_downgrade_to<S: AsRef<str>>(
        &self,
        rows: &[S],
        goal: &DowngradeGoal,
    ) -> Result<Plan, RevisionError> {
        self.downgrade_to(&borrowed(rows), goal).map_err(|error| match goal.deviation {
            // Alembic would not have come so far, so this refusal differs from its own.
            Some(deviation) if error.deviation.is_none() => error.declared(deviation),
            _ => error,
        })
    }

    fn downgrade_to(&self, rows: &[&str], goal: &DowngradeGoal) -> Result<Plan, RevisionError> {
        let top = match &goal.remains {
            Some(id) => Some(self.by_id.get(id).copied().ok_or_else(|| self.unknown(id))?),
            None => None,
        };
        let place = top.map_or(Place::Nothing, Place::At);
        let remains = Remains { label: goal.branch.as_deref(), place, written: goal.branch_named };
        let rows = self.rows(rows)?;
        let dropped = self.dropped(&rows, &remains, &goal.target)?;
        let order = self.newest_first(&dropped.revisions, &rows, Shape::Convex).unwrap_or_default();
        let deviation = dropped.deviation.or(goal.deviation);
        Ok(self.plan(Direction::Down, &rows, top.as_slice(), order, deviation))
    }

    pub(super) fn downgrade_from(&self, rows: &[&str], target: &str) -> Result<Plan, RevisionError> {
        self.plan_downgrade_to(rows, &self.downgrade_target(rows, target)?)
    }

    fn downgrade_target(&self, rows: &[&str], target: &str) -> Result<DowngradeGoal, RevisionError> {
        let mut deviation = None;
        let remains = match self.downgrade_goal(Ident::Many(rows), Ident::One(target), false) {
            Err(RevisionError { fault: Fault::MultipleHeads { .. }, .. })
                if target.contains('@') && relative(target)?.is_none() =>
            {
                deviation = Some(Deviation::LabelHonoured);
                self.head_of_branch(target)?
            }
            other => other.map_err(|error| blame_row(error, rows))?,
        };
        Ok(DowngradeGoal {
            target: target.to_owned(),
            remains: match remains.place {
                Place::At(index) => Some(self.id(index).to_owned()),
                Place::Base | Place::Nothing => None,
            },
            branch: remains.label.map(str::to_owned),
            branch_named: remains.label.is_some() && remains.written,
            deviation,
        })
    }

    /// `LABEL@head` where there are several heads: Alembic looks for the head without the label.
    fn head_of_branch<'a>(&'a self, target: &'a str) -> Result<Remains<'a>, RevisionError> {
        let (label, _) = target.rsplit_once('@').unwrap_or(("", target));
        if !label.is_empty() {
            self.branch(label).map_err(|error| error.declared(Deviation::UnknownLabel))?;
        }
        Ok(Remains { label: Some(label), place: self.place(target)?, written: true })
    }

    /// What goes when `remains` stays.
    pub(super) fn dropped(
        &self,
        rows: &[Idx],
        remains: &Remains<'_>,
        target: &str,
    ) -> Result<Dropped, RevisionError> {
        let active = self.closure(rows.iter().copied());
        let roots = self.roots_above(remains, false, target)?;
        let mut revisions = self.dependents(roots);
        revisions.intersect(&active);
        if let Place::At(top) = remains.place
            && revisions.is_empty()
            && !rows.contains(&top)
        {
            return Err(self.not_below(target, rows));
        }
        match remains.label.filter(|_| remains.written) {
            Some(label) => self.honour(label, remains.place, target, revisions, &active),
            None => Ok(Dropped { revisions, deviation: None }),
        }
    }

    /// What directly follows that which remains. A branch chooses only where there are several, as in Alembic.
    pub(super) fn roots_above(
        &self,
        remains: &Remains<'_>,
        inclusive: bool,
        target: &str,
    ) -> Result<Vec<Idx>, RevisionError> {
        let roots = match remains.place {
            Place::At(top) if inclusive => vec![top],
            Place::At(top) => self.entries[top].next.clone(),
            Place::Base | Place::Nothing => self.bases.clone(),
        };
        let Some(label) = remains.label.filter(|_| roots.len() > 1) else { return Ok(roots) };
        let line = self.ancestors_by_descent(self.branch(label)?);
        let on_branch: Vec<Idx> = roots.into_iter().filter(|root| line.contains(*root)).collect();
        if on_branch.is_empty() {
            let (target, branch) = (target.to_owned(), label.to_owned());
            return Err(Fault::InvalidDowngradeTarget { target, branch }.into());
        }
        Ok(on_branch)
    }

    /// Holds a plan to the branch that the user named ([`Deviation::UnknownLabel`] and
    /// [`Deviation::LabelHonoured`]). Looked at last, so that where Alembic refuses, its reason stands.
    fn honour(
        &self,
        label: &str,
        place: Place,
        target: &str,
        revisions: Marks,
        active: &Marks,
    ) -> Result<Dropped, RevisionError> {
        let branch = self.branch(label).map_err(|error| error.declared(Deviation::UnknownLabel))?;
        let line = self.lineage(branch, false);
        if let Place::At(top) = place
            && !line.contains(top)
        {
            let fault = Fault::NotInBranch { revision: self.id(top).to_owned(), branch: label.to_owned() };
            return Err(RevisionError::from(fault).declared(Deviation::LabelHonoured));
        }
        // The trunk: what the branch grows from, as far as it would go too. It stays while a sister stands on it.
        let mut trunk = self.ancestors_by_descent(branch);
        trunk.intersect(&revisions);
        let mut sisters = self.spread(trunk.iter(), |entry| &entry.next);
        sisters.intersect(active);
        sisters.subtract(&line);
        if sisters.is_empty() {
            return Ok(Dropped { revisions, deviation: None });
        }
        // `LABEL@base` asks for the branch, however deep that is; any other target names a depth that cannot be
        // reached without the sisters.
        if !target.ends_with("@base") {
            sisters.intersect(&revisions);
            let others: Vec<Idx> = sisters.iter().collect();
            let fault = Fault::DowngradeTakesOthers {
                target: target.to_owned(),
                branch: label.to_owned(),
                others: self.owned_ids(&others),
            };
            return Err(RevisionError::from(fault).declared(Deviation::LabelHonoured));
        }
        let carrying = self.spread(sisters.iter(), |entry| &entry.down);
        let own = line.iter().filter(|index| revisions.contains(*index) && !carrying.contains(*index));
        let mut kept_to_branch = self.dependents(own);
        kept_to_branch.intersect(active);
        Ok(Dropped { revisions: kept_to_branch, deviation: Some(Deviation::LabelHonoured) })
    }

    pub(super) fn not_below(&self, target: &str, rows: &[Idx]) -> RevisionError {
        let upper = describe(Ident::Many(&self.ids(rows)));
        Fault::NotAnAncestor { lower: target.to_owned(), upper }.into()
    }
}
