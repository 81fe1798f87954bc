//! Stopping a statement: SQLite asks a progress handler every so many instructions whether to go on.

use crate::{Canceller, TargetError};
use async_trait::async_trait;
use migrated_core::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Virtual machine instructions between two looks at the flag: some tens of microseconds.
pub(super) const INSTRUCTIONS: i32 = 1000;

/// What a session and those who stop it share.
#[derive(Debug)]
pub(super) struct Interrupt {
    cancelled: watch::Sender<bool>,
    asked: AtomicBool,
    armed: AtomicBool,
    working: watch::Sender<bool>,
}

impl Interrupt {
    pub(super) fn new() -> Arc<Interrupt> {
        Arc::new(Interrupt {
            cancelled: watch::Sender::new(false),
            asked: AtomicBool::new(false),
            armed: AtomicBool::new(true),
            working: watch::Sender::new(false),
        })
    }

    /// Asks for the end of whatever the session does, now and later.
    pub(super) fn cancel(&self) {
        self.asked.store(true, Ordering::Release);
        self.cancelled.send_replace(true);
    }

    /// Whether that was asked.
    pub(super) fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Returns when it is asked.
    pub(super) async fn cancelled(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.cancelled.subscribe().wait_for(|asked| *asked).await;
    }

    /// Whether a statement has to stop here.
    pub(super) fn stops(&self) -> bool {
        self.armed.load(Ordering::Acquire) && self.is_cancelled()
    }

    /// Whether statements may be stopped: not while a transaction is being ended. Gives what was before.
    pub(super) fn arm(&self, armed: bool) -> bool {
        self.armed.swap(armed, Ordering::AcqRel)
    }

    /// Tells whether the session is at work.
    pub(super) fn working(&self, working: bool) {
        self.working.send_replace(working);
    }

    /// Waits until it is not.
    pub(super) async fn idle(&self) {
        let _ = self.working.subscribe().wait_for(|working| !working).await;
    }
}

/// Stops a session from outside.
pub(super) struct SqliteCanceller(pub(super) Arc<Interrupt>);

#[async_trait]
impl Canceller for SqliteCanceller {
    async fn cancel(&self) -> Result<(), TargetError> {
        self.0.cancel();
        Ok(())
    }

    async fn terminate(&self, grace: Duration) -> Result<(), TargetError> {
        self.0.cancel();
        tokio::time::timeout(grace, self.0.idle()).await.map_err(|_| {
            TargetError::new(
                Code::TargetRefused,
                format!("the statement did not stop within {} ms", grace.as_millis()),
            )
            .help("SQLite works inside of the daemon: a statement that cannot be interrupted ends with it")
        })
    }
}
