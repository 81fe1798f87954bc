//! Trying a statement again after lock timeouts and deadlocks, once others of its revision are done (rule R13). Before
//! that the whole step is tried again, which is the engine's business.

use super::journalled::Way;
use crate::stop::Stop;
use migrated_core::event::EventKind;
use rand::Rng as _;
use std::time::{Duration, Instant};

/// How often, and for how long in all.
const ATTEMPTS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(600);

/// Trying again after lock timeouts and deadlocks.
pub(super) struct Patience {
    begun: Instant,
    attempt: u32,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience { begun: Instant::now(), attempt: 1 }
    }

    /// Whether to try again; if so, after a pause. Where nothing took effect yet the whole step can be tried
    /// again instead, by whoever called for it.
    pub(super) async fn again(&mut self, way: &Way<'_>, stop: &Stop) -> bool {
        let worth = stop.retryable
            && !stop.fatal
            && way.progress.done > 0
            && way.progress.journal
            && self.attempt < ATTEMPTS
            && self.begun.elapsed() < PATIENCE;
        if !worth {
            return false;
        }
        let full = Duration::from_millis(200).saturating_mul(1 << self.attempt).min(Duration::from_secs(30));
        let pause = full.mul_f64(rand::rng().random_range(0.5..=1.0));
        way.tell.event(EventKind::Retrying {
            attempt: self.attempt,
            max_attempts: ATTEMPTS,
            reason: stop.error.code.reason().to_owned(),
            message: stop.error.message.clone(),
            pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        });
        self.attempt += 1;
        way.session.canceller.asked.pause(pause).await;
        !way.session.canceller.asked.was_asked()
    }
}
