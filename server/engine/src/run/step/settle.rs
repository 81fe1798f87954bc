//! Committing a whole run, and settling what a fault left behind.

use super::StepFault;
use super::tell::StepTell;
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::place::Place;
use crate::run::{Opened, RunHandle};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::{ApplyFault, Backend, BackendState, JournalState, Outcome, TransactionOutcome};
use std::time::{Duration, Instant};

impl Engine {
    /// Commits the one transaction of a run.
    pub(crate) async fn commit_run(
        &self,
        run: &RunHandle,
        place: &Place,
        mut opened: Opened,
        before: &[String],
        after: &[String],
    ) -> std::result::Result<(), StepFault> {
        let tell = StepTell::new(self, run, None, 1);
        let backend = opened.session.backend().clone();
        let committed = opened.session.commit_run(&tell).await;
        opened.session.close().await;
        match committed {
            Ok(()) => Ok(()),
            Err(fault) => self.settle(run, place, &backend, "", before, after, fault).await,
        }
    }

    /// Settles what a fault left behind. UNKNOWN is resolved in R1's order: the backend is gone, then the
    /// transaction's status, then the version rows; never by guessing. `Ok` where it was committed after all.
    #[expect(clippy::too_many_arguments, reason = "what is known of one fault")]
    pub(super) async fn settle(
        &self,
        run: &RunHandle,
        place: &Place,
        backend: &Backend,
        revision: &str,
        before: &[String],
        after: &[String],
        fault: ApplyFault,
    ) -> std::result::Result<(), StepFault> {
        let error = EngineError::from(fault.error).revision(revision);
        let Outcome::Unknown { xid } = &fault.outcome else {
            return Err(StepFault { error, outcome: fault.outcome });
        };
        match self.resolve_unknown(place, backend, xid.as_deref(), before, after).await {
            Ok(TransactionOutcome::Committed) => {
                run.log.push(EventKind::Warning {
                    reason: Code::ConnectionLost.reason().to_owned(),
                    message: "the connection broke inside COMMIT; the database says that it was committed"
                        .to_owned(),
                });
                Ok(())
            }
            Ok(TransactionOutcome::Aborted) => {
                let outcome = self.what_aborting_left(place).await;
                Err(StepFault { error, outcome })
            }
            Ok(_) | Err(_) => {
                let error = EngineError { code: Code::OutcomeUnknown, ..error };
                Err(StepFault { error, outcome: fault.outcome })
            }
        }
    }

    /// The last transaction of a revision is undone; what a journalled one did before it stays.
    async fn what_aborting_left(&self, place: &Place) -> Outcome {
        match place.target.standing().await {
            Ok(standing) if standing.journal.is_empty() => Outcome::Clean,
            Ok(standing) => {
                let done = standing.journal.iter().filter(|row| row.state == JournalState::Done).count();
                let evidence = "its last transaction, with the version rows, was rolled back".to_owned();
                Outcome::Partial { done: done as u32, evidence }
            }
            Err(_) => Outcome::Unknown { xid: None },
        }
    }

    async fn resolve_unknown(
        &self,
        place: &Place,
        backend: &Backend,
        xid: Option<&str>,
        before: &[String],
        after: &[String],
    ) -> Result<TransactionOutcome> {
        let until = Instant::now() + Duration::from_secs(30);
        let mut pause = Duration::from_millis(100);
        loop {
            match place.target.backend_state(backend).await {
                Ok(BackendState::Gone) => break,
                Ok(BackendState::Alive(_)) | Err(_) if Instant::now() < until => {}
                Ok(BackendState::Alive(_)) => {
                    place.target.end_backend(backend, self.settings().cancel_grace).await?;
                    break;
                }
                Err(e) => return Err(e.into()),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        if let Some(xid) = xid {
            let outcome = place.target.transaction_outcome(xid).await?;
            if matches!(outcome, TransactionOutcome::Committed | TransactionOutcome::Aborted) {
                return Ok(outcome);
            }
        }
        let rows = place.target.standing().await?.rows.unwrap_or_default();
        let rows = sorted(&rows);
        Ok(if rows == sorted(after) {
            TransactionOutcome::Committed
        } else if rows == sorted(before) {
            TransactionOutcome::Aborted
        } else {
            TransactionOutcome::Unknown
        })
    }
}

fn sorted(rows: &[String]) -> Vec<&String> {
    let mut rows: Vec<&String> = rows.iter().collect();
    rows.sort_unstable();
    rows
}
