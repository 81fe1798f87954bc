//! A rehearsal where the engine cannot undo DDL: the plan's steps in a copy of the schema, each as a run would do it.

use super::accept::Job;
use super::finish::End;
use super::rehearse::{Before, not_rehearsed, told};
use super::sessions::Sessions;
use super::step::StepFault;
use super::steps::{Way, note_ends, step_failed, step_started};
use crate::connections::{CountedTarget, OwnPermit};
use crate::place::Place;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_target::edge::Edge;
use migrated_target::{Outcome, SchemaCopy, SessionMode, SessionOptions, Transaction};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// What every rehearsal in a copy tells first.
const NO_ROWS: &str = "tried in a copy of the schema without its rows: what hangs on them, such as a NOT NULL over rows \
                       that have none, a key over rows that are twice, and how long it takes, is not found";

impl Engine {
    /// Goes through the steps in the copy, and drops it. The rows that the run ends with are those it began with.
    pub(crate) async fn rehearse_in_copy(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        copy: Box<dyn SchemaCopy>,
        own: OwnPermit,
        options: SessionOptions,
    ) -> Result<End> {
        let mut copy = InUse { copy: Some(copy), tasks: self.inner.runs.tasks.clone() };
        let target =
            Arc::new(CountedTarget { target: copy.get().target(), server: job.place.server.clone() });
        let place = Place { target, ..job.place.clone() };
        let count = way.records.len();
        let (target, server) = (place.target.clone(), place.server.clone());
        let mode = SessionMode::Revision;
        let mut sessions = Sessions::new(self.clone(), target, server, own, options, mode, count);
        let end = self.in_copy(way, job, &mut copy, &place, &mut sessions).await;
        // It cannot be dropped while somebody works in it.
        sessions.close().await;
        copy.discard().await;
        end
    }

    async fn in_copy(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        copy: &mut InUse,
        place: &Place,
        sessions: &mut Sessions,
    ) -> Result<End> {
        let (run, decided) = (way.run, way.decided);
        let standing = decided.from.clone();
        let stopped = |done: usize| End::failed(run.cause(), Outcome::Clean, standing.clone(), done as u32);
        let notes = tokio::select! {
            notes = copy.get().fill() => notes?,
            () = run.cancelled.cancelled() => return Ok(stopped(0)),
        };
        let mut before = Before { left_out: notes.len(), copied: true, enum_value: false };
        run.log.push(not_rehearsed(NO_ROWS.to_owned()));
        notes.into_iter().for_each(|note| run.log.push(not_rehearsed(note)));
        let mut rows = standing.clone();
        for i in 0..decided.steps.len() {
            if run.cancelled.is_cancelled() {
                return Ok(stopped(i));
            }
            let begun = Instant::now();
            let mut prepared = self.prepare(way, i, &rows, Transaction::Step).await?;
            run.log.push(step_started(way, i, &rows));
            self.edge(Edge::StepStarted).await;
            let left_out = prepared.copied(copy.get());
            before.left_out += left_out.len();
            left_out.into_iter().for_each(|message| run.log.push(not_rehearsed(message)));
            match self.apply_step(run, place, sessions, i, &prepared).await {
                Ok(applied) => {
                    rows.clone_from(&applied.rows);
                    self.step_passed(way, job, i, applied, begun);
                    self.edge(Edge::StepDone).await;
                }
                Err(fault) => {
                    // However it left the copy: the target knows nothing of it.
                    let outcome = Outcome::Clean;
                    note_ends(run, i..=i, &outcome, self.now());
                    let error = told(in_target(fault), &outcome, job, &before, &standing);
                    return Ok(step_failed(run, decided, i, standing, StepFault { error, outcome }));
                }
            }
        }
        let changed = copy.get().changed().await?;
        if changed.is_empty() {
            return Ok(End::succeeded(standing));
        }
        Ok(End::failed(moved(job, &changed), Outcome::Clean, standing, 0))
    }
}

/// A fault of the copy as it would be one of the target.
fn in_target(fault: StepFault) -> EngineError {
    let mut error = fault.error;
    if !matches!(error.code, Code::RunTransactionRefused) {
        // What it says would help with is the copy.
        error.next = String::new();
    }
    if fault.outcome != Outcome::Clean && matches!(error.code, Code::OutcomeUnknown | Code::TargetPartial) {
        error.code = Code::ConnectionLost;
    }
    error
}

/// The target is not as it was before the rehearsal.
fn moved(job: &Job, changed: &[String]) -> EngineError {
    let (name, changed) = (&job.place.name, changed.join(", "));
    let message = format!("the schema of {name} changed while the rehearsal was under way: {changed}");
    EngineError::new(Code::SchemaMoved, message)
        .state(format!(
            "{name} was changed by somebody else, or by a statement that reached it out of the copy"
        ))
        .next(format!("look at what changed; where it was somebody else, `{}`", job.again()))
}

/// A copy in use. However its use ends, it is dropped after that.
struct InUse {
    copy: Option<Box<dyn SchemaCopy>>,
    tasks: TaskTracker,
}

impl InUse {
    fn get(&mut self) -> &mut dyn SchemaCopy {
        self.copy.as_deref_mut().expect("it is taken by the end of its use alone")
    }

    async fn discard(mut self) {
        if let Some(copy) = self.copy.take() {
            discard(copy).await;
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        // Without a runtime the process is ending: the next copy drops those that were left behind.
        if let (Some(copy), Ok(runtime)) = (self.copy.take(), Handle::try_current()) {
            drop(self.tasks.spawn_on(discard(copy), &runtime));
        }
    }
}

async fn discard(copy: Box<dyn SchemaCopy>) {
    if let Err(e) = copy.discard().await {
        tracing::warn!(error = %e, "the copy of a rehearsal could not be dropped");
    }
}
