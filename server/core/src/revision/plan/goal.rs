//! What the target of an upgrade or downgrade stands for, seen from the version rows.

use crate::revision::deviation::Deviation;
use crate::revision::error::{Fault, RevisionError};
use crate::revision::graph::RevisionGraph;
use crate::revision::ident::{Ident, Relative, relative};
use crate::revision::marks::Idx;
use crate::revision::walk::Place;

/// A downgrade target: how it was narrowed, and what remains (`Nothing` is base).
pub(super) struct Remains<'a> {
    pub(super) label: Option<&'a str>,
    pub(super) place: Place,
    /// Whether the label was written by the user, and not taken from the row that `-N` starts at.
    pub(super) written: bool,
}

impl RevisionGraph {
    /// The revisions that an upgrade target names, by the rules of "Relative Migration
    /// Identifiers" and "Working with Branches" in Alembic's documentation. `from` is what relative steps start at: the
    /// version rows, or the lower end of a history range. With `clip` a step past the end stays at the end.
    pub(super) fn upgrade_goal(
        &self,
        from: Ident<'_>,
        target: Ident<'_>,
        clip: bool,
    ) -> Result<Vec<Idx>, RevisionError> {
        let read = match target {
            Ident::One(text) => relative(text)?.map(|read| (text, read)),
            Ident::Base | Ident::Many(_) => None,
        };
        let Some((text, step)) = read else {
            return self.places(target)?.into_iter().map(|place| self.reached(place, target)).collect();
        };
        let start = match step.symbol {
            None if step.steps <= 0 => return Err(out_of_range(text)),
            None => self.tip_of_applied(from, text, &step)?,
            Some(symbol) if step.steps > 0 => self.place(symbol)?,
            Some(symbol) => self.labelled_place(step.label, symbol)?,
        };
        let label = step.label.filter(|_| step.steps > 0);
        Ok(vec![self.reached(self.walk(start, step.steps, label, clip)?, target)?])
    }

    fn reached(&self, place: Place, target: Ident<'_>) -> Result<Idx, RevisionError> {
        match place {
            Place::At(index) => Ok(index),
            Place::Base | Place::Nothing => Err(out_of_range(&describe(target))),
        }
    }

    fn labelled_place(&self, label: Option<&str>, symbol: &str) -> Result<Place, RevisionError> {
        match label {
            Some(label) => self.place(&format!("{label}@{symbol}")),
            None => self.place(symbol),
        }
    }

    /// Where `+N` and `label@+N` start: the only row, the only row on the branch, the only tip of what is applied
    /// on the branch, or base.
    fn tip_of_applied(
        &self,
        from: Ident<'_>,
        text: &str,
        step: &Relative<'_>,
    ) -> Result<Place, RevisionError> {
        let several = |rows: Vec<String>| Fault::AmbiguousRelative { target: text.to_owned(), rows };
        let Some(label) = step.label else {
            return match from {
                Ident::Base | Ident::Many([]) => Ok(Place::Nothing),
                Ident::One(only) | Ident::Many(&[only]) => self.place(only),
                Ident::Many(rows) => Err(several(rows.iter().map(|row| (*row).to_owned()).collect()).into()),
            };
        };
        let rows: Vec<Idx> = self
            .places(from)?
            .into_iter()
            .map(|place| self.reached(place, from))
            .collect::<Result<_, RevisionError>>()?;
        let mut starts = self.on_branch(&rows, label)?;
        if starts.is_empty() {
            let applied: Vec<Idx> = self.closure(rows).iter().collect();
            let active = self.on_branch(&applied, label)?;
            let mut below = self.marks();
            active.iter().flat_map(|index| &self.entries[*index].below).for_each(|index| {
                below.insert(*index);
            });
            starts = active.into_iter().filter(|index| !below.contains(*index)).collect();
        }
        match starts.as_slice() {
            [] => Ok(Place::Nothing),
            [only] => Ok(Place::At(*only)),
            starts => Err(several(self.owned_ids(starts)).into()),
        }
    }

