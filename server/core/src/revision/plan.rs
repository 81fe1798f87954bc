//! Upgrade and downgrade plans (Alembic's `_collect_upgrade_revisions`, `_collect_downgrade_revisions`).

use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use super::identifier::{Relative, relative};
use super::related::Set;
use super::row::RowChange;
use super::walk::End;
use super::{Deviation, Result};
use crate::Code;
use crate::event::Direction;

/// A revision to go through, with what it does to the version table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The revision.
    pub revision: String,
    /// Which of its bodies.
    pub direction: Direction,
    /// Changes of the version rows, in order.
    pub changes: Vec<RowChange>,
    /// The version rows after it.
    pub rows_after: Vec<String>,
}

/// What a request goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// The version rows at the end.
    pub rows_after: Vec<String>,
    /// The declared difference from Alembic that shaped it.
    pub deviation: Option<Deviation>,
}

/// What is to remain after a downgrade.
pub(super) struct Remainder<'a> {
    /// The branch that is to be taken back; all where there is none.
    branch: Option<Branch<'a>>,
    /// What remains; `None` for nothing.
    pub(super) target: Option<Index>,
    deviation: Option<Deviation>,
}

/// What a downgrade is narrowed to.
#[derive(Clone, Copy)]
enum Branch<'a> {
    /// `label@…`: a label, or a revision named as one.
    Label(&'a str),
    /// The row that `-N` counts from.
    Row(Index),
}

impl RevisionGraph {
    /// The revisions that an upgrade target means where the table holds `rows`; none for `base`.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_many`], and steps that are ambiguous or lead too far.
    pub fn resolve_upgrade_target(&self, rows: &[String], target: &str) -> Result<Vec<String>> {
        Ok(self.names(self.upgrade_target(rows, target, true)?))
    }

    /// What is missing between the version rows and a target, oldest first.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_upgrade_target`]; rows that the graph lacks or that contain each other; a range.
    pub fn plan_upgrade(&self, rows: &[String], target: &str) -> Result<Plan> {
        no_range(target)?;
        let targets = self.upgrade_target(rows, target, true)?;
        self.upgrade_between(&self.rows(rows)?, &targets)
    }

    /// As [`RevisionGraph::plan_upgrade`], to revisions by id.
    ///
    /// # Errors
    /// Ids that the graph lacks; targets or rows that contain each other.
    pub fn plan_upgrade_to(&self, rows: &[String], targets: &[String]) -> Result<Plan> {
        self.upgrade_between(&self.rows(rows)?, &self.rows(targets)?)
    }

    /// Takes back what stands above a target, newest first.
    ///
    /// # Errors
    /// Unknown and ambiguous targets; targets that do not lie below the rows; rows that the graph lacks; a range.
    pub fn plan_downgrade(&self, rows: &[String], target: &str) -> Result<Plan> {
        no_range(target)?;
        let remainder = self.downgrade_target(rows, target, true)?;
        self.downgrade_to(&self.rows(rows)?, &remainder, target)
    }

    /// An upgrade `START:END` without a database: END alone begins at base.
    ///
    /// # Errors
    /// As [`RevisionGraph::plan_upgrade`]; more than one `:`.
    pub fn plan_upgrade_range(&self, range: &str) -> Result<(Vec<String>, Plan)> {
        let (start, end) = match range.split_once(':') {
            Some((start, end)) => (start, end),
            None => ("", range),
        };
        let rows = self.range_start(start, end, range)?;
        let plan = self.plan_upgrade(&rows, end)?;
        Ok((rows, plan))
    }

    /// A downgrade `START:END` without a database.
    ///
    /// # Errors
    /// As [`RevisionGraph::plan_downgrade`]; a target without `:`.
    pub fn plan_downgrade_range(&self, range: &str) -> Result<(Vec<String>, Plan)> {
        let Some((start, end)) = range.split_once(':') else {
            return Err(RevisionError::new(
                Code::RangeRequired,
                format!("an offline downgrade needs START:END, {range:?} has no start"),
            )
            .help(format!("migratectl downgrade START:{range} --sql")));
        };
        let rows = self.range_start(start, end, range)?;
        let plan = self.plan_downgrade(&rows, end)?;
        Ok((rows, plan))
    }

    pub(super) fn range_start(&self, start: &str, end: &str, range: &str) -> Result<Vec<String>> {
        if end.is_empty() || end.contains(':') {
            return Err(RevisionError::new(Code::Malformed, format!("{range:?} is not a range START:END")));
        }
        if start.is_empty() { Ok(Vec::new()) } else { self.resolve_many(start) }
    }

    /// Version rows as revisions: whole ids only.
    pub(super) fn rows(&self, rows: &[String]) -> Result<Vec<Index>> {
        rows.iter()
            .map(|row| {
                self.index(row).ok_or_else(|| {
                    RevisionError::new(Code::UnknownRevision, format!("there is no revision {row:?}"))
                        .about([row])
                })
            })
            .collect()
    }

