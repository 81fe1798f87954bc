//! The work session.

use super::apply::{self, RunTransaction};
use super::cancel::PostgresCanceller;
use super::connect::{Connected, ServerVersion, Settings, VersionPlace};
use super::warm::warm;
use super::wire::{Wire, WireError};
use super::{PostgresTarget, error, executed, journalled, rehearsal};
use crate::executed::Body;
use crate::{
    Applied, ApplyFault, Backend, Canceller, Executor, Session, SessionOptions, TargetError, Tell,
    Transaction, Work,
};
use async_trait::async_trait;
use migrated_core::Code;
use migrated_core::event::EventKind;
use std::sync::Arc;
use tokio_postgres::error::DbError;

/// A connection that does one step after another.
pub(super) struct PostgresSession {
    pub(super) target: PostgresTarget,
    pub(super) wire: Wire,
    pub(super) backend: Backend,
    pub(super) version: ServerVersion,
    pub(super) place: VersionPlace,
    pub(super) canceller: Arc<PostgresCanceller>,
    /// The session that must hold the migration lock: its start and its process.
    pub(super) lock: Option<(String, i64)>,
    /// The transaction of `--per-run-transaction` or of a rehearsal, while one is open.
    pub(super) run: Option<RunTransaction>,
    /// What [`PostgresTarget::whereabouts`] answered when `place` was read; `None` before the first reset.
    seen: Option<Vec<Option<String>>>,
}

impl PostgresSession {
    pub(super) async fn open(
        target: &PostgresTarget,
        options: &SessionOptions,
    ) -> Result<PostgresSession, TargetError> {
        let Connected { mut wire, backend, version, place } =
            target.connected(&options.run, Settings::Work).await?;
        if place.exists {
            warm(&mut wire, &place).await;
        }
        let canceller = Arc::new(PostgresCanceller::new(target, &wire, &backend));
        Ok(PostgresSession {
            target: target.clone(),
            wire,
            backend,
            version,
            place,
            canceller,
            lock: options.lock.clone(),
            run: None,
            seen: None,
        })
    }

    /// The statements that, inside a transaction, put back what a step of it may have changed in the session.
    /// DISCARD ALL is not allowed there; what it does is, part by part.
    pub(super) fn reassert(&self) -> String {
        format!(
            "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;CLOSE ALL;UNLISTEN *;DEALLOCATE ALL;\
             SELECT pg_catalog.pg_advisory_unlock_all();DISCARD TEMP;DISCARD SEQUENCES;{}",
            self.target.settings(&self.version, Settings::Work)
        )
    }

    /// A statement that was cancelled because we asked for it did not fail by itself.
    fn cancelled(&self, mut fault: ApplyFault) -> ApplyFault {
        let cancelled = fault.error.sql.as_ref().is_some_and(|sql| sql.sqlstate == "57014");
        if cancelled && self.canceller.was_asked() {
            fault.error.code = Code::Cancelled;
        }
        fault
    }

    /// Sends one text and passes its notices on.
    pub(super) async fn tell_execute(&mut self, text: &str, tell: &dyn Tell) -> Result<u64, WireError> {
        self.wire.execute(text, &mut |message| tell.event(notice(&message))).await
    }
}

/// A notice as an event.
pub(super) fn notice(message: &DbError) -> EventKind {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    EventKind::Notice {
        severity: message.severity().to_owned(),
        sqlstate: message.code().code().to_owned(),
        message: message.message().to_owned(),
        detail: text(message.detail()),
        hint: text(message.hint()),
    }
}

#[async_trait]
impl Session for PostgresSession {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        self.canceller.clone()
    }

    async fn apply(&mut self, work: &Work, tell: &dyn Tell) -> Result<Applied, ApplyFault> {
        let applied = match work.transaction {
            Transaction::Step => apply::step(self, work, Body::Script, tell).await,
            Transaction::Run => apply::in_run(self, work, Body::Script, tell).await,
            Transaction::None => journalled::apply(self, work, tell).await,
        };
        applied.map_err(|fault| self.cancelled(fault))
    }

    async fn converse(
        &mut self,
        work: &Work,
        executor: &mut dyn Executor,
        tell: &dyn Tell,
    ) -> Result<Applied, ApplyFault> {
        let applied = match work.transaction {
            Transaction::Step => apply::step(self, work, Body::Client(executor), tell).await,
            Transaction::Run => apply::in_run(self, work, Body::Client(executor), tell).await,
            Transaction::None => executed::journalled::apply(self, work, executor, tell).await,
        };
        applied.map_err(|fault| self.cancelled(fault))
    }

    async fn begin_run(&mut self) -> Result<(), TargetError> {
        apply::begin_run(self).await
    }

    async fn begin_rehearsal(&mut self, _enforced: bool) -> Result<(), TargetError> {
        rehearsal::begin(self).await
    }

    async fn end_rehearsal(&mut self) -> Result<(), ApplyFault> {
        rehearsal::end(self).await
    }

    async fn commit_run(&mut self, tell: &dyn Tell) -> Result<(), ApplyFault> {
        apply::commit_run(self, tell).await
    }

    async fn reset(&mut self) -> Result<bool, TargetError> {
        // DISCARD ALL refuses to be part of a longer text, so it costs a round trip of its own; both are sent
        // before either answer is read.
        let setup =
            format!("{}{}", self.target.settings(&self.version, Settings::Work), self.target.whereabouts());
        let answers = match self.wire.query_after("DISCARD ALL", &setup).await {
            Ok(answers) => answers,
            Err(e) if e.is_fatal() => return Ok(false),
            Err(e) => return Err(error::outside(&e, "resetting the session")),
        };
        let seen = answers.last().and_then(|answer| answer.rows.first());
        let seen = seen.map(|row| (0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect());
        if self.seen != seen {
            let answers = match self.wire.query(&self.target.identity(), &mut |_| {}).await {
                Ok(answers) => answers,
                Err((_, e)) => return Err(error::outside(&e, "resetting the session")),
            };
            (_, self.place) = self.target.read_identity(answers.last())?;
            self.seen = seen;
        }
        Ok(true)
    }

    async fn close(self: Box<Self>) {
        self.wire.close().await;
    }
}
