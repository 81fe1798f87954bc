//! A part of a run's log: what one message to a watcher brings.

use bytes::Bytes;
use migrated_core::event::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Most events in a part, and where one ends: after each of so many, so that those who are behind get the same parts.
const LONGEST: u64 = 256;
/// Parts that are kept for others who are equally far.
const KEPT: usize = 32;

/// Events of one run in order and without a gap. Watchers that are equally far share it.
#[derive(Debug)]
pub struct Part {
    events: Vec<Arc<Event>>,
    encoded: OnceLock<Bytes>,
}

impl Part {
    pub(crate) fn new(events: Vec<Arc<Event>>) -> Arc<Part> {
        Arc::new(Part { events, encoded: OnceLock::new() })
    }

    /// The events.
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    /// What `encode` makes of it, which is asked once: whoever shares the part shares the bytes.
    pub fn encoded(self: &Arc<Part>, encode: impl FnOnce(&Arc<Part>) -> Bytes) -> Bytes {
        self.encoded.get_or_init(|| encode(self)).clone()
    }

    /// Number of the last event; `None` where there is none.
    pub(crate) fn last(&self) -> Option<u64> {
        self.events.last().map(|event| event.seq)
    }

    /// Where a part ends that begins after `after`, where events may be shown up to `seq`.
    pub(crate) fn end(after: u64, seq: u64) -> u64 {
        seq.min((after / LONGEST + 1) * LONGEST)
    }

    fn is(&self, after: u64, last: u64) -> bool {
        self.events.first().is_some_and(|event| event.seq == after + 1) && self.last() == Some(last)
    }
}

/// The parts of a log that were asked for last.
#[derive(Default)]
pub(crate) struct Parts {
    kept: Mutex<VecDeque<Arc<Part>>>,
    reading: tokio::sync::Mutex<()>,
}

impl Parts {
    /// The part that begins after `after` and ends with `last`.
    pub(crate) fn find(&self, after: u64, last: u64) -> Option<Arc<Part>> {
        let mut kept = self.lock();
        let index = kept.iter().position(|part| part.is(after, last))?;
        let part = kept.remove(index)?;
        kept.push_back(part.clone());
        Some(part)
    }

    /// Keeps a part in place of the one that was asked for least lately.
    pub(crate) fn keep(&self, part: Arc<Part>) -> Arc<Part> {
        let mut kept = self.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(part.clone());
        part
    }

    /// Held by who reads from the store: many want the same, and one of them brings it.
    pub(crate) async fn reading(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.reading.lock().await
    }

    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Part>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
