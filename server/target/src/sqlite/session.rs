//! The work session: one connection, and what is known of its state.

use super::cancel::{Interrupt, SqliteCanceller};
use super::connect::Opened;
use super::error::{clean, is_without_transaction, refused};
use super::place::Place;
use super::reset::{self, Look};
use super::version_table::VersionTable;
use super::{apply, transaction};
use super::{executed, foreign_keys, journalled, query};
use crate::executed::no_journal_of_clients;
use crate::work::Tell;
use crate::{Applied, ApplyFault, Backend, Canceller, Executor, Session, TargetError, Transaction, Work};
use async_trait::async_trait;
use migrated_core::Code;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

/// A connection at work.
pub(super) struct SqliteSession {
    pub(super) conn: SqliteConnection,
    pub(super) backend: Backend,
    pub(super) interrupt: Arc<Interrupt>,
    pub(super) place: Place,
    /// The version table.
    pub(super) table: VersionTable,
    /// `PRAGMA foreign_keys` as it stands outside of a revision that asks for another.
    pub(super) foreign_keys: bool,
    pub(super) lock_timeout: Duration,
    /// Whether the transaction of the whole run is open.
    pub(super) in_run: bool,
    /// That transaction is a rehearsal's.
    pub(super) rehearsal: bool,
    /// Nothing is known of the connection any more: it can only be closed.
    pub(super) broken: bool,
    /// A step is under way, or was when its future was dropped.
    in_step: bool,
    /// How the session looked before the first statement that may have changed that.
    look: Option<Look>,
    _stop: StopOnDrop,
}

