//! What an identifier means: ids, parts of ids, labels, `head`, `heads`, `base`, `label@…` (Alembic's
//! `_resolve_revision_number`, `_revision_for_ident`, `get_revisions`).

use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use super::walk::End;
use super::{Deviation, Result};
use crate::Code;

/// `(label@)?(symbol)?±N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relative<'a> {
    pub(super) label: Option<&'a str>,
    pub(super) symbol: Option<&'a str>,
    pub(super) steps: i64,
}

/// Reads a relative identifier; `None` where it is an absolute one.
///
/// # Errors
/// Text after the number, which Alembic ignores.
pub(super) fn relative(text: &str) -> Result<Option<Relative<'_>>> {
    // The label ends at the first `@` behind which the rest reads.
    let starts =
        text.match_indices('@').filter(|(at, _)| *at > 0).map(|(at, _)| (Some(&text[..at]), &text[at + 1..]));
    for (label, rest) in starts.chain([(None, text)]) {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (symbol, number) = rest.split_at(word);
        let Some(digits) = number.strip_prefix(['+', '-']) else { continue };
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        if end == 0 {
            continue;
        }
        if end < digits.len() {
            return Err(RevisionError::new(
                Code::Malformed,
                format!("{:?} follows the number in {text:?}", &digits[end..]),
            )
            .help("a relative identifier ends with its number, as in +2, ae10-1 or label@+1")
            .deviating(Deviation::TrailingGarbage));
        }
        // More steps than any graph has are as far out as any.
        let count: i64 = digits.parse().unwrap_or(i64::from(u32::MAX));
        let steps = if number.starts_with('-') { -count } else { count };
        let symbol = Some(symbol).filter(|s| !s.is_empty());
        return Ok(Some(Relative { label, symbol, steps }));
    }
    Ok(None)
}

impl RevisionGraph {
    /// Ids that an identifier means: none for `base`, several for `heads`.
    ///
    /// # Errors
    /// Unknown, ambiguous and wrong-branch identifiers, `head` where there are several.
    pub fn resolve_many(&self, identifier: &str) -> Result<Vec<String>> {
        let ends = self.get_many(identifier)?;
        Ok(self.names(ends.into_iter().filter_map(End::revision)))
    }

    /// The one id that an identifier means.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_many`]; `base`, and identifiers that mean several.
    pub fn resolve_one(&self, identifier: &str) -> Result<String> {
        match self.get_one(identifier)? {
            Some(index) => Ok(self.id(index).to_owned()),
            None => Err(unknown(identifier, "is no revision")),
        }
    }

    /// As `resolve_many`, telling steps that ended at base or beyond.
    pub(super) fn get_many(&self, identifier: &str) -> Result<Vec<End>> {
        let (names, label) = self.number(identifier)?;
        if let Number::Text(text) = names {
            if let Some(steps) = negative(text) {
                // `label@-N`: so many below each head of the branch.
                let heads = self.real_heads.iter().copied();
                let heads = heads.filter(|h| label.is_none_or(|l| self.node(*h).labels.contains(l)));
                return heads.map(|h| self.walk(End::Revision(h), steps, None, true)).collect();
            }
            return Ok(self.for_identifier(text, label)?.map(End::Revision).into_iter().collect());
        }
        let Number::Known(known) = names else { return Ok(Vec::new()) };
        for index in &known {
            self.check_member(*index, label)?;
        }
        Ok(known.into_iter().map(End::Revision).collect())
    }

    /// The revision that an identifier means; `None` for base.
    pub(super) fn get_one(&self, identifier: &str) -> Result<Option<Index>> {
        let (names, label) = self.number(identifier)?;
        match names {
            Number::Text(text) => self.for_identifier(text, label),
            Number::Known(known) => match known[..] {
                [] => Ok(None),
                [one] => {
                    self.check_member(one, label)?;
                    Ok(Some(one))
                }
                _ => Err(self.several_heads(identifier, &known)),
            },
        }
    }

