//! The order of plans: Alembic's `_topological_sort`, step for step, for its result is what users know.

use super::graph::{Index, RevisionGraph};
use super::related::Set;

impl RevisionGraph {
    /// Sorts a set of revisions, newest first: depth first down one branch until another one needs what comes
    /// next. Branches begin at `heads`, in load order.
    pub(super) fn sort(&self, set: &Set, heads: &[Index]) -> Vec<Index> {
        let mut todo = set.clone();
        let mut current: Vec<Index> = self.set(heads).iter().filter(|h| set.contains(*h)).collect();
        let mut below: Vec<Set> = current.iter().map(|h| self.ancestors(&[*h], true)).collect();
        let mut output = Vec::with_capacity(set.len());
        let mut at = 0;
        while !current.is_empty() {
            let candidate = current[at];
            let waits_for = (0..below.len()).find(|other| *other != at && below[*other].contains(candidate));
            if let Some(other) = waits_for {
                at = other;
                continue;
            }
            if todo.contains(candidate) {
                output.push(candidate);
                todo.remove(candidate);
            }
            let node = self.node(candidate);
            let next: Vec<Index> = node
                .normal_down
                .iter()
                .copied()
                .filter(|p| todo.contains(*p) && !current.contains(p))
                .collect();
            let Some((first, more)) = next.split_first() else {
                current.remove(at);
                below.remove(at);
                at = at.saturating_sub(1);
                continue;
            };
            current[at] = *first;
            if node.normal_deps.is_empty() && node.down.len() == 1 {
                below[at].remove(candidate);
            } else {
                current.extend(more);
                below[at] = self.ancestors(&[*first], true);
                below.extend(more.iter().map(|m| self.ancestors(&[*m], true)));
            }
        }
        output
    }
}
