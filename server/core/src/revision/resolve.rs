//! From an identifier to revisions, by the lookup rules of Alembic's `ScriptDirectory.get_revisions`.

use super::deviation::Deviation;
use super::error::{Fault, RevisionError};
use super::graph::RevisionGraph;
use super::ident::{Ident, below_heads, split_branch};
use super::marks::Idx;
use super::suggest::near;
use super::walk::Place;

/// What an identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A revision's full id.
    Revision(String),
    /// Exactly below the last revision (`-3` on a line of three).
    Base,
    /// Further down than that: there is nothing (`-4` on a line of three).
    Nothing,
}

impl Resolved {
    /// The revision's full id, if it is one.
    pub fn revision(&self) -> Option<&str> {
        match self {
            Self::Revision(id) => Some(id),
            Self::Base | Self::Nothing => None,
        }
    }
}

impl RevisionGraph {
    /// Resolves one identifier: a full or partial id, a label, `head`, `heads`, `base`, `LABEL@…`, or `-N` (N
    /// below every effective head, Alembic's reading outside of upgrade and downgrade). `base` is the empty list.
    ///
    /// # Errors
    /// `UNKNOWN_REVISION`, `AMBIGUOUS_REVISION`, `NO_SUCH_LABEL`, `NOT_IN_BRANCH`, `MULTIPLE_HEADS`,
    /// `AMBIGUOUS_WALK` or `MALFORMED`.
    pub fn resolve(&self, ident: &str) -> Result<Vec<Resolved>, RevisionError> {
        Ok(self.public(self.places(Ident::One(ident))?))
    }

