//! The facts about a revision that the graph needs, and what an id may look like.

use super::error::{Fault, RevisionError};

/// One revision, as its file states it: unresolved names, in the file's order.
///
/// Message, bodies and file name live elsewhere. Ids follow Alembic's rules: any text without `@`, `-`, `+`
/// and `:`. `down_revisions` are full ids; `depends_on` may also name the label of the revision that declares
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The revision's id.
    pub id: String,
    /// The parents' ids: none for a base, several for a merge point.
    pub down_revisions: Vec<String>,
    /// Ids or labels of revisions that must be applied first though they are not parents.
    pub depends_on: Vec<String>,
    /// The labels that this revision declares for its branch.
    pub branch_labels: Vec<String>,
}

impl Node {
    /// A revision of that id on those parents, without dependencies and labels.
    pub fn new<S: Into<String>>(id: impl Into<String>, down_revisions: impl IntoIterator<Item = S>) -> Self {
        Self {
            id: id.into(),
            down_revisions: down_revisions.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// The characters that identifiers use as signs, and that an id may therefore not contain.
const SIGNS: [char; 4] = ['@', '-', '+', ':'];

/// Refuses an id that the identifier grammar could not name again (and the empty one).
///
/// # Errors
/// `ILLEGAL_ID`, naming the characters in the way.
pub fn verify_id(id: &str) -> Result<(), RevisionError> {
    let characters: String = SIGNS.iter().filter(|sign| id.contains(**sign)).collect();
    if characters.is_empty() && !id.is_empty() {
        return Ok(());
    }
    Err(Fault::IllegalId { id: id.to_owned(), characters }.into())
}
