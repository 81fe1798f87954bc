//! Relative steps along `down_revision`.

use super::error::{Fault, RevisionError};
use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

/// Where a walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    At(Idx),
    /// A walk down that went exactly past a base.
    Base,
    /// Outside of the graph. As the start of a walk: below the bases on the way up and, as in Alembic, above the
    /// heads on the way down (so `base-1` is the head). As its end: too far.
    Nothing,
}

impl RevisionGraph {
    /// Walks up (`steps` > 0) or down. On the way up `label` picks the side of a fork. Past the end the result is
    /// `Nothing`, or with `clip` the last place. Dependencies are never walked.
    ///
    /// # Errors
    /// `AMBIGUOUS_WALK` at a fork or merge; those of the lookup for `label`.
    pub(super) fn walk(
        &self,
        start: Place,
        steps: i64,
        label: Option<&str>,
        clip: bool,
    ) -> Result<Place, RevisionError> {
        let mut at = start;
        let mut line: Option<Marks> = None;
        for _ in 0..steps.unsigned_abs() {
            let choices: Vec<Place> = if steps > 0 {
                let up: &[Idx] = match at {
                    Place::At(index) => &self.entries[index].next,
                    Place::Nothing => &self.bases,
                    Place::Base => &[],
                };
                match (label, &line) {
                    (None, _) => up.iter().copied().map(Place::At).collect(),
                    (Some(label), None) => {
                        let kept = self.on_branch(up, label)?;
                        if !up.is_empty() {
                            // The lineage is the same at every step: computed once, a long walk stays linear.
                            line = Some(self.line_marks(label)?);
                        }
                        kept.into_iter().map(Place::At).collect()
                    }
                    (Some(_), Some(line)) => {
                        up.iter().copied().filter(|index| line.contains(*index)).map(Place::At).collect()
                    }
                }
            } else {
                match at {
                    Place::At(index) if self.entries[index].down.is_empty() => vec![Place::Base],
                    Place::At(index) => self.entries[index].down.iter().copied().map(Place::At).collect(),
                    Place::Nothing if self.heads.is_empty() => vec![Place::Base],
                    Place::Nothing => self.heads.iter().copied().map(Place::At).collect(),
                    Place::Base => Vec::new(),
                }
            };
            match choices.as_slice() {
                [] => return Ok(if clip { at } else { Place::Nothing }),
                [only] => at = *only,
                several => return Err(self.ambiguous(at, steps > 0, several)),
            }
        }
        Ok(at)
    }

    fn line_marks(&self, label: &str) -> Result<Marks, RevisionError> {
        let all: Vec<Idx> = (0..self.len()).collect();
        let mut marks = self.marks();
        for index in self.on_branch(&all, label)? {
            marks.insert(index);
        }
        Ok(marks)
    }

    fn ambiguous(&self, at: Place, up: bool, choices: &[Place]) -> RevisionError {
        let name = |place: &Place| match place {
            Place::At(index) => Some(self.id(*index).to_owned()),
            Place::Base | Place::Nothing => None,
        };
        Fault::AmbiguousWalk {
            from: name(&at),
            direction: if up { "up" } else { "down" },
            choices: choices.iter().filter_map(name).collect(),
        }
        .into()
    }
}
