//! Branch labels: who carries them.
//!
//! A label stands on the revision that declares it and on all its descendants by `down_revision`. Alembic also
//! carries it down to the ancestors, as far as the branch is a single line: from the last revision above the
//! declaring one, down to the first revision that several follow or depend on, or that has several parents.

use super::graph::RevisionGraph;
use super::marks::{Idx, Marks};

impl RevisionGraph {
    /// The labels that a full id carries, declared or inherited, sorted; empty where it is unknown.
    pub fn labels_of(&self, id: &str) -> Vec<&str> {
        let Some(index) = self.by_id.get(id) else { return Vec::new() };
        let carried = self.labels.iter().filter(|(_, declares)| self.carriers(*declares).contains(*index));
        let mut labels: Vec<&str> = carried.map(|(label, _)| label.as_str()).collect();
        labels.sort_unstable();
        labels
    }

    /// The labels that each revision carries, sorted, for every revision in load order.
    pub fn labels(&self) -> Vec<(&str, Vec<&str>)> {
        let mut all: Vec<(&str, Vec<&str>)> =
            self.nodes().map(|node| (node.id.as_str(), Vec::new())).collect();
        let mut labels: Vec<_> = self.labels.iter().collect();
        labels.sort();
        for (label, declares) in labels {
            for index in self.carriers(*declares).iter() {
                all[index].1.push(label.as_str());
            }
        }
        all
    }

    /// Every label with the revision that declares it, in load order.
    pub fn declared_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(label, index)| (label.as_str(), self.id(*index)))
    }

    /// Whether the revision carries that very label; a revision's id is none.
    pub(super) fn carries(&self, index: Idx, label: &str) -> bool {
        self.by_label.get(label).is_some_and(|declares| self.carriers(*declares).contains(index))
    }

    fn carriers(&self, declares: Idx) -> Marks {
        let mut carriers = self.descendants_by_descent(declares);
        if let Some(top) = self.end_of_line(declares) {
            let mut at = top;
            loop {
                let entry = &self.entries[at];
                if entry.above.len() > 1 || entry.down.len() > 1 {
                    break;
                }
                carriers.insert(at);
                match entry.down.first() {
                    Some(parent) => at = *parent,
                    None => break,
                }
            }
        }
        carriers
    }

    /// The last revision above `from` if the line does not fork. Where it does, every way down from above ends
    /// at a fork or a merge at or above `from`, so there is nothing to carry further.
    fn end_of_line(&self, from: Idx) -> Option<Idx> {
        let mut at = from;
        loop {
            match self.entries[at].next.as_slice() {
                [] => return Some(at),
                [only] => at = *only,
                _ => return None,
            }
        }
    }
}
