//! The graph and what it says of its revisions.

use super::related::Set;
use std::collections::{BTreeSet, HashMap};

/// Place of a revision in load order.
pub(super) type Index = u32;

/// What is known of a revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Info {
    /// Parents (Alembic's `_versioned_down_revisions`).
    pub(super) down: Vec<Index>,
    /// Dependencies with those of its ancestors left out (`_normalized_resolved_dependencies`).
    pub(super) normal_deps: Vec<Index>,
    /// Parents and normalised dependencies (`_normalized_down_revisions`).
    pub(super) normal_down: Vec<Index>,
    /// Parents and all dependencies (`_all_down_revisions`).
    pub(super) all_down: Vec<Index>,
    /// Children (`nextrev`).
    pub(super) next: Vec<Index>,
    /// Children and dependents (`_all_nextrev`).
    pub(super) all_next: Vec<Index>,
    /// Labels that it declares.
    pub(super) own_labels: Vec<String>,
    /// Labels of the branches that it is on.
    pub(super) labels: BTreeSet<String>,
}

/// A validated revision graph. Questions about it do no IO and cost what they touch.
#[derive(Clone, Debug, Default)]
pub struct RevisionGraph {
    pub(super) ids: Vec<String>,
    pub(super) nodes: Vec<Info>,
    /// Ids and labels, as identifiers are looked up.
    pub(super) keys: HashMap<String, Index>,
    /// Labels in the order in which they were declared.
    pub(super) labels: Vec<String>,
    pub(super) heads: Vec<Index>,
    pub(super) real_heads: Vec<Index>,
    pub(super) bases: Vec<Index>,
}

impl RevisionGraph {
    pub(super) fn node(&self, index: Index) -> &Info {
        &self.nodes[index as usize]
    }

    pub(super) fn id(&self, index: Index) -> &str {
        &self.ids[index as usize]
    }

    pub(super) fn names(&self, indexes: impl IntoIterator<Item = Index>) -> Vec<String> {
        indexes.into_iter().map(|i| self.id(i).to_owned()).collect()
    }

    /// The revision of that id; labels are not ids.
    pub(super) fn index(&self, id: &str) -> Option<Index> {
        self.keys.get(id).copied().filter(|i| self.id(*i) == id)
    }

    pub(super) fn of_ids(&self, ids: &[String]) -> Vec<Index> {
        ids.iter().filter_map(|id| self.index(id)).collect()
    }

    pub(super) fn names_of(&self, set: &Set) -> Vec<String> {
        self.names(set.iter())
    }

    /// Ids in load order.
    pub fn load_order(&self) -> &[String] {
        &self.ids
    }

    /// Whether there is a revision of that id.
    pub fn contains(&self, id: &str) -> bool {
        self.index(id).is_some()
    }

    /// Number of revisions.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Revisions that no other has as parent.
    pub fn heads(&self) -> Vec<String> {
        self.names(self.heads.iter().copied())
    }

    /// Heads that no other revision depends on either.
    pub fn effective_heads(&self) -> Vec<String> {
        self.names(self.real_heads.iter().copied())
    }

    /// Revisions without parents.
    pub fn bases(&self) -> Vec<String> {
        self.names(self.bases.iter().copied())
    }

    /// Whether no other revision has it as parent.
    pub fn is_head(&self, id: &str) -> bool {
        self.index(id).is_some_and(|i| self.node(i).next.is_empty())
    }

    /// Whether no other revision has it as parent or depends on it.
    pub fn is_effective_head(&self, id: &str) -> bool {
        self.index(id).is_some_and(|i| self.node(i).all_next.is_empty())
    }

    /// Parents of a revision.
    pub fn parents(&self, id: &str) -> Vec<String> {
        self.index(id).map(|i| self.names(self.node(i).down.iter().copied())).unwrap_or_default()
    }

    /// Revisions that have it as parent, in load order.
    pub fn children(&self, id: &str) -> Vec<String> {
        self.index(id).map(|i| self.names(self.node(i).next.iter().copied())).unwrap_or_default()
    }

    /// Labels of the branches that a revision is on.
    pub fn labels(&self, id: &str) -> Vec<String> {
        self.index(id).map(|i| self.node(i).labels.iter().cloned().collect()).unwrap_or_default()
    }

    /// The revisions and everything below them, dependencies included: what is applied where these are the
    /// version rows. Ids that the graph lacks are left out.
    pub fn closure(&self, ids: &[String]) -> Vec<String> {
        self.names_of(&self.ancestors(&self.of_ids(ids), true))
    }
}
