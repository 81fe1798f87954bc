//! Steps up and down the parents (Alembic's `_walk`). Dependencies are never walked.

use super::Result;
use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use crate::Code;

/// Where a walk ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a revision.
    Revision(Index),
    /// Just below the first revision.
    Base,
    /// Nowhere: it led past the end, or it began at nothing.
    Nowhere,
}

impl End {
    pub(super) fn revision(self) -> Option<Index> {
        match self {
            End::Revision(index) => Some(index),
            End::Base | End::Nowhere => None,
        }
    }

    pub(super) fn of(index: Option<Index>) -> End {
        index.map_or(End::Nowhere, End::Revision)
    }
}

impl RevisionGraph {
    /// Walks `steps` up (positive) or down from `start`, which is [`End::Nowhere`] for base on the way up. A label
    /// chooses among children. Past the end: nowhere, or where it got to if `strict` is not set.
    pub(super) fn walk(&self, start: End, steps: i64, label: Option<&str>, strict: bool) -> Result<End> {
        let mut at = start;
        for _ in 0..steps.unsigned_abs() {
            let next = if steps > 0 { self.up(at, label)? } else { self.down(at) };
            match next[..] {
                [] => return Ok(if strict { End::Nowhere } else { at }),
                [one] => at = one,
                _ => return Err(self.ambiguous(at, &next)),
            }
        }
        Ok(at)
    }

    fn up(&self, at: End, label: Option<&str>) -> Result<Vec<End>> {
        let children = match at {
            End::Revision(index) => &self.node(index).next,
            End::Base | End::Nowhere => &self.bases,
        };
        let children = match label {
            Some(label) => self.on_lineage(children, label, false)?,
            None => children.clone(),
        };
        Ok(children.into_iter().map(End::Revision).collect())
    }

    fn down(&self, at: End) -> Vec<End> {
        let parents = match at {
            End::Base => return Vec::new(),
            End::Revision(index) => &self.node(index).down,
            End::Nowhere => &self.heads,
        };
        if parents.is_empty() {
            return vec![End::Base];
        }
        parents.iter().copied().map(End::Revision).collect()
    }

    fn ambiguous(&self, at: End, next: &[End]) -> RevisionError {
        let names = self.names(next.iter().filter_map(|n| n.revision()));
        let place = at.revision().map_or("base", |i| self.id(i));
        RevisionError::new(
            Code::AmbiguousWalk,
            format!("from {place} there are several ways to count: {}", names.join(", ")),
        )
        .about(names)
        .help("name the revision to go to, or the branch with LABEL@")
    }
}
