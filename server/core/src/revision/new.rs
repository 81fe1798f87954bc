//! The parents of a new revision (Alembic's `generate_revision`, `merge`).

use super::Result;
use super::error::RevisionError;
use super::graph::RevisionGraph;
use crate::Code;

/// What a new revision is to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewHeads {
    /// The single head.
    Head,
    /// What these identifiers mean: one for a revision, several for a merge.
    Revisions(Vec<String>),
}

/// Parents and dependencies of a new revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewParents {
    /// Parents, by id.
    pub down_revisions: Vec<String>,
    /// Dependencies: ids in full, labels as they were written.
    pub depends_on: Vec<String>,
}

impl RevisionGraph {
    /// Parents and dependencies of a new revision.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_many`]; several heads where one is wanted; the same one twice; without `splice`,
    /// one that is not a head.
    pub fn new_parents(&self, heads: &NewHeads, splice: bool, depends_on: &[String]) -> Result<NewParents> {
        let identifiers: &[String] = match heads {
            NewHeads::Head => &["head".to_owned()],
            NewHeads::Revisions(identifiers) => identifiers,
        };
        let mut down_revisions: Vec<String> = Vec::new();
        for identifier in identifiers {
            for id in self.resolve_many(identifier)? {
                if down_revisions.contains(&id) {
                    return Err(RevisionError::new(Code::DuplicateHeads, format!("{id} is named twice"))
                        .about([&id])
                        .help("name each revision to merge once"));
                }
                if !splice && !self.is_head(&id) {
                    return Err(RevisionError::new(
                        Code::NotAHead,
                        format!("{id} is not a head: a revision on it begins a new branch"),
                    )
                    .about([&id])
                    .help("add --splice if a new branch is meant"));
                }
                down_revisions.push(id);
            }
        }
        let mut resolved = Vec::new();
        for dependency in depends_on {
            if self.labels.contains(dependency) {
                resolved.push(dependency.clone());
            } else {
                resolved.push(self.resolve_one(dependency)?);
            }
        }
        Ok(NewParents { down_revisions, depends_on: resolved })
    }
}
