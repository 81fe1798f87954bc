//! Numbers that look random and come again with their seed.

use std::time::{Duration, SystemTime};

/// Such numbers.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// Those of a seed other than 0.
    pub(crate) fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// Others for each `number`, of the same seed.
    pub(crate) fn numbered(seed: u64, number: u64) -> Draw {
        // The finish of splitmix64, as Vigna gives it: seeds that are neighbours draw nothing alike.
        let mut mixed = seed.wrapping_add((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Draw((mixed ^ (mixed >> 31)).max(1))
    }

    fn next(&mut self) -> u32 {
        // xorshift64*, as Vigna gives it.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }

    /// One of those.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A time up to `bound`.
    pub(crate) fn up_to(&mut self, bound: Duration) -> Duration {
        bound.mul_f64(f64::from(self.next()) / f64::from(u32::MAX))
    }

    /// A time between those.
    pub(crate) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + self.up_to(most - least)
    }
}

/// A number of the environment.
pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A seed that nobody has drawn from yet.
pub(crate) fn any_seed() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_nanos() as u64 | 1)
}

/// Tells what is worth keeping, whatever becomes of the test.
pub(crate) fn report(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}
