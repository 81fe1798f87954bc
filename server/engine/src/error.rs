//! The engine's one error: a code, the cause, what the target is left at, the way on.

use migrated_core::Code;
use migrated_core::event::{Failure, SqlFault};
use migrated_store::StoreError;
use migrated_target::TargetError;

/// Result of a use-case.
pub type Result<T> = std::result::Result<T, EngineError>;

/// A use-case that did not do what it was asked to.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// The stable code.
    pub code: Code,
    /// The cause in one line.
    pub message: String,
    /// What state the target is in; empty: what [`Code::state`] says.
    pub state: String,
    /// The next command; empty: what [`Code::next`] says.
    pub next: String,
    /// The revision concerned; empty where none is.
    pub revision: String,
    /// Every dynamic part of the message, by name.
    pub metadata: Vec<(&'static str, String)>,
    /// What the database said, or where in a file the fault lies.
    pub sql: Option<Box<SqlFault>>,
}

impl EngineError {
    /// An error of that code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        EngineError {
            code,
            message: message.into(),
            state: String::new(),
            next: String::new(),
            revision: String::new(),
            metadata: Vec::new(),
            sql: None,
        }
    }

    /// The same with a way on.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// The same with the state of the target.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    /// The same about a revision.
    #[must_use]
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.revision = revision.into();
        self
    }

    /// The same with a dynamic part.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }

    /// As it stands in a run's log.
    pub fn to_failure(&self) -> Failure {
        Failure {
            reason: self.code.reason().to_owned(),
            message: self.message.clone(),
            revision: self.revision.clone(),
            state: self.state.clone(),
            next: self.next.clone(),
            sql: self.sql.as_deref().cloned(),
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(e: StoreError) -> Self {
        let error = EngineError::new(e.code(), e.to_string());
        match e {
            StoreError::Full(_) | StoreError::TooNew { .. } => {
                let next = error.code.next();
                error.next(next)
            }
            StoreError::Conflict { expected, found, .. } => {
                error.with("expected", expected.to_string()).with("found", found.to_string())
            }
            StoreError::EventsPruned { first } => error
                .with("first", first.to_string())
                .next(format!("watch again with --after {}", first.saturating_sub(1))),
            _ => error,
        }
    }
}

impl From<TargetError> for EngineError {
    fn from(e: TargetError) -> Self {
        let next = match e.code {
            _ if !e.help.is_empty() => e.help,
            // What ends a step leaves the way on to the end of the run, which knows the goal.
            Code::StatementFailed
            | Code::VersionRowsChanged
            | Code::TargetPartial
            | Code::ConnectionLost
            | Code::OutcomeUnknown
            | Code::LockLost
            | Code::LockTimeout
            | Code::Cancelled => String::new(),
            code => code.next().to_owned(),
        };
        let mut error = EngineError::new(e.code, e.message).next(next);
        error.sql = e.sql;
        error
    }
}