    pub(super) fn upgrade_target(&self, rows: &[String], target: &str, strict: bool) -> Result<Vec<Index>> {
        let Some(wanted) = relative(target)? else {
            return self.get_many(target)?.into_iter().map(|end| at_revision(end, target)).collect();
        };
        let end = match wanted {
            Relative { symbol: None, steps, .. } if steps <= 0 => {
                return Err(RevisionError::new(
                    Code::RelativeOutOfRange,
                    format!("{target:?} does not lead up: an upgrade counts with +N"),
                )
                .help("migratectl downgrade goes down"));
            }
            Relative { symbol: None, steps, label } => {
                let start = self.upgrade_start(rows, label)?;
                self.walk(start, steps, label, strict)?
            }
            Relative { symbol: Some(symbol), steps, label } if steps > 0 => {
                self.walk(End::of(self.get_one(symbol)?), steps, label, strict)?
            }
            Relative { symbol: Some(symbol), steps, label } => {
                self.walk(End::of(self.get_labelled(label, symbol)?), steps, None, strict)?
            }
        };
        Ok(vec![at_revision(end, target)?])
    }

    pub(super) fn get_labelled(&self, label: Option<&str>, symbol: &str) -> Result<Option<Index>> {
        match label {
            Some(label) => self.get_one(&format!("{label}@{symbol}")),
            None => self.get_one(symbol),
        }
    }

    /// Where `+N` begins: at the only row, with a label at the row on its branch, else at the tips of what is
    /// applied on it, else at base.
    fn upgrade_start(&self, rows: &[String], label: Option<&str>) -> Result<End> {
        let rows = self.rows(rows)?;
        let starts = match label {
            None => rows,
            Some(label) => {
                let on_branch = self.on_lineage(&rows, label, false)?;
                if on_branch.is_empty() { self.tips_on(&rows, label)? } else { on_branch }
            }
        };
        match starts[..] {
            [] => Ok(End::Nowhere),
            [one] => Ok(End::Revision(one)),
            _ => Err(self.several_rows(&starts, "+N")),
        }
    }

    fn tips_on(&self, rows: &[Index], label: &str) -> Result<Vec<Index>> {
        let applied: Vec<Index> = self.ancestors(rows, true).iter().collect();
        let active = self.on_lineage(&applied, label, false)?;
        let below: Vec<Index> =
            active.iter().flat_map(|i| self.node(*i).normal_down.iter().copied()).collect();
        Ok(active.into_iter().filter(|i| !below.contains(i)).collect())
    }

    fn several_rows(&self, rows: &[Index], what: &str) -> RevisionError {
        let names = self.names(rows.iter().copied());
        RevisionError::new(
            Code::AmbiguousRelative,
            format!("{what} could count from any of the version rows {}", names.join(", ")),
        )
        .about(names)
        .help("say from where: REV+N, REV-N, or LABEL@+N")
    }

    fn upgrade_between(&self, rows: &[Index], targets: &[Index]) -> Result<Plan> {
        let mut needs = self.ancestors_apart(targets)?;
        needs.subtract(&self.ancestors_apart(rows)?);
        let mut order = self.sort(&needs, targets);
        order.reverse();
        Ok(self.stepped(rows, &order, Direction::Up, None))
    }

    pub(super) fn stepped(
        &self,
        rows: &[Index],
        order: &[Index],
        direction: Direction,
        deviation: Option<Deviation>,
    ) -> Plan {
        let mut rows = rows.to_vec();
        let steps = order
            .iter()
            .map(|revision| {
                let changes = match direction {
                    Direction::Up => self.rows_up(&mut rows, *revision),
                    Direction::Down => self.rows_down(&mut rows, *revision),
                };
                Step {
                    revision: self.id(*revision).to_owned(),
                    direction,
                    changes,
                    rows_after: self.names(rows.iter().copied()),
                }
            })
            .collect();
        Plan { steps, rows_after: self.names(rows), deviation }
    }

