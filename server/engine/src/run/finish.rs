//! The end of a run: its state, what it left, and the way on.

use super::accept::Job;
use super::log::STORE_RETRY;
use super::step::Run;
use crate::plan::shown;
use crate::{Engine, EngineError};
use migrated_core::Code;
use migrated_core::event::{EventKind, Failure, RunKind, RunState};
use migrated_store::{RunRecord, StoreError};
use migrated_target::Outcome;
use migrated_target::edge::Edge;
use std::time::Duration;

/// How the work of a run ended.
pub(crate) struct End {
    error: Option<EngineError>,
    outcome: Outcome,
    /// Version rows, where they were read.
    rows: Option<Vec<String>>,
    done: u32,
}

impl End {
    /// Everything was done.
    pub(crate) fn succeeded(rows: Vec<String>) -> End {
        End { error: None, outcome: Outcome::Clean, rows: Some(rows), done: 0 }
    }

    /// Nothing was done.
    pub(crate) fn refused(error: EngineError) -> End {
        End { error: Some(error), outcome: Outcome::Clean, rows: None, done: 0 }
    }

    /// So many steps were done, then one failed.
    pub(crate) fn failed(error: EngineError, outcome: Outcome, rows: Vec<String>, done: u32) -> End {
        End { error: Some(error), outcome, rows: Some(rows), done }
    }

    /// The end of a run that was taken over and failed before anybody looked how much of its plan is done: nothing can be
    /// said of the target, which the next request looks at (rule R1).
    pub(crate) fn unseen(self, job: &Job) -> End {
        match self.error {
            Some(error) if !(error.code == Code::ShuttingDown && self.outcome == Outcome::Clean) => {
                let (target, before) = (&job.place.name, shown(&job.record.rows_before));
                let state =
                    format!("{target} stood at {before} when this run began; how far it came is not known");
                let error = error.state(state);
                End { error: Some(error), outcome: Outcome::Unknown { xid: None }, rows: None, done: 0 }
            }
            error => End { error, ..self },
        }
    }

    /// The daemon is stopping, and the target is clean: another daemon could go on with the run (rule R16).
    fn can_be_handed_over(&self) -> bool {
        matches!(&self.error, Some(e) if e.code == Code::ShuttingDown) && self.outcome == Outcome::Clean
    }

    /// The terminal state (rule R1).
    pub(crate) fn state(&self) -> RunState {
        match (&self.outcome, &self.error) {
            (Outcome::Partial { .. }, _) => RunState::Partial,
            (Outcome::Unknown { .. }, _) => RunState::Unknown,
            (Outcome::Clean, None) => RunState::Succeeded,
            (Outcome::Clean, Some(e)) if matches!(e.code, Code::Cancelled | Code::DeadlinePassed) => {
                RunState::Cancelled
            }
            (Outcome::Clean, Some(_)) => RunState::Failed,
        }
    }

    /// The failure as it stands in the log, before the target's name is known.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.error.as_ref().map(EngineError::to_failure)
    }
}

impl Engine {
    /// Records how a run ended and tells it. The rows are the target's (rule R2); the store follows.
    pub(crate) async fn finish(&self, run: &Run, mut job: Job, end: End, took: Duration) {
        if let Err(e) = self.flush_applied(job.place.key()).await {
            run.log.push(EventKind::Warning { reason: e.code.reason().to_owned(), message: e.message });
        }
        self.edge(Edge::AppliedStored).await;
        if end.can_be_handed_over() && self.hand_over(run, &job).await {
            return;
        }
        let state = end.state();
        if let Some(rows) = &end.rows {
            job.record.rows_after = rows.clone();
        }
        let mut failure = end.failure();
        if let Some(failure) = &mut failure {
            describe(failure, &end, state, &job);
        }
        if state == RunState::Unknown {
            // Whatever comes next on this target asks again.
            self.inner.runs.something_unsettled(job.place.key());
        }
        job.record.state = state;
        job.record.steps_done = job.record.steps_done.max(end.done);
        job.record.failure = failure.clone();
        job.record.finished_at = Some(self.now());
        let mut late = false;
        match self.store_end(&mut job.record).await {
            Ok(()) => {}
            Err(e) if self.leaves_to_others(run, &e) => return,
            Err(e) => {
                tracing::error!(run = %run.id, error = %e, "the end of the run cannot be stored");
                // The target is as it is: whoever comes next finds that out.
                self.inner.runs.something_unsettled(job.place.key());
                run.log.push(EventKind::Warning {
                    reason: e.code().reason().to_owned(),
                    message: format!(
                        "the end of this run could not be recorded, and is once that is possible: {e}"
                    ),
                });
                late = true;
            }
        }
        self.edge(Edge::EndStored).await;
        let last = EventKind::RunFinished {
            state,
            rows: job.record.rows_after.clone(),
            applied: job.record.steps_done,
            duration_ms: took.as_millis() as u64,
            failure,
        };
        run.log.finish(last.clone()).await;
        if late {
            self.store_end_later(job.record, last);
        }
        self.edge(Edge::EndShown).await;
    }

