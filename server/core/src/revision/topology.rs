//! The order of a plan: newest first, one branch after the other (that of Alembic's `RevisionMap._topological_sort`).

use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

/// What is known about the revisions to be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Whatever lies between two members is a member: true of every upgrade and downgrade.
    Convex,
    /// Members may be connected through revisions that are none, as in a history range over dependencies.
    Holed,
}

/// One branch while it is followed down.
struct Branch {
    tip: Idx,
    /// What the tip contains. Only worked out where another branch has to be compared with it: on a line, never.
    contains: Option<Marks>,
}

impl Branch {
    fn at(tip: Idx) -> Self {
        Self { tip, contains: None }
    }
}

impl RevisionGraph {
    /// Orders `members` from the newest down, starting at those of `tips` that are members.
    ///
    /// The order is Alembic's: a list of branches, at first the tips by load order; the branch at hand is followed
    /// down until another one still has something above it, which then comes first; new branches go to the end.
    ///
    /// `None` where some member lies below no tip.
    pub(super) fn newest_first(&self, members: &Marks, tips: &[Idx], shape: Shape) -> Option<Vec<Idx>> {
        let mut listed = self.marks();
        let mut branches: Vec<Branch> = Vec::new();
        for tip in tips.iter().copied().filter(|tip| members.contains(*tip)) {
            if listed.insert(tip) {
                branches.push(Branch::at(tip));
            }
        }
        branches.sort_unstable_by_key(|branch| branch.tip);

        let mut todo = members.clone();
        let mut left = members.len();
        let mut order = Vec::with_capacity(left);
        let mut at = 0;
        while let Some(candidate) = branches.get(at).map(|branch| branch.tip) {
            if let Some(other) = self.branch_above(candidate, at, &mut branches, &todo, shape) {
                at = other;
                continue;
            }
            order.push(candidate);
            todo.remove(candidate);
            listed.remove(candidate);
            left -= 1;

            let below = &self.entries[candidate].below;
            let mut next =
                below.iter().copied().filter(|index| todo.contains(*index) && listed.insert(*index));
            match next.next() {
                Some(first) => {
                    branches[at].tip = first;
                    if below.len() > 1 {
                        branches[at].contains = None;
                    }
                    branches.extend(next.map(Branch::at));
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
        branches: &mut [Branch],
        todo: &Marks,
        shape: Shape,
    ) -> Option<usize> {
        // Between members of a convex set there are only members, and none above the candidate is done before it:
        // whoever contains it does so through what is left to do.
        let convex = shape == Shape::Convex;
        if convex && !self.entries[candidate].above.iter().any(|up| todo.contains(*up)) {
            return None;
        }
        branches.iter_mut().enumerate().position(|(place, branch)| {
            let tip = branch.tip;
            place != at
                && branch
                    .contains
                    .get_or_insert_with(|| if convex { self.within(tip, todo) } else { self.closure([tip]) })
                    .contains(candidate)
        })
    }

    /// What `tip` contains, as far as it can be reached inside of `members`.
    fn within(&self, tip: Idx, members: &Marks) -> Marks {
        let (mut seen, mut open) = (self.marks(), vec![tip]);
        while let Some(index) = open.pop() {
            if seen.insert(index) {
                open.extend(
                    self.entries[index].below.iter().copied().filter(|below| members.contains(*below)),
                );
            }
        }
        seen
    }
}