    /// Resolves several identifiers, one after the other.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_many<S: AsRef<str>>(&self, idents: &[S]) -> Result<Vec<Resolved>, RevisionError> {
        let idents: Vec<&str> = idents.iter().map(AsRef::as_ref).collect();
        Ok(self.public(self.places(Ident::Many(&idents))?))
    }

    fn public(&self, places: Vec<Place>) -> Vec<Resolved> {
        let convert = |place| match place {
            Place::At(index) => Resolved::Revision(self.id(index).to_owned()),
            Place::Base => Resolved::Base,
            Place::Nothing => Resolved::Nothing,
        };
        places.into_iter().map(convert).collect()
    }

    /// All that an identifier stands for.
    pub(super) fn places(&self, ident: Ident<'_>) -> Result<Vec<Place>, RevisionError> {
        let text = match ident {
            Ident::Base => return Ok(Vec::new()),
            Ident::Many(idents) => {
                let mut all = Vec::new();
                for one in idents {
                    all.extend(self.places(Ident::One(one))?);
                }
                return Ok(all);
            }
            Ident::One(text) => text,
        };
        let (names, branch) = self.names(text)?;
        if let [only] = names.as_slice()
            && let Some(steps) = below_heads(only)
        {
            let heads = self.effective_heads.iter().copied();
            return heads
                .filter(|head| branch.is_none_or(|label| self.carries(*head, label)))
                .map(|head| self.walk(Place::At(head), steps, None, false))
                .collect();
        }
        names.into_iter().map(|name| self.find(name, branch).map(Place::At)).collect()
    }

    /// The single revision that an identifier stands for; `Nothing` is base.
    pub(super) fn place(&self, ident: &str) -> Result<Place, RevisionError> {
        let (names, branch) = self.names(ident)?;
        match names.as_slice() {
            [] => {
                if let Some(branch) = branch.filter(|branch| !branch.is_empty()) {
                    self.branch(branch)?;
                }
                Ok(Place::Nothing)
            }
            [only] => Ok(Place::At(self.find(only, branch)?)),
            several => Err(self.multiple_heads(ident, several.iter().copied())),
        }
    }

    /// Replaces `head`, `heads` and `base` by ids, and splits off the branch.
    pub(super) fn names<'a>(
        &'a self,
        ident: &'a str,
    ) -> Result<(Vec<&'a str>, Option<&'a str>), RevisionError> {
        let (branch, symbol) = split_branch(ident);
        let label = branch.filter(|branch| !branch.is_empty());
        let names = match (symbol, label) {
            ("base", _) => Vec::new(),
            ("heads", None) => self.ids(&self.effective_heads),
            ("heads", Some(label)) => self.ids(&self.on_branch(&self.heads, label)?),
            ("head", label) => {
                let heads = match label {
                    Some(label) => self.on_branch(&self.heads, label)?,
                    None => self.heads.clone(),
                };
                if heads.len() > 1 {
                    return Err(self.multiple_heads(ident, self.ids(&heads).into_iter()));
                }
                self.ids(&heads)
            }
            (name, _) => vec![name],
        };
        Ok((names, branch))
    }

    /// As [`on_line`](Self::on_line), for a branch that was named: what nobody has is an unknown label.
    pub(super) fn on_branch(&self, revisions: &[Idx], label: &str) -> Result<Vec<Idx>, RevisionError> {
        self.on_line(revisions, label).map_err(|error| match error.fault {
            Fault::UnknownRevision { .. } => as_label(error).declared(Deviation::UnknownLabel),
            _ => error,
        })
    }

    /// Those of `revisions` that share a line by `down_revision` with what `against` names. Names are only looked
    /// up where there is something to filter, as in Alembic.
    pub(super) fn on_line(&self, revisions: &[Idx], against: &str) -> Result<Vec<Idx>, RevisionError> {
        self.on_line_with(revisions, against, false)
    }

    /// As [`on_line`](Self::on_line), with or without dependencies.
    pub(super) fn on_line_with(
        &self,
        revisions: &[Idx],
        against: &str,
        dependencies: bool,
    ) -> Result<Vec<Idx>, RevisionError> {
        let (names, branch) = self.names(against)?;
        let keys: Vec<&str> = branch.filter(|branch| !branch.is_empty()).into_iter().chain(names).collect();
        if keys.is_empty() || revisions.is_empty() {
            return Ok(revisions.to_vec());
        }
        let mut line = self.marks();
        for key in keys {
            line.union(&self.lineage(self.find(key, None)?, dependencies));
        }
        Ok(revisions.iter().copied().filter(|index| line.contains(*index)).collect())
    }

    /// The revision that a branch is named by: a label, or a full or partial id.
    pub(super) fn branch(&self, name: &str) -> Result<Idx, RevisionError> {
        if let Some(index) = self.lookup(name) {
            return Ok(index);
        }
        self.find(name, None).map_err(as_label)
    }

    /// The revision of that exact name or, failing that, of the only id or label of four or more characters that
    /// begins with it; both within the branch, if one is named.
    pub(super) fn find(&self, name: &str, branch: Option<&str>) -> Result<Idx, RevisionError> {
        let branch = branch.filter(|branch| !branch.is_empty());
        let line = match branch {
            Some(branch) => Some((branch, self.lineage(self.branch(branch)?, false))),
            None => None,
        };
        let found = match self.lookup(name) {
            Some(index) => index,
            None if name.is_empty() => {
                let reason = "a revision or symbol is missing".to_owned();
                let ident = branch.map(|branch| format!("{branch}@")).unwrap_or_default();
                return Err(Fault::Malformed { ident, reason }.into());
            }
            None => {
                let everywhere: Vec<&str> =
                    self.keys().filter(|key| key.starts_with(name) && key.chars().count() > 3).collect();
                let mut candidates = everywhere.clone();
                if let Some((branch, _)) = &line
                    && !candidates.is_empty()
                {
                    let indexes: Vec<Idx> = candidates.iter().filter_map(|key| self.lookup(key)).collect();
                    let kept = self.on_line(&indexes, branch)?;
                    candidates.retain(|key| self.lookup(key).is_some_and(|index| kept.contains(&index)));
                }
                match candidates.as_slice() {
                    [only] => self.lookup(only).ok_or_else(|| self.unknown(name))?,
                    [] if everywhere.is_empty() => return Err(self.unknown(name)),
                    [] => {
                        return Err(Fault::UnknownRevision {
                            ident: name.to_owned(),
                            branch: branch.map(str::to_owned),
                            near: everywhere.into_iter().map(str::to_owned).collect(),
                        }
                        .into());
                    }
                    several => {
                        let candidates = several.iter().map(|key| (*key).to_owned()).collect();
                        return Err(Fault::AmbiguousRevision { prefix: name.to_owned(), candidates }.into());
                    }
                }
            }
        };
        match line {
            Some((branch, line)) if !line.contains(found) => {
                let revision = self.id(found).to_owned();
                Err(Fault::NotInBranch { revision, branch: branch.to_owned() }.into())
            }
            _ => Ok(found),
        }
    }

    /// The version rows as indexes, in row order. Rows are full ids, nothing else.
    ///
    /// # Errors
    /// `UNKNOWN_REVISION` for the first row that no revision has.
    pub(super) fn rows<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<Idx>, RevisionError> {
        let find = |row: &S| {
            let row = row.as_ref();
            self.by_id
                .get(row)
                .copied()
                .ok_or_else(|| Fault::UnknownRow { row: row.to_owned(), near: near(row, self.keys()) }.into())
        };
        rows.iter().map(find).collect()
    }

    pub(super) fn unknown(&self, ident: &str) -> RevisionError {
        let near = near(ident, self.keys());
        Fault::UnknownRevision { ident: ident.to_owned(), branch: None, near }.into()
    }

    fn multiple_heads<'i>(&self, argument: &str, heads: impl Iterator<Item = &'i str>) -> RevisionError {
        Fault::MultipleHeads { argument: argument.to_owned(), heads: heads.map(str::to_owned).collect() }
            .into()
    }
}

/// A name that was looked up as a branch is no unknown revision but an unknown label.
fn as_label(error: RevisionError) -> RevisionError {
    match error.fault {
        Fault::AmbiguousRevision { prefix, candidates } => {
            Fault::NoSuchLabel { label: prefix, near: candidates }.into()
        }
        Fault::UnknownRevision { ident, near, .. } => Fault::NoSuchLabel { label: ident, near }.into(),
        _ => error,
    }
}
