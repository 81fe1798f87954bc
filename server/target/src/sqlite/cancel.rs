//! Stopping a statement: SQLite asks a progress handler every so many instructions whether to go on.

use crate::{Canceller, TargetError};
use async_trait::async_trait;
use migrated_core::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Virtual machine instructions between two looks at the flag: some tens of microseconds.
pub(super) const INSTRUCTIONS: i32 = 1000;

const OPEN: u8 = 0;
const COMMITTING: u8 = 1;
const ABANDONED: u8 = 2;

/// What a session and those who stop it share.
///
/// The gate makes a cancel definite although a message may hold the COMMIT already: the commit hook takes it for
/// COMMIT, or somebody who gives up takes it before and the hook turns COMMIT into ROLLBACK; never both.
#[derive(Debug)]
pub(super) struct Interrupt {
    gate: AtomicU8,
    cancelled: watch::Sender<bool>,
    asked: AtomicBool,
    armed: AtomicBool,
    working: watch::Sender<bool>,
}

impl Interrupt {
    pub(super) fn new() -> Arc<Interrupt> {
        Arc::new(Interrupt {
            gate: AtomicU8::new(OPEN),
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

    /// A transaction begins that may be given up or committed.
    pub(super) fn open_gate(&self) {
        self.gate.store(OPEN, Ordering::SeqCst);
    }

    /// Gives the transaction up. `false` where its COMMIT is under way.
    pub(super) fn abandon(&self) -> bool {
        self.gate.compare_exchange(OPEN, ABANDONED, Ordering::SeqCst, Ordering::SeqCst) != Err(COMMITTING)
    }

    /// Asked by the commit hook. What is written down after a cancel is committed with the flag disarmed.
    pub(super) fn may_commit(&self) -> bool {
        if self.armed.load(Ordering::Acquire) && self.is_cancelled() {
            return !self.abandon();
        }
        self.gate.compare_exchange(OPEN, COMMITTING, Ordering::SeqCst, Ordering::SeqCst) != Err(ABANDONED)
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

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn a_transaction_is_given_up_or_committed() {
        let interrupt = Interrupt::new();
        assert!(interrupt.abandon());
        assert!(!interrupt.may_commit());
        interrupt.open_gate();
        assert!(interrupt.may_commit());
        assert!(!interrupt.abandon());
    }

    #[test]
    fn a_cancel_keeps_commit_from_beginning() {
        let interrupt = Interrupt::new();
        interrupt.cancel();
        assert!(!interrupt.may_commit());
        interrupt.open_gate();
        interrupt.arm(false);
        assert!(interrupt.may_commit());
    }
}
