//! Connections: the work session, the migration lock, cancelling.

use crate::{Applied, ApplyFault, Executor, TargetError, Work, work::Tell};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// A connection as the server knows it. Pid and start time together name it for ever (rule R4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Process or connection id; for SQLite our own process id.
    pub pid: i64,
    /// When it started, as the server tells it, verbatim.
    pub start: String,
    /// The name that the session gave itself, where the engine knows one.
    pub application: String,
}

/// Whether a recorded backend is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendState {
    /// No backend of that pid and start time.
    Gone,
    /// Still there; what it does, shortened.
    Alive(String),
}

/// How to open a work session.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// The run: the session's application name becomes `migrated:<run>`.
    pub run: String,
    /// What [`MigrationLock::token`] told: who must hold the migration lock while this session works (rules R8, R15).
    pub lock: Option<(String, i64)>,
}

/// Who holds the migration lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The run, where the holder's application name tells it.
    pub run: String,
    /// Process or connection id.
    pub pid: i64,
    /// Where it comes from: user, host, application.
    pub detail: String,
}

/// What [`crate::Target::try_lock`] found.
pub enum LockAttempt {
    /// The lock is ours for as long as the value lives and [`MigrationLock::release`] was not called.
    Held(Box<dyn MigrationLock>),
    /// Somebody else has it.
    Busy(Holder),
}

/// The migration lock of a target, held on a connection of its own that is never in a transaction.
#[async_trait]
pub trait MigrationLock: Send {
    /// The session that holds it.
    fn backend(&self) -> &Backend;
    /// The lock as its engine names it, and its holder, for [`SessionOptions::lock`], where work sessions must check it.
    fn token(&self) -> Option<(String, i64)>;
    /// Asks the server whether we still hold it. [`migrated_core::Code::LockLost`] where not.
    async fn verify(&mut self) -> Result<(), TargetError>;
    /// Gives it back and closes the connection.
    async fn release(self: Box<Self>) -> Result<(), TargetError>;
}

/// Stops what a session is doing, from outside of it.
#[async_trait]
pub trait Canceller: Send + Sync {
    /// Asks the engine to cancel the current statement. On SQLite: interrupts it.
    async fn cancel(&self) -> Result<(), TargetError>;
    /// Ends the session where cancelling did not help within `grace`, and verifies. On SQLite there is only cancelling.
    async fn terminate(&self, grace: Duration) -> Result<(), TargetError>;
}

/// A work session: one connection, never shared, never pooled.
#[async_trait]
pub trait Session: Send {
    /// Who we are to the server.
    fn backend(&self) -> &Backend;

    /// A handle to stop it.
    fn canceller(&self) -> Arc<dyn Canceller>;

    /// Does one step with its version-table change (rules R9, R11, R12).
    ///
    /// [`crate::Transaction::Step`]: one transaction around all. [`crate::Transaction::Run`]: inside the
    /// transaction begun by [`Session::begin_run`]. [`crate::Transaction::None`]: journalled, statement by
    /// statement. The version rows are compared with `work.expected_rows` at the start and each row count is
    /// checked at the end; where the version table is missing and `expected_rows` is empty it is created.
    async fn apply(&mut self, work: &Work, tell: &dyn Tell) -> Result<Applied, ApplyFault>;

    /// Does one step whose statements come from a client, in the same way. `work.script` is empty.
    async fn converse(
        &mut self,
        work: &Work,
        executor: &mut dyn Executor,
        tell: &dyn Tell,
    ) -> Result<Applied, ApplyFault>;

    /// Begins the one transaction of `--per-run-transaction`.
    async fn begin_run(&mut self) -> Result<(), TargetError>;

    /// Commits it.
    async fn commit_run(&mut self, tell: &dyn Tell) -> Result<(), ApplyFault>;

    /// Begins the one transaction of a rehearsal, in which steps are done with [`crate::Transaction::Run`] and nothing
    /// outlives it: a version table that is missing is made in it, and what COMMIT would check is checked after each
    /// step. Where foreign keys are not `enforced` (SQLite, where a step switches them off, which a transaction does not
    /// allow) they are checked after each step only. The session is of no other use afterwards.
    ///
    /// # Errors
    /// [`migrated_core::Code::RunTransactionRefused`] where the engine commits with every DDL statement.
    async fn begin_rehearsal(&mut self, enforced: bool) -> Result<(), TargetError>;

    /// Rolls a rehearsal back. A step that failed has done so already.
    async fn end_rehearsal(&mut self) -> Result<(), ApplyFault>;

    /// Brings the session back to how it was after connecting. `false` where that is not possible: open another.
    async fn reset(&mut self) -> Result<bool, TargetError>;

    /// Says goodbye to the server.
    async fn close(self: Box<Self>);
}