    /// Stores how a run ended. What the store refuses for a moment is tried again: a run whose end nobody knows keeps
    /// others waiting.
    pub(crate) async fn store_end(&self, record: &mut RunRecord) -> Result<(), StoreError> {
        let mut pauses = STORE_RETRY.iter();
        loop {
            let refusal = match self.store().update_run(record, record.version).await {
                Ok(version) => {
                    record.version = version;
                    return Ok(());
                }
                Err(e) => e,
            };
            match (&refusal, pauses.next()) {
                // Nobody else writes to a run of this daemon: the answer to an earlier write was lost.
                (StoreError::Conflict { found, .. }, Some(_)) if self.store().shared().is_some() => {
                    let stored = self.store().run(&record.id).await;
                    record.version = *found;
                    if stored.is_ok_and(|stored| stored.is_some_and(|stored| stored == *record)) {
                        return Ok(());
                    }
                }
                (StoreError::Unavailable(_) | StoreError::Full(_), Some(pause)) => {
                    tokio::time::sleep(*pause).await;
                }
                _ => return Err(refusal),
            }
        }
    }
}

/// Fills in what state the target is in and what to do next, where the error did not say.
fn describe(failure: &mut Failure, end: &End, state: RunState, job: &Job) {
    let target = &job.place.name;
    let rows = shown(&job.record.rows_after);
    if failure.state.is_empty() {
        failure.state = match (&end.outcome, &end.rows) {
            (Outcome::Partial { done, evidence }, _) => format!(
                "{target} stands at {rows}, with {} partly applied: {done} of its statements took effect; {evidence}",
                failure.revision
            ),
            (Outcome::Unknown { .. }, _) => {
                format!("{target} stood at {rows}; whether {} was committed is not known", failure.revision)
            }
            (Outcome::Clean, Some(_)) => format!("{target} stands at {rows}, clean"),
            (Outcome::Clean, None) => format!("{target} was not touched"),
        };
    }
    if failure.next.is_empty() {
        failure.next = next(failure, state, job);
    }
}

/// Nothing in the revision would help: its step was cut off, met others' locks, or lost its connection.
fn is_no_fault_of_the_revision(failure: &Failure) -> bool {
    let code = Code::from_reason(&failure.reason);
    matches!(
        code,
        Some(
            Code::Cancelled
                | Code::DeadlinePassed
                | Code::LockTimeout
                | Code::ConnectionLost
                | Code::LockLost
                | Code::VersionRowsChanged
                | Code::TargetUnreachable
        )
    )
}

/// The next command.
fn next(failure: &Failure, state: RunState, job: &Job) -> String {
    let again = job.again();
    match state {
        RunState::Partial if is_no_fault_of_the_revision(failure) => {
            format!("`{again}` goes on at its first statement that did not take effect")
        }
        RunState::Partial => {
            format!(
                "mend {} from its first statement that did not take effect on, then `{again}`",
                failure.revision
            )
        }
        RunState::Unknown => "`migratectl current`, once the database answers again".to_owned(),
        RunState::Cancelled if job.record.kind == RunKind::Rehearsal => format!("`{again}`"),
        RunState::Cancelled => format!("`{again}` goes on from there"),
        _ if failure.revision.is_empty() || is_no_fault_of_the_revision(failure) => format!("`{again}`"),
        _ => format!("fix {}, then `{again}`", failure.revision),
    }
}