    pub(super) fn downgrade_target<'a>(
        &self,
        rows: &[String],
        target: &'a str,
        strict: bool,
    ) -> Result<Remainder<'a>> {
        let Some(wanted) = relative(target)? else { return self.downgrade_absolute(target) };
        let (branch, end) = match wanted {
            Relative { symbol: None, steps, .. } if steps >= 0 => {
                return Err(RevisionError::new(
                    Code::RelativeOutOfRange,
                    format!("{target:?} does not lead down: a downgrade counts with -N"),
                )
                .help("migratectl upgrade goes up"));
            }
            Relative { symbol: Some(symbol), steps, label } if steps >= 0 => {
                (label.map(Branch::Label), self.walk(End::of(self.get_one(symbol)?), steps, label, strict)?)
            }
            Relative { symbol: Some(symbol), steps, label } => (
                label.map(Branch::Label),
                self.walk(End::of(self.get_labelled(label, symbol)?), steps, None, strict)?,
            ),
            Relative { symbol: None, steps, label } => {
                let start = self.downgrade_start(rows, label, target)?;
                let end = self.walk(End::Revision(start), steps, None, strict)?;
                // Only the branch that was counted on is taken back.
                (Some(label.map_or(Branch::Row(start), Branch::Label)), end)
            }
        };
        let target = match end {
            End::Nowhere => return Err(RevisionError::out_of_range(target)),
            End::Base => None,
            End::Revision(index) => Some(index),
        };
        Ok(Remainder { branch, target, deviation: None })
    }

    fn downgrade_start(&self, rows: &[String], label: Option<&str>, target: &str) -> Result<Index> {
        let rows = self.rows(rows)?;
        let starts = match label {
            None => rows,
            Some(label) => {
                let on_branch = self.on_lineage(&rows, label, false)?;
                if on_branch.is_empty() {
                    // The branch may stand only because another one depends on it.
                    self.on_lineage(&self.branch_heads(&self.ancestors(&rows, true)), label, false)?
                } else {
                    on_branch
                }
            }
        };
        match starts[..] {
            [] => Err(RevisionError::out_of_range(target)),
            [one] => Ok(one),
            _ => Err(self.several_rows(&starts, target).deviating(Deviation::SeveralRows)),
        }
    }

    fn downgrade_absolute<'a>(&self, target: &'a str) -> Result<Remainder<'a>> {
        let (label, symbol) = match target.rsplit_once('@') {
            Some((label, symbol)) => (Some(label).filter(|l| !l.is_empty()), symbol),
            None => (None, target),
        };
        // A label that nobody carries must not be taken for none.
        if let Some(label) = label {
            self.branch(label).map_err(|e| e.deviating(Deviation::UnknownLabel))?;
        }
        let honoured = label.is_some() && symbol == "head";
        let target = if honoured { self.get_one(target)? } else { self.get_one(symbol)? };
        Ok(Remainder {
            branch: label.map(Branch::Label),
            target,
            deviation: honoured.then_some(Deviation::LabelHonoured),
        })
    }

    fn downgrade_to(&self, rows: &[Index], remainder: &Remainder<'_>, text: &str) -> Result<Plan> {
        let mut roots: Vec<Index> = match remainder.target {
            None => self.bases.clone(),
            Some(target) => self.node(target).next.clone(),
        };
        let mut deviation = remainder.deviation;
        if let Some(branch) = remainder.branch {
            let (label, top) = match branch {
                Branch::Label(label) => (Some(label), self.branch(label)?),
                Branch::Row(row) => (None, Some(row)),
            };
            if roots.len() > 1 {
                let below = self.ancestors(&top.into_iter().collect::<Vec<_>>(), false);
                roots.retain(|r| below.contains(*r));
                if roots.is_empty() {
                    return Err(RevisionError::new(
                        Code::InvalidDowngradeTarget,
                        format!("nothing above {text:?} is on that branch"),
                    )
                    .help("migratectl history shows the branches"));
                }
            }
            if remainder.target.is_none()
                && let Some(of_branch) = label.and_then(|l| self.branch_roots(l, top))
                && of_branch != roots
            {
                (roots, deviation) = (of_branch, Some(Deviation::LabelHonoured));
            }
        }
        let mut drop = self.descendants(&roots, true);
        drop.keep(&self.ancestors(rows, true));
        if let Some(target) = remainder.target
            && drop.is_empty()
            && !rows.contains(&target)
        {
            let shown = self.names(rows.iter().copied()).join(", ");
            return Err(RevisionError::new(
                Code::NotAnAncestor,
                format!(
                    "{} does not lie below {}",
                    self.id(target),
                    if shown.is_empty() { "base" } else { &shown }
                ),
            )
            .about([self.id(target)])
            .help("migratectl current shows where the target stands"));
        }
        let order = self.sort(&drop, rows);
        Ok(self.stepped(rows, &order, Direction::Down, deviation))
    }

    /// Where a label's own branch begins: the lowest revisions that carry the label. `None` for a branch named by
    /// a revision, which carries nothing.
    fn branch_roots(&self, label: &str, branch: Option<Index>) -> Option<Vec<Index>> {
        let declared = self.node(branch?).own_labels.iter().any(|l| l == label);
        if !declared {
            return None;
        }
        let carries = |i: &Index| self.node(*i).labels.contains(label);
        let roots = (0..self.ids.len() as Index)
            .filter(carries)
            .filter(|i| !self.node(*i).down.iter().any(carries))
            .collect();
        Some(roots)
    }

    /// The branch's revisions, as `label@base` takes them back.
    pub(super) fn branch_set(&self, label: &str) -> Result<Set> {
        let branch = self.branch(label)?;
        let roots = self.branch_roots(label, branch).unwrap_or_else(|| {
            let below = self.ancestors(&branch.into_iter().collect::<Vec<_>>(), false);
            self.bases.iter().copied().filter(|b| below.contains(*b)).collect()
        });
        Ok(self.descendants(&roots, true))
    }
}

fn at_revision(end: End, text: &str) -> Result<Index> {
    end.revision().ok_or_else(|| RevisionError::out_of_range(text))
}

fn no_range(target: &str) -> Result<()> {
    if target.contains(':') {
        return Err(RevisionError::new(
            Code::RangeNotAllowed,
            format!("{target:?} is a range: a run begins where the database stands"),
        )
        .help("name the goal alone, or write a script with --sql"));
    }
    Ok(())
}
