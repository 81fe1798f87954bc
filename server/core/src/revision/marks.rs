//! A set of revisions, as bits over their load order.

/// Index of a revision in load order.
pub(super) type Idx = usize;

/// A set of indexes below a fixed bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    pub(super) fn new(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)] }
    }

    pub(super) fn contains(&self, index: Idx) -> bool {
        self.words[index / 64] & (1 << (index % 64)) != 0
    }

    /// Adds it; false if it was there.
    pub(super) fn insert(&mut self, index: Idx) -> bool {
        let (word, bit) = (&mut self.words[index / 64], 1 << (index % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(super) fn remove(&mut self, index: Idx) {
        self.words[index / 64] &= !(1 << (index % 64));
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The members, in load order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Idx> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }
}
