//! What can go wrong with a target.

use migrated_core::Code;
use migrated_core::event::SqlFault;

/// A refusal or failure of a target.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// The stable code.
    pub code: Code,
    /// The cause in one line, without secrets.
    pub message: String,
    /// What would help, empty where nothing general does.
    pub help: String,
    /// What the database said.
    pub sql: Option<Box<SqlFault>>,
}

impl TargetError {
    /// An error without database detail.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        TargetError { code, message: message.into(), help: String::new(), sql: None }
    }

    /// The same with a line that helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same with what the database said.
    #[must_use]
    pub fn sql(mut self, sql: SqlFault) -> Self {
        self.sql = Some(Box::new(sql));
        self
    }
}

/// What a failed step left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: rolled back, or nothing was begun.
    Clean,
    /// Some statements took effect: so many are DONE; `evidence` says what is known of the next one.
    Partial {
        /// Statements known to be done.
        done: u32,
        /// What is known, in one line.
        evidence: String,
    },
    /// The connection died inside COMMIT.
    Unknown {
        /// Transaction id, where it is known.
        xid: Option<String>,
    },
}

/// A step that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct ApplyFault {
    /// Why.
    pub error: TargetError,
    /// What it left behind.
    pub outcome: Outcome,
    /// A lock timeout or deadlock: the same step may succeed when tried again (rule R13).
    pub retryable: bool,
}
