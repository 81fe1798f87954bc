//! Ancestors and descendants.

use super::Result;
use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use crate::Code;

/// A set of revisions, as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    bits: Vec<u64>,
}

impl Set {
    pub(super) fn new(size: usize) -> Set {
        Set { bits: vec![0; size.div_ceil(64)] }
    }

    pub(super) fn contains(&self, i: Index) -> bool {
        self.bits.get(i as usize / 64).is_some_and(|word| word & (1 << (i % 64)) != 0)
    }

    /// Adds; `true` where it was not there.
    pub(super) fn insert(&mut self, i: Index) -> bool {
        let word = &mut self.bits[i as usize / 64];
        let new = *word & (1 << (i % 64)) == 0;
        *word |= 1 << (i % 64);
        new
    }

    pub(super) fn remove(&mut self, i: Index) {
        self.bits[i as usize / 64] &= !(1 << (i % 64));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn keep(&mut self, other: &Set) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a &= b);
    }

    pub(super) fn add(&mut self, other: &Set) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a |= b);
    }

    pub(super) fn subtract(&mut self, other: &Set) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a &= !b);
    }

    pub(super) fn meets(&self, other: &Set) -> bool {
        self.bits.iter().zip(&other.bits).any(|(a, b)| a & b != 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Index> + '_ {
        self.bits.iter().enumerate().flat_map(|(place, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                (word != 0).then(|| {
                    word &= word - 1;
                    place as Index * 64 + bit
                })
            })
        })
    }
}

impl RevisionGraph {
    pub(super) fn set(&self, of: &[Index]) -> Set {
        let mut set = Set::new(self.ids.len());
        for i in of {
            set.insert(*i);
        }
        set
    }

    fn reach<'g>(&'g self, from: &[Index], next: impl Fn(Index) -> &'g [Index]) -> Set {
        let mut set = Set::new(self.ids.len());
        let mut todo: Vec<Index> = from.to_vec();
        while let Some(i) = todo.pop() {
            if set.insert(i) {
                todo.extend(next(i).iter().filter(|n| !set.contains(**n)));
            }
        }
        set
    }

    /// The revisions and all below them, over parents and, where asked for, normalised dependencies.
    pub(super) fn ancestors(&self, of: &[Index], dependencies: bool) -> Set {
        self.reach(of, |i| if dependencies { &self.node(i).normal_down } else { &self.node(i).down })
    }

    /// The revisions and all above them, over children and, where asked for, dependents.
    pub(super) fn descendants(&self, of: &[Index], dependencies: bool) -> Set {
        self.reach(of, |i| if dependencies { &self.node(i).all_next } else { &self.node(i).next })
    }

    /// The ancestors of revisions that must not contain each other.
    pub(super) fn ancestors_apart(&self, of: &[Index]) -> Result<Set> {
        let all = self.ancestors(of, true);
        if of.len() < 2 {
            return Ok(all);
        }
        for i in of {
            let below = self.ancestors(&[*i], true);
            let overlap: Vec<Index> = of.iter().copied().filter(|o| o != i && below.contains(*o)).collect();
            if !overlap.is_empty() {
                let others = self.names(overlap);
                return Err(RevisionError::new(
                    Code::Overlapping,
                    format!("{} and {} contain each other", self.id(*i), others.join(", ")),
                )
                .about([self.id(*i)])
                .about(others)
                .help("leave out those that another one contains; in the version table, delete their rows"));
            }
        }
        Ok(all)
    }

    /// Whether a revision is above or below one of `others`, or is one of them. Alembic: `_shares_lineage`.
    pub(super) fn shares_lineage(&self, revision: Index, others: &[Index], dependencies: bool) -> bool {
        let mut lineage = self.descendants(&[revision], dependencies);
        lineage.add(&self.ancestors(&[revision], dependencies));
        others.iter().any(|o| lineage.contains(*o))
    }

    /// The revisions of `set` that have no strict descendant in it, by parents alone.
    pub(super) fn branch_heads(&self, set: &Set) -> Vec<Index> {
        let parents: Vec<Index> =
            set.iter().flat_map(|i| self.node(i).down.iter().copied()).filter(|p| set.contains(*p)).collect();
        let inner = self.set(&parents);
        // What is applied has everything below it applied, so a descendant in the set means a child in the set.
        set.iter().filter(|i| !inner.contains(*i)).collect()
    }
}
