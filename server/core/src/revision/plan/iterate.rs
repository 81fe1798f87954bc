//! The revisions between two ends: what plans and histories are cut from.

use super::goal::{Remains, borrowed, describe, out_of_range};
use crate::revision::error::{Fault, RevisionError};
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::{Ident, split_branch};
use crate::revision::marks::{Idx, Marks};
use crate::revision::topology::Shape;
use crate::revision::walk::Place;

/// Which revisions between two ends are wanted (Alembic's `RevisionMap.iterate_revisions`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span<'a> {
    /// The upper end; several identifiers stand side by side, none is base.
    pub upper: &'a [&'a str],
    /// The lower end.
    pub lower: &'a [&'a str],
    /// Whether the lower end itself belongs to it.
    pub inclusive: bool,
    /// Whether all that the upper end contains and the lower does not is wanted, and not only what descends from
    /// the lower end.
    pub implicit_base: bool,
    /// Whether `upper` are version rows and `lower` is a downgrade target.
    pub for_downgrade: bool,
    /// Whether a relative step past an end stays at the end instead of being an error.
    pub clip: bool,
}

impl RevisionGraph {
    /// The revisions of a span, newest first, in the order of a plan.
    ///
    /// # Errors
    /// Those of the lookup; `OVERLAPPING` and `NOT_AN_ANCESTOR`.
    pub fn iterate(&self, span: &Span<'_>) -> Result<Vec<String>, RevisionError> {
        let (upper, lower) = (ident(span.upper), ident(span.lower));
        let (revisions, tips, shape) = if span.for_downgrade {
            self.span_down(span, upper, lower)?
        } else {
            self.span_up(span, upper, lower)?
        };
        let order = self.newest_first(&revisions, &tips, shape);
        order.map(|order| self.owned_ids(&order)).ok_or_else(|| apart(lower, upper))
    }

    /// The full history, or a range of it, newest first. A range is `[START]:[END]`, inclusive at both ends; a
    /// relative end beyond the graph clips; `current` stands for the version rows.
    ///
    /// START must be an ancestor of END by `down_revision` (as for `alembic history -r`).
    ///
    /// # Errors
    /// `RANGE_REQUIRED`, `MALFORMED`, `NOT_AN_ANCESTOR`, and those of the lookup.
    pub fn history<S: AsRef<str>>(
        &self,
        range: Option<&str>,
        rows: &[S],
    ) -> Result<Vec<String>, RevisionError> {
        let (start, end) = match range.map(str::trim) {
            None => ("", ""),
            Some(text) => crate::revision::ident::range(text)?.ok_or_else(|| Fault::RangeRequired {
                given: text.to_owned(),
                wanted: "`start:end`, `start:` or `:end`",
            })?,
        };
        let rows = borrowed(rows);
        // As in Alembic, only one end is replaced; no rows at all are no bound.
        let (end_is_rows, start_is_rows) = (end == "current", start == "current" && end != "current");
        let upper = match end {
            "current" if end_is_rows && !rows.is_empty() => rows.clone(),
            "current" | "" => vec!["heads"],
            end => vec![end],
        };
        let lower = match start {
            "current" if start_is_rows && !rows.is_empty() => rows,
            "" => vec!["base"],
            "current" if start_is_rows => vec!["base"],
            start => vec![start],
        };
        let span = Span { upper: &upper, lower: &lower, inclusive: true, clip: true, ..Span::default() };
        self.iterate(&span)
    }

