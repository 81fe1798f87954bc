//! A revision as the graph needs it.

/// A revision, without message, file and bodies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// Its parents; none for a base.
    pub down_revisions: Vec<String>,
    /// What must be applied before it without being a parent: ids, or labels that mean the revision which
    /// declares them.
    pub depends_on: Vec<String>,
    /// Labels that it declares.
    pub branch_labels: Vec<String>,
}
