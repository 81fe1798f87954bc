//! Branch labels: which revisions are on the branch of a label.

use super::graph::{Index, RevisionGraph};

impl RevisionGraph {
    /// Gives labels to every descendant by parents, and down from the revision that declares them as long as
    /// nothing forks or merges between it and the end of its branch (Alembic: `_add_branches`).
    pub(super) fn propagate_labels(&mut self) {
        for i in 0..self.ids.len() as Index {
            let labels = self.node(i).own_labels.clone();
            if labels.is_empty() {
                continue;
            }
            let mut on_branch: Vec<Index> = self.descendants(&[i], false).iter().collect();
            if self.is_plain_line_up(i) {
                on_branch.extend(self.plain_line_down(i));
            }
            for at in on_branch {
                self.nodes[at as usize].labels.extend(labels.iter().cloned());
            }
        }
    }

    /// Neither a fork (dependents counted) nor a merge from here to the end of the branch.
    fn is_plain_line_up(&self, from: Index) -> bool {
        let mut at = from;
        loop {
            let node = self.node(at);
            if node.all_next.len() > 1 || node.down.len() > 1 {
                return false;
            }
            match node.next.first() {
                Some(next) => at = *next,
                None => return true,
            }
        }
    }

    /// The revisions below, down to the first fork or merge, which is not of the branch any more.
    fn plain_line_down(&self, from: Index) -> Vec<Index> {
        let mut line = Vec::new();
        let mut at = from;
        while let [parent] = self.node(at).down[..] {
            let node = self.node(parent);
            if node.all_next.len() > 1 || node.down.len() > 1 {
                break;
            }
            line.push(parent);
            at = parent;
        }
        line
    }
}
