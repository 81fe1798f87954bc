//! Why a step stopped, before it is said what that leaves behind.

use crate::{ApplyFault, Outcome, TargetError};
use migrated_core::Code;

/// Why a step stopped.
pub(crate) struct Stop {
    pub(crate) error: TargetError,
    /// A lock timeout or deadlock.
    pub(crate) retryable: bool,
    /// The connection is gone; the server rolls back by itself.
    pub(crate) fatal: bool,
    /// A statement ended our transaction: what came before it is committed or lost, and nobody can tell.
    pub(crate) escaped: bool,
}

impl Stop {
    /// A refusal of ours, or the loss of the connection.
    pub(crate) fn refused(error: TargetError) -> Stop {
        let fatal = error.code == Code::ConnectionLost;
        Stop { error, retryable: false, fatal, escaped: false }
    }

    /// Somebody asked to stop.
    pub(crate) fn cancelled() -> Stop {
        Stop::refused(TargetError::new(Code::Cancelled, "cancelled"))
    }
}

/// Why a journalled revision stopped.
pub(crate) enum Failure {
    /// What is left follows from the progress.
    Stopped(Stop),
    /// It is already said what is left.
    Decided(ApplyFault),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Failure::Stopped(stop)
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Failure::Stopped(Stop::refused(error))
    }
}

impl From<ApplyFault> for Failure {
    /// A clean fault may still leave what statements before it did.
    fn from(fault: ApplyFault) -> Self {
        match fault.outcome {
            Outcome::Clean => {
                Failure::Stopped(Stop { retryable: fault.retryable, ..Stop::refused(fault.error) })
            }
            _ => Failure::Decided(fault),
        }
    }
}

/// A fault that leaves nothing and is not worth another try.
pub(crate) fn clean(error: TargetError) -> ApplyFault {
    ApplyFault { error, outcome: Outcome::Clean, retryable: false }
}
