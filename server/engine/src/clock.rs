//! Time, as a seam.

/// The clock of the engine.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since 1970 UTC.
    fn now_micros(&self) -> i64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}