    fn span_up(
        &self,
        span: &Span<'_>,
        upper: Ident<'_>,
        lower: Ident<'_>,
    ) -> Result<(Marks, Vec<Idx>, Shape), RevisionError> {
        let mut tips = self.upgrade_goal(lower, upper, span.clip)?;
        if let Ident::One(text) = lower
            && let (Some(branch), _) = split_branch(text)
        {
            tips = self.on_branch_of(tips, branch)?;
        }
        self.refuse_overlap(&tips)?;
        let required = self.closure(tips.iter().copied());

        let mut bounds = self.places(lower)?;
        let outside = |place: &Place| match place {
            Place::At(index) => !required.contains(*index),
            Place::Base => true,
            Place::Nothing => false,
        };
        if !span.implicit_base && bounds.iter().any(outside) {
            return Err(apart(lower, upper));
        }
        if bounds.first() == Some(&Place::Nothing) {
            // `-N:` below more than there is: read it as a downgrade target from the upper end, clipped.
            bounds = match self.downgrade_goal(upper, lower, span.clip)?.place {
                Place::At(index) => vec![Place::At(index)],
                Place::Base | Place::Nothing => Vec::new(),
            };
        }
        let reach = |place: &Place| match place {
            Place::At(index) => Ok(*index),
            Place::Base | Place::Nothing => Err(out_of_range(&describe(lower))),
        };
        let bounds: Vec<Idx> = bounds.iter().map(reach).collect::<Result<_, _>>()?;
        self.refuse_overlap(&bounds)?;

        let mut revisions = required;
        revisions.subtract(&self.closure(bounds.iter().copied()));
        if span.inclusive {
            bounds.iter().for_each(|index| {
                revisions.insert(*index);
            });
        }
        let restricted = !bounds.is_empty() && !span.implicit_base;
        if restricted {
            revisions.intersect(&self.spread(bounds, |entry| &entry.next));
        }
        let shape = if restricted && self.has_dependencies { Shape::Holed } else { Shape::Convex };
        Ok((revisions, tips, shape))
    }

    /// Those of `tips` that carry the label; a revision's full id stands for its only label.
    fn on_branch_of(&self, tips: Vec<Idx>, branch: &str) -> Result<Vec<Idx>, RevisionError> {
        let mut label = branch;
        if let Place::At(index) = self.place(branch)?
            && self.id(index) == branch
        {
            label = match self.labels_of(branch).as_slice() {
                [only] => only,
                labels => {
                    let reason =
                        format!("revision `{branch}` is on {} labelled branches, not one", labels.len());
                    return Err(Fault::Malformed { ident: format!("{branch}@"), reason }.into());
                }
            };
        }
        Ok(tips.into_iter().filter(|tip| self.carries(*tip, label)).collect())
    }

    fn span_down(
        &self,
        span: &Span<'_>,
        upper: Ident<'_>,
        lower: Ident<'_>,
    ) -> Result<(Marks, Vec<Idx>, Shape), RevisionError> {
        let remains: Remains<'_> = self.downgrade_goal(upper, lower, span.clip)?;
        let roots = self.roots_above(&remains, span.inclusive, &describe(lower))?;
        let reach = |place| match place {
            Place::At(index) => Ok(index),
            Place::Base | Place::Nothing => Err(out_of_range(&describe(upper))),
        };
        let rows: Vec<Idx> = self.places(upper)?.into_iter().map(reach).collect::<Result<_, _>>()?;
        let active = self.closure(rows.iter().copied());
        let mut revisions = self.dependents(roots.iter().copied());
        revisions.intersect(&active);
        if span.implicit_base {
            let mut others = active;
            others.subtract(&self.closure(roots));
            revisions.union(&others);
        }
        match remains.place {
            Place::At(top) if revisions.is_empty() && !rows.contains(&top) => {
                Err(self.not_below(&describe(lower), &rows))
            }
            _ => Ok((revisions, rows, Shape::Holed)),
        }
    }
}

fn ident<'a>(names: &'a [&'a str]) -> Ident<'a> {
    match names {
        [] => Ident::Base,
        [only] => Ident::One(only),
        several => Ident::Many(several),
    }
}

fn apart(lower: Ident<'_>, upper: Ident<'_>) -> RevisionError {
    Fault::NotAnAncestor { lower: describe(lower), upper: describe(upper) }.into()
}