/// A statement that still runs when its session is dropped belongs to nobody: it is interrupted, and closing the
/// connection rolls it back.
struct StopOnDrop(Arc<Interrupt>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl SqliteSession {
    pub(super) fn new(
        opened: Opened,
        place: Place,
        table: VersionTable,
        foreign_keys: bool,
        lock_timeout: Duration,
    ) -> Self {
        let Opened { conn, backend, interrupt } = opened;
        SqliteSession {
            conn,
            backend,
            _stop: StopOnDrop(Arc::clone(&interrupt)),
            interrupt,
            place,
            table,
            foreign_keys,
            lock_timeout,
            in_run: false,
            rehearsal: false,
            broken: false,
            in_step: false,
            look: None,
        }
    }

    /// Remembers how the session looks now, unless that is remembered already.
    pub(super) async fn remember(&mut self) -> Result<(), TargetError> {
        if self.look.is_none() {
            let look = reset::look(&mut self.conn).await;
            self.look = Some(look.map_err(|e| refused(&e, "reading the session's settings", &self.place))?);
        }
        Ok(())
    }

    /// Ends the transaction without a trace. Where SQLite does not confirm that, the connection is given up:
    /// closing it has the same effect.
    pub(super) async fn rollback(&mut self) {
        self.in_run = false;
        let armed = self.interrupt.arm(false);
        match query::run(&mut self.conn, "ROLLBACK").await {
            Ok(()) => {}
            Err(e) if is_without_transaction(&e) => {}
            Err(error) => {
                tracing::warn!(%error, "ROLLBACK failed; the connection is closed");
                self.broken = true;
            }
        }
        self.interrupt.arm(armed);
    }

    /// Puts `foreign_keys` back to what the target says.
    pub(super) async fn restore_foreign_keys(&mut self, asked: Option<bool>) {
        if asked.is_none_or(|asked| asked == self.foreign_keys) {
            return;
        }
        if query::run(&mut self.conn, foreign_keys::set(self.foreign_keys)).await.is_err() {
            self.broken = true;
        }
    }

    /// In the transaction of the run the session is never opened anew: before a body that may change settings or
    /// make temporary objects, how it looks is remembered.
    pub(super) async fn leave_nothing(&mut self, work: &Work) -> Result<(), ApplyFault> {
        apply::remember(self, work).await
    }

    /// Refuses to go on where a body left something that the next revision would see.
    pub(super) async fn take_back(&mut self, work: &Work) -> Result<(), ApplyFault> {
        match apply::touches(work) {
            true => self.leaves_nothing(work).await,
            false => Ok(()),
        }
    }

    /// The same for a body of which nobody knows what it did.
    pub(super) async fn leaves_nothing(&mut self, work: &Work) -> Result<(), ApplyFault> {
        if self.looks_as_before().await.map_err(|e| clean(e, false))? {
            return Ok(());
        }
        let message = format!(
            "revision {} leaves a setting, an attached file or a temporary object in the session of the run",
            work.revision
        );
        Err(clean(
            TargetError::new(Code::RunTransactionRefused, message)
                .help("undo it at the end of the revision, or run without --per-run-transaction"),
            false,
        ))
    }

    async fn looks_as_before(&mut self) -> Result<bool, TargetError> {
        let Some(before) = &self.look else { return Ok(true) };
        let now = reset::look(&mut self.conn).await;
        Ok(now.map_err(|e| refused(&e, "reading the session's settings", &self.place))? == *before)
    }

    /// Between two statements: whether somebody asked to stop.
    pub(super) fn not_cancelled(&self) -> Result<(), TargetError> {
        if self.interrupt.is_cancelled() {
            return Err(TargetError::new(Code::Cancelled, "cancelled"));
        }
        Ok(())
    }

    /// Refuses where the session cannot be used, or was cancelled.
    pub(super) fn usable(&self) -> Result<(), TargetError> {
        self.not_cancelled()?;
        if self.broken || self.in_step {
            return Err(TargetError::new(Code::ConnectionLost, "this session was given up; open another"));
        }
        Ok(())
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(SqliteCanceller(Arc::clone(&self.interrupt)))
    }

    async fn apply(&mut self, work: &Work, tell: &dyn Tell) -> Result<Applied, ApplyFault> {
        self.usable().map_err(|e| clean(e, false))?;
        // Should this future be dropped half-way, the session stays marked as at work and as unusable.
        self.interrupt.working(true);
        self.in_step = true;
        let applied = match work.transaction {
            Transaction::Step => apply::step(self, work, tell).await,
            Transaction::Run => apply::in_run(self, work, tell).await,
            Transaction::None => journalled::apply(self, work, tell).await,
        };
        self.in_step = false;
        self.interrupt.working(false);
        applied
    }

    async fn converse(
        &mut self,
        work: &Work,
        executor: &mut dyn Executor,
        tell: &dyn Tell,
    ) -> Result<Applied, ApplyFault> {
        self.usable().map_err(|e| clean(e, false))?;
        self.interrupt.working(true);
        self.in_step = true;
        let applied = match work.transaction {
            Transaction::Step => executed::step(self, work, executor, tell).await,
            Transaction::Run => executed::in_run(self, work, executor, tell).await,
            Transaction::None => Err(clean(no_journal_of_clients(), false)),
        };
        self.in_step = false;
        self.interrupt.working(false);
        applied
    }

    async fn begin_run(&mut self) -> Result<(), TargetError> {
        self.usable()?;
        transaction::begin(self, "").await.map_err(|fault| fault.error)?;
        self.in_run = true;
        Ok(())
    }

    async fn begin_rehearsal(&mut self, enforced: bool) -> Result<(), TargetError> {
        self.usable()?;
        let switch = if enforced { String::new() } else { format!("{};", foreign_keys::set(false)) };
        transaction::begin(self, &switch).await.map_err(|fault| fault.error)?;
        (self.in_run, self.rehearsal) = (true, true);
        Ok(())
    }

    async fn end_rehearsal(&mut self) -> Result<(), ApplyFault> {
        self.rollback().await;
        Ok(())
    }

    async fn commit_run(&mut self, tell: &dyn Tell) -> Result<(), ApplyFault> {
        apply::commit_run(self, tell).await
    }

    async fn reset(&mut self) -> Result<bool, TargetError> {
        if self.broken || self.in_step || self.in_run || self.rehearsal || self.interrupt.is_cancelled() {
            return Ok(false);
        }
        self.looks_as_before().await
    }

    async fn close(self: Box<Self>) {
        let SqliteSession { conn, .. } = *self;
        super::close(conn).await;
    }
}
