//! Choices, each told apart by the place it is made at, so that two databases share all but some of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Two sides of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// A pair: every choice of both sides follows from it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pair {
    pub(super) number: u64,
    /// Places at which the second side chooses as the first does; for finding what matters in a pair that breaks.
    pub(super) same: BTreeSet<String>,
    /// Places at which both sides choose the simplest.
    pub(super) plain: BTreeSet<String>,
}

impl Pair {
    /// The pair of a number.
    pub(super) fn new(number: u64) -> Pair {
        Pair { number, ..Pair::default() }
    }

    /// Whether tables that inherit come and go, as they do under the rule `partitions`: in every other pair.
    pub(super) fn divides(&self) -> bool {
        mixed(self.number, "divides").is_multiple_of(2)
    }

    /// How many of a hundred places differ: a little in most pairs, everything in some.
    fn rate(&self) -> u64 {
        [4, 10, 25, 100][usize::try_from(mixed(self.number, "rate") % 4).expect("small")]
    }

    fn value(&self, side: Side, place: &str) -> u64 {
        if self.plain.contains(place) {
            return 0;
        }
        let differs = mixed(self.number, &format!("{place} differs")) % 100 < self.rate();
        if side == Side::After && differs && !self.same.contains(place) {
            return mixed(self.number, &format!("{place} after"));
        }
        mixed(self.number, place)
    }
}

/// FNV-1a of the text, then the finalizer of SplitMix64, so that near numbers have nothing in common.
fn mixed(number: u64, text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ number, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// One side's choices, and what was chosen.
#[derive(Debug)]
pub(super) struct Choices<'a> {
    pair: &'a Pair,
    side: Side,
    made: RefCell<BTreeMap<String, u64>>,
}

impl<'a> Choices<'a> {
    pub(super) fn new(pair: &'a Pair, side: Side) -> Choices<'a> {
        Choices { pair, side, made: RefCell::default() }
    }

    /// One of `n`; 0 is the simplest.
    pub(super) fn of(&self, place: impl AsRef<str>, n: usize) -> usize {
        let place = place.as_ref();
        let n = u64::try_from(n).expect("few");
        let value = self.pair.value(self.side, place) % n;
        self.made.borrow_mut().insert(place.to_owned(), value);
        usize::try_from(value).expect("few")
    }

    /// Whether something that is not simple is there: in one of `n` sides.
    pub(super) fn yes(&self, place: impl AsRef<str>, n: usize) -> bool {
        self.of(place, n) == n - 1
    }

    /// Whether both sides have something: one of `n` pairs.
    pub(super) fn both(&self, place: &str, n: u64) -> bool {
        mixed(self.pair.number, place) % n == n - 1 && !self.pair.plain.contains(place)
    }

    /// See [`Pair::divides`].
    pub(super) fn divides(&self) -> bool {
        self.pair.divides()
    }

    /// One of `n` for both sides, apart from one pair in four.
    pub(super) fn steady(&self, place: String, n: usize) -> usize {
        if mixed(self.pair.number, &format!("{place} moves")).is_multiple_of(4) {
            return self.of(place, n);
        }
        let n = u64::try_from(n).expect("few");
        let value = if self.pair.plain.contains(&place) { 0 } else { mixed(self.pair.number, &place) % n };
        usize::try_from(value).expect("few")
    }

    pub(super) fn pick<'t>(&self, place: impl AsRef<str>, from: &[&'t str]) -> &'t str {
        from[self.of(place, from.len())]
    }

    /// The places, with what was chosen there.
    pub(super) fn made(self) -> BTreeMap<String, u64> {
        self.made.into_inner()
    }
}

/// A database that is to be made.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) sql: Vec<String>,
    pub(super) rows: Vec<Rows>,
}

/// What is put into a table: in row `k` all values say `k`, so that whatever a column becomes, it can hold them.
#[derive(Debug)]
pub(super) struct Rows {
    /// The table, as SQL.
    pub(super) table: String,
    /// Columns and their values, as SQL; `{k}` is the row.
    pub(super) values: Vec<(String, String)>,
}

impl Drawn {
    /// Adds a statement.
    pub(super) fn say(&mut self, sql: impl Into<String>) {
        self.sql.push(sql.into());
    }

    /// The statements as a script.
    pub(super) fn script(&self) -> String {
        self.sql.iter().map(|sql| format!("{sql};\n")).collect()
    }
}
