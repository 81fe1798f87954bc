//! The work session.

use super::cancel::MysqlCanceller;
use super::connect::{Connected, Known, Place, Purpose, Server};
use super::error::GUARD;
use super::quote::literal;
use super::wire::{Answer, Wire, cell};
use super::{MysqlTarget, error, executed, journalled, lock};
use crate::ending::Asked;
use crate::stop::clean;
use crate::{
    Applied, ApplyFault, Backend, Canceller, Executor, Outcome, Session, SessionOptions, TargetError, Tell,
    Transaction, Work,
};
use async_trait::async_trait;
use migrated_core::Code;
use migrated_core::event::EventKind;
use std::sync::Arc;

/// A connection that does one step.
pub(super) struct MysqlSession {
    pub(super) target: MysqlTarget,
    pub(super) wire: Wire,
    pub(super) backend: Backend,
    pub(super) server: Server,
    pub(super) place: Place,
    pub(super) canceller: Arc<MysqlCanceller>,
    /// The migration lock's name and who must hold it.
    lock: Option<(String, i64)>,
    /// The database that unqualified names mean, while that is known: USE in a revision may change it.
    pub(super) database: Option<String>,
    /// The warnings of a statement were not asked for yet.
    pub(super) warnings_due: bool,
}

impl MysqlSession {
    pub(super) async fn open(
        target: &MysqlTarget,
        options: &SessionOptions,
    ) -> Result<MysqlSession, TargetError> {
        let token = options.lock.as_ref().map(|(token, holder)| {
            let (lock, start) = token.split_once(' ').unwrap_or((token, ""));
            Known { lock, start, holder: *holder }
        });
        let Connected { wire, backend, server, place, database } =
            target.connected_beside(Purpose::Work, token).await?;
        let canceller = Arc::new(MysqlCanceller {
            target: target.clone(),
            backend: backend.clone(),
            asked: Asked::default(),
        });
        let lock = match &options.lock {
            Some((token, pid)) => {
                let (name, start) = token.split_once(' ').unwrap_or((token, &backend.start));
                if start != backend.start {
                    return Err(lock::pooled());
                }
                Some((name.to_owned(), *pid))
            }
            None => None,
        };
        Ok(MysqlSession {
            target: target.clone(),
            wire,
            backend,
            server,
            place,
            canceller,
            lock,
            database,
            warnings_due: false,
        })
    }

    /// A statement that fails ([`GUARD`]) unless the migration lock is held by whom it must be held; with its `;`.
    pub(super) fn guard(&self) -> String {
        match &self.lock {
            Some((name, pid)) => {
                format!("SELECT IF(IS_USED_LOCK({})<=>{pid},1,(SELECT 1 UNION SELECT 2));", literal(name))
            }
            None => String::new(),
        }
    }

    /// Sends a text of ours, tells the warnings of the statement before it, and gives the answers.
    pub(super) async fn query(
        &mut self,
        text: &str,
        tell: &dyn Tell,
    ) -> Result<Vec<Answer>, (Vec<Answer>, sqlx::Error)> {
        if !std::mem::take(&mut self.warnings_due) {
            return self.wire.query(text).await;
        }
        let tell_first = |answers: &mut Vec<Answer>| {
            if !answers.is_empty() {
                answers.remove(0).rows.iter().for_each(|row| tell.event(notice(row)));
            }
        };
        match self.wire.query(&format!("SHOW WARNINGS;{text}")).await {
            Ok(mut answers) => {
                tell_first(&mut answers);
                Ok(answers)
            }
            Err((mut answers, e)) => {
                tell_first(&mut answers);
                Err((answers, e))
            }
        }
    }

    /// Refuses what would reach out of the copy of a rehearsal. A script is looked through before; what a client sends, and
    /// what is missed there, is refused here.
    pub(super) fn confined(&self, text: &str) -> Result<(), TargetError> {
        match self.target.confines.as_ref().and_then(|confines| confines.why_not(text)) {
            None => Ok(()),
            Some(why) => {
                let message = format!("the statement cannot be rehearsed, {why}");
                Err(TargetError::new(Code::RunTransactionRefused, message))
            }
        }
    }

    /// The error for a text of ours that failed.
    pub(super) fn refused(&self, error: &sqlx::Error, doing: &str) -> TargetError {
        match error::number(error) {
            Some(GUARD) => lock::lost("another connection holds it, or nobody does"),
            _ => error::outside(error, doing),
        }
    }
}

/// A warning of the server: level, number, message.
fn notice(row: &[Option<String>]) -> EventKind {
    let text = |at| cell(row, at).unwrap_or_default().to_owned();
    EventKind::Notice {
        severity: text(0).to_ascii_uppercase(),
        sqlstate: text(1),
        message: text(2),
        detail: String::new(),
        hint: String::new(),
    }
}

/// `--per-run-transaction` on an engine that cannot.
fn no_run_transaction() -> TargetError {
    TargetError::new(
        Code::RunTransactionRefused,
        "MySQL and MariaDB commit with every DDL statement: no transaction can hold a run",
    )
    .help("run without --per-run-transaction")
}

#[async_trait]
impl Session for MysqlSession {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        self.canceller.clone()
    }

    async fn apply(&mut self, work: &Work, tell: &dyn Tell) -> Result<Applied, ApplyFault> {
        if work.transaction == Transaction::Run {
            let error = no_run_transaction();
            return Err(ApplyFault { error, outcome: Outcome::Clean, retryable: false });
        }
        journalled::apply(self, work, tell).await
    }

    async fn converse(
        &mut self,
        work: &Work,
        executor: &mut dyn Executor,
        tell: &dyn Tell,
    ) -> Result<Applied, ApplyFault> {
        if work.transaction == Transaction::Run {
            return Err(clean(no_run_transaction()));
        }
        executed::apply(self, work, executor, tell).await
    }

    async fn begin_run(&mut self) -> Result<(), TargetError> {
        Err(no_run_transaction())
    }

    async fn begin_rehearsal(&mut self, _enforced: bool) -> Result<(), TargetError> {
        Err(no_run_transaction())
    }

    async fn end_rehearsal(&mut self) -> Result<(), ApplyFault> {
        Err(ApplyFault { error: no_run_transaction(), outcome: Outcome::Clean, retryable: false })
    }

    async fn commit_run(&mut self, _tell: &dyn Tell) -> Result<(), ApplyFault> {
        Err(ApplyFault { error: no_run_transaction(), outcome: Outcome::Clean, retryable: false })
    }

    async fn reset(&mut self) -> Result<bool, TargetError> {
        Ok(false)
    }

    async fn close(self: Box<Self>) {
        self.wire.close().await;
    }
}
