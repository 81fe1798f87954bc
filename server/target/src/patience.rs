//! Trying a statement again after lock timeouts and deadlocks, once others of its revision are done (rule R13). Before
//! that the whole step is tried again, which is the engine's business.

use crate::Tell;
use crate::ending::Asked;
use crate::journal::progress::Progress;
use crate::stop::Stop;
use migrated_core::event::EventKind;
use rand::Rng as _;
use std::time::{Duration, Instant};

/// How often, and for how long, a step or a statement of it is tried again that could not get a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Most attempts, the first one counted.
    pub attempts: u32,
    /// Most time for all of them.
    pub total: Duration,
    /// An attempt that took longer than this is the last.
    pub attempt_limit: Duration,
}

impl Default for Retries {
    /// What the documentation names as defaults.
    fn default() -> Self {
        Retries { attempts: 10, total: Duration::from_secs(600), attempt_limit: Duration::from_secs(60) }
    }
}

impl Retries {
    /// Whether to try again after that many attempts, of which the first began at `first` and the last at `last`.
    pub fn allow(&self, attempts: u32, first: Instant, last: Instant) -> bool {
        attempts < self.attempts && first.elapsed() < self.total && last.elapsed() < self.attempt_limit
    }

    /// How long to wait after that many attempts: 0.4 s, doubling up to 30 s, each between half and all of it, so that
    /// those who collided do not collide again.
    pub fn pause_after(attempts: u32) -> Duration {
        let full =
            Duration::from_millis(200).saturating_mul(1 << attempts.min(8)).min(Duration::from_secs(30));
        full.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// The attempts at one statement.
pub(crate) struct Patience {
    retries: Retries,
    first: Instant,
    last: Instant,
    attempts: u32,
}

impl Patience {
    pub(crate) fn new(retries: Retries) -> Patience {
        let now = Instant::now();
        Patience { retries, first: now, last: now, attempts: 1 }
    }

    /// Whether to try again; if so, after a pause. Where nothing took effect yet the whole step can be tried
    /// again instead, by whoever called for it.
    pub(crate) async fn again(
        &mut self,
        stop: &Stop,
        progress: &Progress,
        asked: &Asked,
        tell: &dyn Tell,
    ) -> bool {
        let worth = stop.retryable
            && !stop.fatal
            && !stop.escaped
            && progress.done > 0
            && progress.journal
            && self.retries.allow(self.attempts, self.first, self.last);
        if !worth {
            return false;
        }
        let pause = Retries::pause_after(self.attempts);
        tell.event(EventKind::Retrying {
            attempt: self.attempts,
            max_attempts: self.retries.attempts,
            reason: stop.error.code.reason().to_owned(),
            message: stop.error.message.clone(),
            pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        });
        self.attempts += 1;
        asked.pause(pause).await;
        self.last = Instant::now();
        !asked.was_asked()
    }
}

#[cfg(test)]
mod tests {
    use super::Retries;
    use std::time::{Duration, Instant};

    #[test]
    fn attempts_end_with_the_budget() {
        let retries = Retries { attempts: 3, ..Retries::default() };
        let now = Instant::now();
        assert!(retries.allow(2, now, now));
        assert!(!retries.allow(3, now, now));
        let spent = Retries { total: Duration::ZERO, ..retries };
        assert!(!spent.allow(1, now, now));
        let slow = Retries { attempt_limit: Duration::ZERO, ..retries };
        assert!(!slow.allow(1, now, now));
    }

    #[test]
    fn pauses_grow_to_half_a_minute() {
        for (attempts, full) in [(1, 400), (2, 800), (7, 25_600), (8, 30_000), (400, 30_000)] {
            let pause = Retries::pause_after(attempts).as_millis();
            assert!((full / 2..=full).contains(&pause), "after {attempts}: {pause} ms of {full}");
        }
    }
}
