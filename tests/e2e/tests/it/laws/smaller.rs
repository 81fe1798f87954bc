//! What of a pair that breaks is needed to break it.

use super::draw::{Pair, Side};
use super::round::Round;
use std::time::{Duration, Instant};

/// How long to look; what was found by then is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pair with as few differences, and as little in it, as still break it in the same way.
pub(super) fn smaller(round: &Round<'_>, pair: Pair, what: &'static str) -> Pair {
    let end = Instant::now() + PATIENCE;
    let breaks = |pair: &Pair| round.take(pair).is_err_and(|broken| broken.what == what);
    let (_, before) = round.drawn(&pair, Side::Before);
    let (_, after) = round.drawn(&pair, Side::After);
    let differing: Vec<String> = after
        .iter()
        .filter(|(place, value)| before.get(*place) != Some(value))
        .map(|(place, _)| place.clone())
        .collect();
    let pair = fewer(pair, differing, end, &breaks, |pair| &mut pair.same);
    let (_, before) = round.drawn(&pair, Side::Before);
    let (_, after) = round.drawn(&pair, Side::After);
    let complex = before.iter().chain(&after).filter(|(_, value)| **value != 0);
    let mut complex: Vec<String> = complex.map(|(place, _)| place.clone()).collect();
    complex.sort();
    complex.dedup();
    fewer(pair, complex, end, &breaks, |pair| &mut pair.plain)
}

/// Puts as many of `places` as it can into one of the pair's sets, many at once first.
fn fewer(
    mut pair: Pair,
    mut places: Vec<String>,
    end: Instant,
    breaks: &dyn Fn(&Pair) -> bool,
    set: fn(&mut Pair) -> &mut std::collections::BTreeSet<String>,
) -> Pair {
    let mut size = places.len().div_ceil(2);
    while size > 0 && !places.is_empty() {
        let mut left = Vec::new();
        for chunk in places.chunks(size) {
            let mut tried = pair.clone();
            set(&mut tried).extend(chunk.iter().cloned());
            if Instant::now() < end && breaks(&tried) {
                pair = tried;
            } else {
                left.extend(chunk.iter().cloned());
            }
        }
        places = left;
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    pair
}