    /// What a downgrade target says remains, by the same rules. `from` is what `-N` starts at.
    pub(super) fn downgrade_goal<'a>(
        &'a self,
        from: Ident<'a>,
        target: Ident<'a>,
        clip: bool,
    ) -> Result<Remains<'a>, RevisionError> {
        let text = match target {
            Ident::Base => return Ok(Remains { label: None, place: Place::Nothing, written: false }),
            Ident::One(text) => text,
            Ident::Many(_) => {
                let reason = "a downgrade has one target".to_owned();
                return Err(Fault::Malformed { ident: describe(target), reason }.into());
            }
        };
        let Some(step) = relative(text)? else {
            let (label, symbol) = match text.rsplit_once('@') {
                Some((label, symbol)) => (Some(label).filter(|label| !label.is_empty()), symbol),
                None => (None, text),
            };
            return Ok(Remains { label, place: self.place(symbol)?, written: true });
        };
        let upwards = step.steps >= 0;
        let (label, start) = match step.symbol {
            None if upwards => return Err(out_of_range(text)),
            Some(symbol) if upwards => (step.label, self.place(symbol)?),
            Some(symbol) => (step.label, self.labelled_place(step.label, symbol)?),
            None => {
                let row = match step.label {
                    Some(label) => self.row_on_branch(from, text, label)?,
                    None => only_row(from, text)?,
                };
                (step.label.or(Some(row)), self.labelled_place(step.label.or(Some(row)), row)?)
            }
        };
        let along = label.filter(|_| upwards);
        match self.walk(start, step.steps, along, clip)? {
            Place::Nothing => Err(out_of_range(text)),
            place => Ok(Remains { label, place, written: step.label.is_some() }),
        }
    }

    /// The row that `label@-N` starts at: the one on the branch, else the head that dependencies imply there.
    fn row_on_branch<'a>(
        &'a self,
        from: Ident<'a>,
        text: &str,
        label: &str,
    ) -> Result<&'a str, RevisionError> {
        let names: Vec<&str> = match from {
            Ident::Base => Vec::new(),
            Ident::One(only) => vec![only],
            Ident::Many(rows) => rows.to_vec(),
        };
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            rows.push(self.find(name, None)?);
        }
        let mut starts = self.on_branch(&rows, label)?;
        if starts.is_empty() {
            starts = self.on_branch(&self.branch_heads(&rows), label)?;
        }
        match starts.as_slice() {
            [only] => Ok(self.id(*only)),
            [] => Err(out_of_range(text)),
            starts => {
                Err(Fault::AmbiguousRelative { target: text.to_owned(), rows: self.owned_ids(starts) }.into())
            }
        }
    }
}

/// The row that a plain `-N` starts at. Alembic would take the first of several.
fn only_row<'a>(from: Ident<'a>, text: &str) -> Result<&'a str, RevisionError> {
    let rows = match from {
        Ident::Base => return Err(out_of_range(text)),
        Ident::One(only) => return Ok(only),
        Ident::Many(rows) => rows,
    };
    let Some((first, rest)) = rows.split_first() else { return Err(out_of_range(text)) };
    if rest.iter().all(|row| row == first) {
        return Ok(first);
    }
    let rows = rows.iter().map(|row| (*row).to_owned()).collect();
    let fault = Fault::AmbiguousRelative { target: text.to_owned(), rows };
    Err(RevisionError::from(fault).declared(Deviation::SeveralRows))
}

pub(super) fn out_of_range(target: &str) -> RevisionError {
    Fault::RelativeOutOfRange { target: target.to_owned() }.into()
}

/// A row that is unknown is told as such, also where it was met while a relative target was read.
pub(super) fn blame_row(error: RevisionError, rows: &[&str]) -> RevisionError {
    match error.fault {
        Fault::UnknownRevision { ident, near, .. } if rows.contains(&ident.as_str()) => {
            Fault::UnknownRow { row: ident, near }.into()
        }
        _ => error,
    }
}

pub(super) fn refuse_range(target: &str) -> Result<(), RevisionError> {
    if target.contains(':') {
        return Err(Fault::RangeNotAllowed { range: target.to_owned() }.into());
    }
    Ok(())
}

pub(super) fn borrowed<S: AsRef<str>>(names: &[S]) -> Vec<&str> {
    names.iter().map(AsRef::as_ref).collect()
}

pub(super) fn describe(ident: Ident<'_>) -> String {
    match ident {
        Ident::Base => "base".to_owned(),
        Ident::One(text) => text.to_owned(),
        Ident::Many([]) => "base".to_owned(),
        Ident::Many(several) => several.join(", "),
    }
}
