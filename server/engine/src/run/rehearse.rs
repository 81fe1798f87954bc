//! A rehearsal: the plan's steps in one transaction, which is rolled back whatever they come to.

use super::accept::Job;
use super::finish::End;
use super::sessions::{Opened, Sessions};
use super::step::{Run, StepFault};
use super::steps::{Way, note_ends, step_failed, step_started};
use crate::plan::shown;
use crate::prepare::Prepared;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::{StepNote, StepState};
use migrated_target::edge::Edge;
use migrated_target::{Applied, Outcome, Transaction};
use std::time::Instant;

/// Reason of the warnings that tell what a rehearsal did not try.
pub(super) const NOT_REHEARSED: &str = "NOT_REHEARSED";

/// What the steps so far mean for one that fails.
#[derive(Default)]
pub(super) struct Before {
    /// How much was not executed.
    pub(super) left_out: usize,
    /// A value was added to an enum.
    pub(super) enum_value: bool,
    /// It was tried in a copy of the schema.
    pub(super) copied: bool,
}

impl Engine {
    /// Goes through the steps as a run would, and undoes them. The rows that the run ends with are those it began with.
    pub(crate) async fn rehearse(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        sessions: &mut Sessions,
    ) -> Result<End> {
        let (run, decided) = (way.run, way.decided);
        let standing = decided.from.clone();
        let mut opened = sessions.take(0).await?;
        let enforced = !way.facts.iter().any(|facts| facts.unenforced);
        if let Err(e) = opened.session.begin_rehearsal(enforced).await {
            opened.session.close().await;
            return Ok(End::failed(e.into(), Outcome::Clean, standing, 0));
        }
        if !enforced {
            let message = "a revision switches the enforcement of foreign keys off, which a transaction does not \
                           allow: it is off in the whole rehearsal, and foreign keys are checked after each revision";
            run.log.push(not_rehearsed(message.to_owned()));
        }
        let (mut rows, mut before) = (standing.clone(), Before::default());
        for i in 0..decided.steps.len() {
            let begun = Instant::now();
            let mut prepared = self.prepare(way, i, &rows, Transaction::Run).await?;
            run.log.push(step_started(way, i, &rows));
            self.edge(Edge::StepStarted).await;
            let left_out = prepared.rehearsed(way.server.dialect);
            before.left_out += left_out.len();
            left_out.into_iter().for_each(|message| run.log.push(not_rehearsed(message)));
            let (back, result) = self.rehearse_step(run, job, opened, i, &prepared).await;
            opened = back;
            let applied = match result {
                Ok(applied) => applied,
                Err(mut fault) => {
                    opened.session.close().await;
                    note_ends(run, i..=i, &fault.outcome, self.now());
                    fault.error = told(fault.error, &fault.outcome, job, &before, &standing);
                    return Ok(step_failed(run, decided, i, standing, fault));
                }
            };
            before.enum_value |= prepared.adds_enum_value(way.server.dialect);
            rows.clone_from(&applied.rows);
            self.step_passed(way, job, i, applied, begun);
            self.edge(Edge::StepDone).await;
        }
        let ended = opened.session.end_rehearsal().await;
        opened.session.close().await;
        match ended {
            Ok(()) => Ok(End::succeeded(standing)),
            Err(fault) => {
                let error = told(fault.error.into(), &fault.outcome, job, &before, &standing);
                Ok(End::failed(error, fault.outcome, standing, 0))
            }
        }
    }

    /// One step, by its script or by a client.
    async fn rehearse_step(
        &self,
        run: &Run,
        job: &Job,
        opened: Opened,
        i: usize,
        prepared: &Prepared,
    ) -> (Opened, std::result::Result<Applied, StepFault>) {
        let mut client = None;
        if let Some(step) = &prepared.client {
            match self.executor(run, step).await {
                Ok(one) => client = Some(one),
                Err(error) => return (opened, Err(StepFault { error, outcome: Outcome::Clean })),
            }
        }
        let (opened, result) = self.attempt(run, &job.place, opened, i, prepared, 1, client.as_mut()).await;
        let result = result.map_err(|fault| {
            let cancelled = run.cancelled.is_cancelled();
            let error = if cancelled { run.cause() } else { EngineError::from(fault.error) };
            StepFault { error: error.revision(&prepared.work.revision), outcome: fault.outcome }
        });
        if let Some(client) = client {
            self.step_over(run, prepared, client, result.as_ref().map_err(|fault| &fault.error)).await;
        }
        (opened, result)
    }

    /// Tells of a step that works. Nothing of it is recorded as applied.
    pub(super) fn step_passed(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        i: usize,
        applied: Applied,
        begun: Instant,
    ) {
        let (run, record) = (way.run, &way.records[i]);
        let note = StepNote { index: record.index, state: StepState::Done, xid: None, at: self.now() };
        run.log.note(note, false);
        run.log.push(EventKind::StepFinished {
            index: record.index,
            total: job.record.steps_planned,
            revision: record.revision.clone(),
            statements: applied.statements,
            duration_us: begun.elapsed().as_micros() as u64,
            rows: applied.rows,
        });
        job.record.steps_done += 1;
    }
}

pub(super) fn not_rehearsed(message: String) -> EventKind {
    EventKind::Warning { reason: NOT_REHEARSED.to_owned(), message }
}

/// A failure with what it means in a rehearsal.
pub(super) fn told(
    mut error: EngineError,
    outcome: &Outcome,
    job: &Job,
    before: &Before,
    standing: &[String],
) -> EngineError {
    if *outcome != Outcome::Clean {
        return error;
    }
    if error.code == Code::StatementFailed && error.sql.as_ref().is_none_or(|sql| sql.statement_index == 0) {
        // What a check found is not there any more: the revision is all that can be looked at.
        error.next = String::new();
    }
    let plain = format!("migratectl upgrade {}", job.record.goal.join(" "));
    let is = |sqlstate| error.sql.as_ref().is_some_and(|sql| sql.sqlstate == sqlstate);
    if before.enum_value && is("55P04") {
        error.code = Code::RunTransactionRefused;
        error.message = format!(
            "{}: a value that an earlier revision adds to an enum can be used only after that one's COMMIT, which a \
             rehearsal does not have",
            error.message
        );
    }
    if error.code == Code::RunTransactionRefused {
        let revision = &error.revision;
        error.next = format!(
            "rehearse up to the revision before {revision}, and what follows on a copy of the database; `{plain}` has \
             a transaction for each revision"
        );
    }
    let why = match before.left_out {
        0 => String::new(),
        1 => "; 1 statement up to it was not rehearsed, which may be the reason".to_owned(),
        n => format!("; {n} statements up to it were not rehearsed, which may be the reason"),
    };
    let (target, rows) = (&job.place.name, shown(standing));
    let how = match before.copied {
        true => "it was tried in a copy of the schema, which is dropped",
        false => "everything was rolled back",
    };
    error.state(format!("{target} is unchanged at {rows}: {how}{why}"))
}
