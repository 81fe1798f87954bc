//! The rules of a run's event log that every backend keeps.

use migrated_core::event::Event;

use crate::codec::At;
use crate::{Result, StoreError};

/// Where events stand.
pub(crate) const EVENTS: At = At("event", "events");

/// Runs whose events go in one transaction: pruning must not hold up the writer for long.
pub(crate) const PRUNE_RUNS: i64 = 32;

/// Whether the events of a group are numbered without a gap.
pub(crate) fn dense(run: &str, events: &[Event]) -> Result<()> {
    match events.windows(2).find(|pair| pair[1].seq != pair[0].seq + 1) {
        Some(gap) => Err(out_of_turn(run, gap[1].seq, gap[0].seq)),
        None => Ok(()),
    }
}

/// An event was to be number `seq`, and the one in front of it is `found`.
pub(crate) fn out_of_turn(run: &str, seq: u64, found: u64) -> StoreError {
    StoreError::Conflict {
        what: format!("the event log of {}", what(run)),
        expected: seq.saturating_sub(1),
        found,
    }
}

/// There is no such run.
pub(crate) fn no_run(run: &str) -> StoreError {
    StoreError::NotFound { what: what(run) }
}

/// A run, as errors name it.
pub(crate) fn what(run: &str) -> String {
    format!("run {run}")
}
