//! What a new revision would follow: `revision` and `merge`.

use super::error::{Fault, RevisionError};
use super::graph::RevisionGraph;
use super::ident::Ident;
use super::marks::Idx;
use super::node::verify_id;
use super::walk::Place;

/// The links that a new revision's file would state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewParents {
    /// Full ids of the parents: none for a new base, several for a merge.
    pub down_revisions: Vec<String>,
    /// Full ids, or labels where a label was given: those stay names, as in Alembic.
    pub depends_on: Vec<String>,
}

impl RevisionGraph {
    /// The links of a new revision on `heads` (none given: `head`). Each must be a head, unless `splice` starts a
    /// branch there; `base` starts a new line.
    ///
    /// # Errors
    /// `NOT_A_HEAD`, `DUPLICATE_HEADS`, `MULTIPLE_HEADS`, and those of the lookup.
    pub fn new_parents<S: AsRef<str>, T: AsRef<str>>(
        &self,
        heads: &[S],
        splice: bool,
        depends_on: &[T],
    ) -> Result<NewParents, RevisionError> {
        let mut heads: Vec<&str> = heads.iter().map(AsRef::as_ref).collect();
        if heads.is_empty() {
            heads.push("head");
        }
        let mut parents: Vec<Idx> = Vec::new();
        for place in self.places(Ident::Many(&heads))? {
            match place {
                Place::At(index) => parents.push(index),
                Place::Base | Place::Nothing => {
                    return Err(Fault::RelativeOutOfRange { target: heads.join(", ") }.into());
                }
            }
        }
        for (at, parent) in parents.iter().enumerate() {
            if parents[..at].contains(parent) {
                return Err(Fault::DuplicateHeads { revision: self.id(*parent).to_owned() }.into());
            }
        }
        if !splice && let Some(parent) = parents.iter().find(|parent| !self.entries[**parent].next.is_empty())
        {
            let children = self.owned_ids(&self.entries[*parent].next);
            return Err(Fault::NotAHead { revision: self.id(*parent).to_owned(), children }.into());
        }
        let depends_on =
            depends_on.iter().map(|name| self.dependency(name.as_ref())).collect::<Result<_, _>>()?;
        Ok(NewParents { down_revisions: self.owned_ids(&parents), depends_on })
    }

    /// Whether a new revision could be called so: before its file is written, not after.
    ///
    /// # Errors
    /// `ILLEGAL_ID`, `DUPLICATE_REVISION`, or `DUPLICATE_LABEL` for a label that stands already or is an id.
    pub fn check_new<S: AsRef<str>>(&self, id: &str, labels: &[S]) -> Result<(), RevisionError> {
        verify_id(id)?;
        if self.contains(id) {
            return Err(Fault::DuplicateRevision { revision: id.to_owned() }.into());
        }
        let taken = |name: &str, other: &str| Fault::DuplicateLabel {
            label: name.to_owned(),
            revision: id.to_owned(),
            other: other.to_owned(),
        };
        if let Some(index) = self.by_label.get(id) {
            return Err(taken(id, self.id(*index)).into());
        }
        for (at, label) in labels.iter().map(AsRef::as_ref).enumerate() {
            let earlier = labels[..at].iter().any(|other| other.as_ref() == label);
            if label == id || earlier {
                return Err(taken(label, id).into());
            }
            if let Some(index) = self.lookup(label) {
                return Err(taken(label, self.id(index)).into());
            }
        }
        Ok(())
    }

    fn dependency(&self, name: &str) -> Result<String, RevisionError> {
        match self.place(name)? {
            Place::At(index) if self.carries(index, name) => Ok(name.to_owned()),
            Place::At(index) => Ok(self.id(index).to_owned()),
            Place::Base | Place::Nothing => Err(self.unknown(name)),
        }
    }
}
