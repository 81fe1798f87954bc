//! The revision graph and what can be read off it directly.

use super::marks::{Idx, Marks};
use super::node::Node;
use std::collections::HashMap;

/// A valid revision graph: every parent and dependency is there, nothing follows itself.
///
/// The load order (the order of the nodes given to [`RevisionGraph::new`]; in Alembic, the order of the files)
/// breaks ties in the order of a plan and of every list.
#[derive(Debug, Clone)]
pub struct RevisionGraph {
    pub(super) entries: Vec<Entry>,
    pub(super) by_id: HashMap<String, Idx>,
    pub(super) by_label: HashMap<String, Idx>,
    /// Labels in load order of the revisions that declare them.
    pub(super) labels: Vec<(String, Idx)>,
    pub(super) heads: Vec<Idx>,
    pub(super) effective_heads: Vec<Idx>,
    pub(super) bases: Vec<Idx>,
    pub(super) has_dependencies: bool,
}

/// A node with its names resolved to indexes. Each list is free of duplicates.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) node: Node,
    /// Parents by `down_revision`, as written.
    pub(super) down: Vec<Idx>,
    /// Resolved `depends_on`, as written.
    pub(super) needs: Vec<Idx>,
    /// What the version rows are kept by: `down`, then those `needs` that no ancestor by `down_revision` already
    /// depends on (Alembic's "normalized down revisions").
    pub(super) below: Vec<Idx>,
    /// Children by `down_revision`, in load order.
    pub(super) next: Vec<Idx>,
    /// Children and dependents, in load order.
    pub(super) above: Vec<Idx>,
}

impl RevisionGraph {
    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The revisions in load order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.entries.iter().map(|entry| &entry.node)
    }

    /// The revision of that full id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).map(|index| &self.entries[*index].node)
    }

    /// Whether a revision has that full id.
    pub fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// The place of a full id in the load order.
    pub fn load_index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Revisions without children by `down_revision`: what `head` means.
    pub fn heads(&self) -> Vec<&str> {
        self.ids(&self.heads)
    }

    /// Revisions without children or dependents: what `heads` means, and the rows of a database that is fully
    /// upgraded (Alembic's effective heads, `heads --resolve-dependencies`).
    pub fn effective_heads(&self) -> Vec<&str> {
        self.ids(&self.effective_heads)
    }

    /// Revisions without parents (they may still depend on others).
    pub fn bases(&self) -> Vec<&str> {
        self.ids(&self.bases)
    }

    /// Revisions with several children by `down_revision`, with these.
    pub fn branch_points(&self) -> Vec<(&str, Vec<&str>)> {
        let forks = self.entries.iter().filter(|entry| entry.next.len() > 1);
        forks.map(|entry| (entry.node.id.as_str(), self.ids(&entry.next))).collect()
    }

    /// Revisions with several parents.
    pub fn merge_points(&self) -> Vec<&str> {
        let merges = self.entries.iter().filter(|entry| entry.down.len() > 1);
        merges.map(|entry| entry.node.id.as_str()).collect()
    }

    /// The parents of a full id, as written; empty where it is unknown.
    pub fn parents(&self, id: &str) -> Vec<&str> {
        self.listed(id, |entry| &entry.down)
    }

    /// What a full id depends on, labels resolved; empty where it is unknown.
    pub fn dependencies(&self, id: &str) -> Vec<&str> {
        self.listed(id, |entry| &entry.needs)
    }

    /// The children of a full id by `down_revision`, in load order; empty where it is unknown.
    pub fn children(&self, id: &str) -> Vec<&str> {
        self.listed(id, |entry| &entry.next)
    }

    /// The children of a full id and the revisions that depend on it, in load order; empty where it is unknown.
    pub fn children_and_dependents(&self, id: &str) -> Vec<&str> {
        self.listed(id, |entry| &entry.above)
    }

    /// Whether nothing follows that full id.
    pub fn is_head(&self, id: &str) -> bool {
        self.entry(id).is_some_and(|entry| entry.next.is_empty())
    }

    /// Whether nothing follows that full id or depends on it.
    pub fn is_effective_head(&self, id: &str) -> bool {
        self.entry(id).is_some_and(|entry| entry.above.is_empty())
    }

    /// Whether that full id has no parent.
    pub fn is_base(&self, id: &str) -> bool {
        self.entry(id).is_some_and(|entry| entry.down.is_empty())
    }

    /// Whether several revisions follow that full id.
    pub fn is_branch_point(&self, id: &str) -> bool {
        self.entry(id).is_some_and(|entry| entry.next.len() > 1)
    }

    /// Whether that full id has several parents.
    pub fn is_merge_point(&self, id: &str) -> bool {
        self.entry(id).is_some_and(|entry| entry.down.len() > 1)
    }

    pub(super) fn id(&self, index: Idx) -> &str {
        &self.entries[index].node.id
    }

    pub(super) fn ids(&self, indexes: &[Idx]) -> Vec<&str> {
        indexes.iter().map(|index| self.id(*index)).collect()
    }

    pub(super) fn owned_ids<'i>(&self, indexes: impl IntoIterator<Item = &'i Idx>) -> Vec<String> {
        indexes.into_iter().map(|index| self.id(*index).to_owned()).collect()
    }

    pub(super) fn marks(&self) -> Marks {
        Marks::new(self.entries.len())
    }

    /// Every id, then every label: what a name may match.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .map(|entry| entry.node.id.as_str())
            .chain(self.labels.iter().map(|(label, _)| label.as_str()))
    }

    /// The revision that a full id or a label names.
    pub(super) fn lookup(&self, key: &str) -> Option<Idx> {
        self.by_id.get(key).or_else(|| self.by_label.get(key)).copied()
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).map(|index| &self.entries[*index])
    }

    fn listed(&self, id: &str, list: impl Fn(&Entry) -> &Vec<Idx>) -> Vec<&str> {
        self.entry(id).map(|entry| self.ids(list(entry))).unwrap_or_default()
    }
}
