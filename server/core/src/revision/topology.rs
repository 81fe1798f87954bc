//! The order of a plan: newest first, one branch after the other (reference 2.6 and appendix B).

use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

/// What is to be ordered, and what is known about its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Whatever lies between two members is a member: true of every upgrade and downgrade.
    Convex,
    /// Members may be connected through revisions that are none, as in a history range over dependencies.
    Holed,
}

impl RevisionGraph {
    /// Orders `members` from the newest down, starting at those of `tips` that are members.
    ///
    /// The order is Alembic's: a list of branches, at first the tips by load order; the branch at hand is followed
    /// down until another one still has something above it, which then comes first; new branches go to the end.
    ///
    /// `None` where some member lies below no tip.
    pub(super) fn newest_first(&self, members: &Marks, tips: &[Idx], shape: Shape) -> Option<Vec<Idx>> {
        let mut branches: Vec<Idx> = tips.iter().copied().filter(|index| members.contains(*index)).collect();
        branches.sort_unstable();
        branches.dedup();
        let mut listed = self.marks();
        branches.iter().for_each(|index| {
            listed.insert(*index);
        });

        let mut todo = members.clone();
        let mut left = members.len();
        let mut order = Vec::with_capacity(left);
        let mut at = 0;
        while let Some(&candidate) = branches.get(at) {
            if let Some(other) = self.branch_above(candidate, at, &branches, &todo, shape) {
                at = other;
                continue;
            }
            order.push(candidate);
            todo.remove(candidate);
            listed.remove(candidate);
            left -= 1;

            let below = self.entries[candidate].below.iter().copied();
            let mut next = below.filter(|index| todo.contains(*index) && listed.insert(*index));
            match next.next() {
                Some(first) => {
                    branches[at] = first;
                    branches.extend(next);
                }
                None => {
                    branches.remove(at);
                    at = at.saturating_sub(1);
                }
            }
        }
        (left == 0).then_some(order)
    }

    /// The first other branch whose tip stands above `candidate`.
    fn branch_above(
        &self,
        candidate: Idx,
        at: usize,
        branches: &[Idx],
        todo: &Marks,
        shape: Shape,
    ) -> Option<usize> {
        let waiting = |index: Idx| self.entries[index].above.iter().copied().filter(|up| todo.contains(*up));
        let above = match shape {
            _ if branches.len() == 1 => return None,
            // Between members there are only members, so whoever stands above is reached through what is left.
            Shape::Convex => {
                waiting(candidate).next()?;
                let (mut above, mut open) = (self.marks(), vec![candidate]);
                while let Some(index) = open.pop() {
                    if above.insert(index) {
                        open.extend(waiting(index));
                    }
                }
                above
            }
            Shape::Holed => self.dependents([candidate]),
        };
        branches.iter().enumerate().position(|(place, tip)| place != at && above.contains(*tip))
    }
}
