//! What was done to the world, with times: what a failure prints.

use crate::harness::report;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Lines, each with its moment since the beginning.
#[derive(Debug)]
pub(super) struct Story {
    begun: Instant,
    lines: Mutex<Vec<String>>,
    /// What was found to be wrong.
    wrong: Mutex<Vec<String>>,
}

impl Story {
    pub(super) fn new() -> Story {
        Story { begun: Instant::now(), lines: Mutex::default(), wrong: Mutex::default() }
    }

    /// Adds a line.
    pub(super) fn tell(&self, line: &str) {
        let line = format!("{:9.3}  {line}", self.begun.elapsed().as_secs_f64());
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// Adds what must not be.
    pub(super) fn wrong(&self, what: &str) {
        self.tell(&format!("WRONG: {what}"));
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
    }

    /// Adds what must not be, unless `right`.
    pub(super) fn holds(&self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.wrong(&what());
        }
    }

    /// How many lines there are so far.
    pub(super) fn length(&self) -> usize {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Fails the test where something was wrong: with everything that happened and the last that the daemons said.
    pub(super) fn ends(&self, seed: &str, logs: &str) {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.is_empty() {
            return;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        report(&format!("{seed}\n{lines}\n{logs}"));
        panic!("{seed}: {} things are wrong; what happened stands above\n{}", wrong.len(), wrong.join("\n"));
    }
}
