//! Ancestors, descendants and who shares a line with whom.

use super::error::{Fault, RevisionError};
use super::graph::{Entry, RevisionGraph};
use super::marks::{Idx, Marks};

impl RevisionGraph {
    /// `from` and everything below, dependencies included.
    pub(super) fn closure(&self, from: impl IntoIterator<Item = Idx>) -> Marks {
        self.spread(from, |entry| &entry.below)
    }

    /// `from` and everything above, dependents included.
    pub(super) fn dependents(&self, from: impl IntoIterator<Item = Idx>) -> Marks {
        self.spread(from, |entry| &entry.above)
    }

    /// `from` and its ancestors by `down_revision`.
    pub(super) fn ancestors_by_descent(&self, from: Idx) -> Marks {
        self.spread([from], |entry| &entry.down)
    }

    /// `from` and its descendants by `down_revision`.
    pub(super) fn descendants_by_descent(&self, from: Idx) -> Marks {
        self.spread([from], |entry| &entry.next)
    }

    /// `of`, its ancestors and its descendants; by `down_revision` alone or with dependencies.
    pub(super) fn lineage(&self, of: Idx, dependencies: bool) -> Marks {
        let (mut line, above) = if dependencies {
            (self.closure([of]), self.dependents([of]))
        } else {
            (self.ancestors_by_descent(of), self.descendants_by_descent(of))
        };
        line.union(&above);
        line
    }

    pub(super) fn spread<'g>(
        &'g self,
        from: impl IntoIterator<Item = Idx>,
        follow: impl Fn(&'g Entry) -> &'g Vec<Idx>,
    ) -> Marks {
        let mut seen = self.marks();
        let mut todo: Vec<Idx> = from.into_iter().collect();
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend(follow(&self.entries[index]));
            }
        }
        seen
    }

    /// Refuses revisions of which one stands above another, dependencies counted.
    ///
    /// # Errors
    /// `OVERLAPPING`, naming the first such revision and all that it contains.
    pub(super) fn refuse_overlap(&self, side_by_side: &[Idx]) -> Result<(), RevisionError> {
        if side_by_side.len() < 2 {
            return Ok(());
        }
        let below = |index: Idx| self.entries[index].below.iter().copied();
        let strictly_below = self.closure(side_by_side.iter().flat_map(|index| below(*index)));
        let contained: Vec<Idx> =
            side_by_side.iter().copied().filter(|index| strictly_below.contains(*index)).collect();
        if contained.is_empty() {
            return Ok(());
        }
        for upper in side_by_side {
            let own = self.closure(below(*upper));
            let mut others: Vec<Idx> =
                contained.iter().copied().filter(|index| own.contains(*index)).collect();
            others.dedup();
            if !others.is_empty() {
                return Err(Fault::Overlapping {
                    revision: self.id(*upper).to_owned(),
                    others: self.owned_ids(&others),
                }
                .into());
            }
        }
        Ok(())
    }
}