    /// Splits `label@` off and resolves the symbols.
    fn number<'a>(&self, identifier: &'a str) -> Result<(Number<'a>, Option<&'a str>)> {
        let (label, symbol) = match identifier.split_once('@') {
            Some((label, symbol)) => (Some(label).filter(|l| !l.is_empty()), symbol),
            None => (None, identifier),
        };
        let number = match symbol {
            "heads" => Number::Known(match label {
                Some(label) => self.on_lineage(&self.heads, label, false)?,
                None => self.real_heads.clone(),
            }),
            "head" => {
                let heads = match label {
                    Some(label) => self.on_lineage(&self.heads, label, false)?,
                    None => self.heads.clone(),
                };
                if heads.len() > 1 {
                    return Err(self.several_heads(identifier, &heads));
                }
                Number::Known(heads)
            }
            "base" => Number::Known(Vec::new()),
            text => Number::Text(text),
        };
        Ok((number, label))
    }

    fn several_heads(&self, argument: &str, heads: &[Index]) -> RevisionError {
        let names: Vec<&str> = heads.iter().map(|h| self.id(*h)).collect();
        RevisionError::multiple_heads(argument, &names)
    }

    /// An id, a label, or the beginning of just one of them.
    pub(super) fn for_identifier(&self, text: &str, label: Option<&str>) -> Result<Option<Index>> {
        let branch = label.map(|l| self.branch(l)).transpose()?.flatten();
        let found = match self.keys.get(text) {
            Some(index) => *index,
            None => self.by_beginning(text, label)?,
        };
        if label.is_some() {
            self.check_on(found, branch, label)?;
        }
        Ok(Some(found))
    }

    fn by_beginning(&self, text: &str, label: Option<&str>) -> Result<Index> {
        if text.is_empty() {
            return Err(unknown(text, "is empty"));
        }
        // Ids and labels of three characters or fewer are never abbreviated.
        let keys = self.ids.iter().chain(&self.labels);
        let mut hits: Vec<&String> =
            keys.filter(|key| key.starts_with(text) && key.chars().nth(3).is_some()).collect();
        if let Some(label) = label {
            let against = self.lineage_of(label)?;
            hits.retain(|key| self.shares_lineage(self.keys[*key], &against, false));
        }
        match hits[..] {
            [one] => Ok(self.keys[one]),
            [] => Err(unknown(text, "is no revision or branch label").help(self.nearest(text))),
            _ => {
                let names: Vec<&str> = hits.iter().take(5).map(|s| s.as_str()).collect();
                let more = if hits.len() > names.len() { ", …" } else { "" };
                Err(RevisionError::new(
                    Code::AmbiguousRevision,
                    format!(
                        "{} revisions or labels begin with {text:?}: {}{more}",
                        hits.len(),
                        names.join(", ")
                    ),
                )
                .about(names)
                .help("give more characters of the one that is meant"))
            }
        }
    }

    /// The revision that a label, an id or a part of an id names as a branch.
    pub(super) fn branch(&self, label: &str) -> Result<Option<Index>> {
        if let Some(index) = self.keys.get(label) {
            return Ok(Some(*index));
        }
        self.by_beginning(label, None).map(Some).map_err(|e| {
            let error = RevisionError::new(Code::NoSuchLabel, format!("there is no branch {label:?}"));
            let help = if e.code() == Code::AmbiguousRevision { e.to_string() } else { self.nearest(label) };
            error.about([label]).help(help)
        })
    }

    fn check_member(&self, revision: Index, label: Option<&str>) -> Result<()> {
        let Some(label) = label else { return Ok(()) };
        self.check_on(revision, self.branch(label)?, Some(label))
    }

    fn check_on(&self, revision: Index, branch: Option<Index>, label: Option<&str>) -> Result<()> {
        let (Some(branch), Some(label)) = (branch, label) else { return Ok(()) };
        if self.shares_lineage(revision, &[branch], false) {
            return Ok(());
        }
        let id = self.id(revision);
        Err(RevisionError::new(Code::NotInBranch, format!("revision {id} is not on the branch {label:?}"))
            .about([id])
            .help(format!("migratectl history -r {label}@base:{label}@head shows that branch")))
    }

    /// What `label` means as something to share a lineage with.
    fn lineage_of(&self, label: &str) -> Result<Vec<Index>> {
        let (number, inner) = self.number(label)?;
        let mut against = Vec::new();
        if let Some(inner) = inner {
            against.extend(self.for_identifier(inner, None)?);
        }
        match number {
            Number::Text(text) => against.extend(self.for_identifier(text, None)?),
            Number::Known(known) => against.extend(known),
        }
        Ok(against)
    }

    /// Those of `revisions` that are on the lineage of a label (Alembic: `filter_for_lineage`).
    pub(super) fn on_lineage(
        &self,
        revisions: &[Index],
        label: &str,
        dependencies: bool,
    ) -> Result<Vec<Index>> {
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        // A name that nobody carries is told even where it would filter nothing.
        let against = self.lineage_of(label)?;
        let all = against.is_empty();
        Ok(revisions
            .iter()
            .copied()
            .filter(|r| all || self.shares_lineage(*r, &against, dependencies))
            .collect())
    }

    fn nearest(&self, text: &str) -> String {
        let near = self
            .ids
            .iter()
            .chain(&self.labels)
            .map(|key| (distance(text, key), key))
            .filter(|(d, key)| *d <= key.chars().count().max(4) / 4)
            .min();
        match near {
            Some((_, key)) => format!("did you mean {key}?"),
            None => "migratectl history lists the revisions; `migratectl heads` the newest".to_owned(),
        }
    }
}

/// What stands behind `label@`.
enum Number<'a> {
    Text(&'a str),
    Known(Vec<Index>),
}

fn negative(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-')?;
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse::<i64>().map_or(i64::from(u32::MAX), |n| n)).filter(|n| *n > 0).map(|n| -n)
}

fn unknown(text: &str, why: &str) -> RevisionError {
    RevisionError::new(Code::UnknownRevision, format!("{text:?} {why}")).about([text])
}

/// Edits between two short texts, for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut left_above = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (left_above + usize::from(ca != *cb)).min(above + 1).min(row[j] + 1);
            left_above = above;
        }
    }
    row[b.len()]
}
