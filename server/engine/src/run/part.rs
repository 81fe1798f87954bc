//! A part of a run's log: what one message to a watcher brings.

use bytes::Bytes;
use migrated_core::event::Event;
use std::sync::{Arc, OnceLock};

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

    /// Whether it holds just these numbers.
    pub(crate) fn is(&self, first: u64, last: u64) -> bool {
        self.events.first().is_some_and(|event| event.seq == first) && self.last() == Some(last)
    }
}
