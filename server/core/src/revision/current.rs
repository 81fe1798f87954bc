//! What version rows say about the database: what is applied, and how that compares with a goal.

use super::error::RevisionError;
use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

/// The revisions that version rows imply.
#[derive(Debug, Clone)]
pub struct Applied<'g> {
    graph: &'g RevisionGraph,
    marks: Marks,
}

impl<'g> Applied<'g> {
    /// Whether the full id is applied.
    pub fn contains(&self, id: &str) -> bool {
        self.graph.by_id.get(id).is_some_and(|index| self.marks.contains(*index))
    }

    /// The applied revisions' ids in load order.
    pub fn ids(&self) -> impl Iterator<Item = &'g str> + '_ {
        let graph = self.graph;
        self.marks.iter().map(move |index| graph.id(index))
    }

    /// How many revisions are applied.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether nothing is applied.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}

/// How version rows stand to a goal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the goal contains and the database lacks, in load order. Empty: the goal is reached.
    pub missing: Vec<String>,
    /// Rows that lie beyond the goal: they contain some of it and are not part of it.
    pub ahead: Vec<String>,
    /// Rows beside the goal: neither part of it nor beyond it, such as another team's branch.
    pub beside: Vec<String>,
}

impl Standing {
    /// Whether everything that the goal contains is applied.
    pub fn is_reached(&self) -> bool {
        self.missing.is_empty()
    }
}

impl RevisionGraph {
    /// The revisions that the version rows imply, dependencies included.
    ///
    /// # Errors
    /// `UNKNOWN_REVISION` for a row that no revision has.
    pub fn applied<S: AsRef<str>>(&self, rows: &[S]) -> Result<Applied<'_>, RevisionError> {
        Ok(Applied { graph: self, marks: self.closure(self.rows(rows)?) })
    }

    /// Compares the version rows with a goal, given as full ids (none is base).
    ///
    /// # Errors
    /// `UNKNOWN_REVISION` for a row or goal that no revision has.
    pub fn standing<S: AsRef<str>, T: AsRef<str>>(
        &self,
        rows: &[S],
        goal: &[T],
    ) -> Result<Standing, RevisionError> {
        let find = |id: &T| self.by_id.get(id.as_ref()).copied().ok_or_else(|| self.unknown(id.as_ref()));
        let goal: Vec<Idx> = goal.iter().map(find).collect::<Result<_, _>>()?;
        let rows = self.rows(rows)?;
        let applied = self.closure(rows.iter().copied());
        let (contained, beyond) = (self.closure(goal.iter().copied()), self.dependents(goal.iter().copied()));
        let outside = rows.iter().filter(|row| !contained.contains(**row));
        // Of an empty goal every row is beyond: base is below everything.
        let (ahead, beside): (Vec<&Idx>, Vec<&Idx>) =
            outside.partition(|row| goal.is_empty() || beyond.contains(**row));
        let missing: Vec<Idx> = self.missing(&goal, &applied).iter().collect();
        Ok(Standing {
            missing: self.owned_ids(&missing),
            ahead: self.owned_ids(ahead),
            beside: self.owned_ids(beside),
        })
    }

    /// Where the database stands: the tips of what is applied, branch by branch, in load order. These are the
    /// rows, and the heads that they imply through dependencies (as `alembic current` marks them).
    ///
    /// # Errors
    /// `UNKNOWN_REVISION` for a row that no revision has.
    pub fn current<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<String>, RevisionError> {
        Ok(self.owned_ids(&self.branch_heads(&self.rows(rows)?)))
    }

    /// Whether the database is fully upgraded: the rows are exactly the effective heads. (Alembic's `--check-heads`
    /// compares with the heads by `down_revision`, which a dependency can make unreachable for ever.)
    pub fn is_at_heads<S: AsRef<str>>(&self, rows: &[S]) -> bool {
        let mut rows: Vec<&str> = rows.iter().map(AsRef::as_ref).collect();
        let mut heads = self.effective_heads();
        rows.sort_unstable();
        rows.dedup();
        heads.sort_unstable();
        rows == heads
    }

    /// Applied revisions that no applied child by `down_revision` follows.
    pub(super) fn branch_heads(&self, rows: &[Idx]) -> Vec<Idx> {
        let applied = self.closure(rows.iter().copied());
        let on_top = |index: &Idx| !self.entries[*index].next.iter().any(|up| applied.contains(*up));
        applied.iter().filter(on_top).collect()
    }
}
