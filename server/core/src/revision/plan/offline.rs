//! Offline plans: the version rows are not read but stated, as the start of a range
//! (`START:END` of Alembic's "Generating SQL Scripts").

use super::Plan;
use crate::revision::error::{Fault, RevisionError};
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::{Ident, range};
use crate::revision::walk::Place;

impl RevisionGraph {
    /// Plans `[START:]TARGET` from START, or from base where it is left out. START is a single revision.
    ///
    /// # Errors
    /// As [`plan_upgrade`](Self::plan_upgrade), and `MALFORMED` for a second colon.
    pub fn plan_upgrade_range(&self, text: &str) -> Result<Plan, RevisionError> {
        let (start, target) = range(text)?.unwrap_or(("", text));
        let rows = self.stated_rows(start)?;
        self.upgrade_from(&rows, Ident::One(target))
    }

    /// Plans `START:TARGET` downwards; both must be there.
    ///
    /// # Errors
    /// As [`plan_downgrade`](Self::plan_downgrade), `RANGE_REQUIRED`, and `MALFORMED` for a second colon.
    pub fn plan_downgrade_range(&self, text: &str) -> Result<Plan, RevisionError> {
        let (start, target) = range(text)?
            .ok_or_else(|| Fault::RangeRequired { given: text.to_owned(), wanted: "`start:target`" })?;
        let rows = self.stated_rows(start)?;
        self.downgrade_from(&rows, target)
    }

    /// The version rows that the start of a range states: one revision or none.
    pub(super) fn stated_rows(&self, start: &str) -> Result<Vec<&str>, RevisionError> {
        match start {
            "" | "base" => Ok(Vec::new()),
            start => Ok(match self.place(start)? {
                Place::At(index) => vec![self.id(index)],
                Place::Base | Place::Nothing => Vec::new(),
            }),
        }
    }
}
