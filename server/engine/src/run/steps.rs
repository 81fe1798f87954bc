//! Executing a plan: records it, then goes through its steps.

use super::accept::Job;
use super::finish::End;
use super::sessions::Sessions;
use super::step::{Run, StepFault};
use crate::connections::OwnPermit;
use crate::plan::Decided;
use crate::prepare::StepFacts;
use crate::{Engine, EngineError, Result};
use migrated_core::event::{Direction, EventKind, RunKind, RunState};
use migrated_core::operation::Server;
use migrated_core::revision::Step;
use migrated_core::{Code, DialectName};
use migrated_store::{AppliedRecord, StepNote, StepRecord, StepState};
use migrated_target::edge::Edge;
use migrated_target::{Applied, MigrationLock, Outcome, SessionMode, SessionOptions, Transaction};
use std::ops::RangeInclusive;
use std::time::Instant;

/// A decided run on its way: what is to be done, checked and recorded.
pub(crate) struct Way<'a> {
    pub(crate) run: &'a Run,
    pub(crate) decided: &'a Decided,
    pub(crate) facts: &'a [StepFacts],
    pub(crate) records: &'a [StepRecord],
    /// How many of the steps are done already, by a daemon that had the run before.
    pub(crate) done: usize,
    /// The server that operations are rendered for.
    pub(crate) server: &'a Server,
    /// The same as it tells itself.
    pub(crate) server_text: &'a str,
}

impl Engine {
    /// Records the plan, durably, before anything of it is done (rule R3).
    pub(crate) async fn record_plan(
        &self,
        run: &Run,
        job: &mut Job,
        decided: &Decided,
        facts: &[StepFacts],
    ) -> Result<Vec<StepRecord>> {
        let steps: Vec<StepRecord> = decided
            .steps
            .iter()
            .zip(facts)
            .enumerate()
            .map(|(i, (step, facts))| StepRecord {
                index: i as u32 + 1,
                revision: step.revision.clone(),
                direction: step.direction,
                body_hash: facts.body_hash,
                token_hash: facts.token_hash,
                state: StepState::Planned,
                backend_pid: None,
                backend_start: None,
                xid: None,
                started_at: None,
                finished_at: None,
            })
            .collect();
        self.store().put_steps(&run.id, &steps).await?;
        self.edge(Edge::StepsStored).await;
        job.record.state = RunState::Running;
        job.record.started_at = Some(self.now());
        job.record.steps_planned = steps.len() as u32;
        job.record.version = self.store().update_run(&job.record, job.record.version).await?;
        self.edge(Edge::PlanStored).await;
        run.log.push(EventKind::StateChanged { state: RunState::Running });
        run.log.push(EventKind::PlanReady {
            from: decided.from.clone(),
            to: decided.to.clone(),
            steps: steps.len() as u32,
        });
        Ok(steps)
    }

    /// Goes through the steps.
    pub(crate) async fn execute(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        lock: &mut dyn MigrationLock,
        own: OwnPermit,
    ) -> Result<End> {
        let rehearsal = job.record.kind == RunKind::Rehearsal;
        let per_run = job.options.per_run_transaction || rehearsal;
        let usual = match way.server.dialect {
            DialectName::Sqlite => SessionMode::Run,
            DialectName::Postgres | DialectName::Mysql => SessionMode::Revision,
        };
        let mode = match job.options.session.or(self.settings().session) {
            _ if per_run => SessionMode::Run,
            mode => mode.unwrap_or(usual),
        };
        let options = SessionOptions { run: way.run.id.clone(), lock: lock.token() };
        if rehearsal && let Some(copy) = job.place.target.schema_copy().await? {
            return self.rehearse_in_copy(way, job, copy, own, options).await;
        }
        let (target, server) = (job.place.target.clone(), job.place.server.clone());
        let count = way.records.len();
        let mut sessions = Sessions::new(self.clone(), target, server, own, options, mode, count);
        let end = if rehearsal {
            self.rehearse(way, job, &mut sessions).await
        } else if per_run {
            self.execute_in_one(way, job, &mut sessions).await
        } else {
            self.execute_each(way, job, lock, &mut sessions).await
        };
        sessions.close().await;
        end
    }

    async fn execute_each(
        &self,
        way: &Way<'_>,
        job: &mut Job,
        lock: &mut dyn MigrationLock,
        sessions: &mut Sessions,
    ) -> Result<End> {
        let (run, decided) = (way.run, way.decided);
        let mut rows = decided.rows_after(way.done);
        let mut verified = Instant::now();
        for i in way.done..decided.steps.len() {
            if let Some(end) = self.stop_between_steps(run, &rows, i as u32) {
                return Ok(end);
            }
            // The lock's own connection tells when it is lost; asking once a second costs nothing beside the work.
            if verified.elapsed().as_secs() >= 1 {
                if let Err(e) = lock.verify().await {
                    return Ok(End::failed(e.into(), Outcome::Clean, rows, i as u32));
                }
                verified = Instant::now();
            }
            let begun = Instant::now();
            let prepared = self.prepare(way, i, &rows, Transaction::Step).await?;
            run.log.push(step_started(way, i, &rows));
            self.edge(Edge::StepStarted).await;
            match self.apply_step(run, &job.place, sessions, i, &prepared).await {
                Ok(applied) => {
                    rows = applied.rows.clone();
                    self.step_done(run, job, &way.records[i], &applied, begun);
                    self.edge(Edge::StepDone).await;
                }
                Err(fault) => {
                    note_ends(run, i..=i, &fault.outcome, self.now());
                    return Ok(step_failed(run, decided, i, rows, fault));
                }
            }
        }
        Ok(End::succeeded(rows))
    }

    /// One transaction around the run: all or nothing.
    async fn execute_in_one(&self, way: &Way<'_>, job: &mut Job, sessions: &mut Sessions) -> Result<End> {
        let (run, decided) = (way.run, way.decided);
        let before = decided.from.clone();
        let mut opened = sessions.take(0).await?;
        if let Err(e) = opened.session.begin_run().await {
            return Ok(End::failed(e.into(), Outcome::Clean, before, 0));
        }
        let mut rows = before.clone();
        let mut done: Vec<(Applied, Instant)> = Vec::new();
        for i in 0..decided.steps.len() {
            let begun = Instant::now();
            let prepared = self.prepare(way, i, &rows, Transaction::Run).await?;
            run.log.push(step_started(way, i, &rows));
            self.edge(Edge::StepStarted).await;
            let mut client = match &prepared.client {
                Some(step) => match self.executor(run, step).await {
                    Ok(client) => Some(client),
                    Err(error) => {
                        opened.session.close().await;
                        note_ends(run, 0..=i, &Outcome::Clean, self.now());
                        let fault = StepFault { error, outcome: Outcome::Clean };
                        return Ok(step_failed(run, decided, i, before, fault));
                    }
                },
                None => None,
            };
            let (back, result) =
                self.attempt(run, &job.place, opened, i, &prepared, 1, client.as_mut()).await;
            opened = back;
            if let Some(client) = client {
                let told = result.as_ref().map_err(|fault| EngineError::from(fault.error.clone()));
                self.step_over(run, &prepared, client, told.as_ref().copied()).await;
            }
            match result {
                Ok(applied) => {
                    rows = applied.rows.clone();
                    done.push((applied, begun));
                }
                Err(fault) => {
                    opened.session.close().await;
                    note_ends(run, 0..=i, &fault.outcome, self.now());
                    let error = if run.cancelled.is_cancelled() { run.cause() } else { fault.error.into() };
                    let fault = StepFault { error, outcome: fault.outcome };
                    return Ok(step_failed(run, decided, i, before, fault));
                }
            }
        }
        if let Err(fault) = self.commit_run(run, &job.place, opened, &before, &rows).await {
            note_ends(run, 0..=decided.steps.len().saturating_sub(1), &fault.outcome, self.now());
            return Ok(End::failed(fault.error, fault.outcome, before, 0));
        }
        for (i, (applied, begun)) in done.iter().enumerate() {
            self.step_done(run, job, &way.records[i], applied, *begun);
        }
        Ok(End::succeeded(rows))
    }

    /// Whether the run is to stop here: cancelled, past its deadline, or the daemon is stopping.
    fn stop_between_steps(&self, run: &Run, rows: &[String], done: u32) -> Option<End> {
        if run.cancelled.is_cancelled() {
            return Some(End::failed(run.cause(), Outcome::Clean, rows.to_vec(), done));
        }
        if self.inner.runs.closing.is_cancelled() {
            let error = EngineError::new(Code::ShuttingDown, "the daemon was stopped between two revisions");
            return Some(End::failed(error, Outcome::Clean, rows.to_vec(), done));
        }
        None
    }

    /// Notes that a step's work and version rows are committed. The target's rows are the truth (rule R2), so this
    /// need not be durable before the next step: a run that is cut off here is reconciled from them.
    fn step_done(&self, run: &Run, job: &mut Job, record: &StepRecord, applied: &Applied, begun: Instant) {
        let at = self.now();
        run.log.note(StepNote { index: record.index, state: StepState::Done, xid: None, at }, false);
        run.log.push(EventKind::StepFinished {
            index: record.index,
            total: job.record.steps_planned,
            revision: record.revision.clone(),
            statements: applied.statements,
            duration_us: begun.elapsed().as_micros() as u64,
            rows: applied.rows.clone(),
        });
        job.record.rows_after = applied.rows.clone();
        job.record.steps_done += 1;
        let (mut put, mut remove) = (Vec::new(), Vec::new());
        match (record.direction, record.body_hash, record.token_hash) {
            (Direction::Up, Some(body_hash), Some(token_hash)) => put.push(AppliedRecord {
                project: job.record.project.clone(),
                revision: record.revision.clone(),
                token_hash,
                body_hash,
                run: run.id.clone(),
                at,
            }),
            _ => remove.push(record.revision.clone()),
        }
        self.inner.verified.note_applied(job.place.key(), put, remove);
    }
}

pub(super) fn step_started(way: &Way<'_>, i: usize, rows: &[String]) -> EventKind {
    let (step, facts) = (&way.decided.steps[i], &way.facts[i]);
    let (from, to) = ends(way.decided, step, rows);
    EventKind::StepStarted {
        index: i as u32 + 1,
        total: way.decided.steps.len() as u32,
        revision: step.revision.clone(),
        direction: step.direction,
        from,
        to,
        message: way.decided.graph.message(&step.revision).to_owned(),
        statements: facts.statements,
        transactional: facts.transactional,
    }
}

/// Notes that steps have failed. Where nobody can tell how they ended they stay begun.
pub(super) fn note_ends(run: &Run, steps: RangeInclusive<usize>, outcome: &Outcome, at: i64) {
    if matches!(outcome, Outcome::Unknown { .. }) {
        return;
    }
    for step in steps {
        let note = StepNote { index: step as u32 + 1, state: StepState::Failed, xid: None, at };
        run.log.note(note, false);
    }
}

/// Where a step leads from and to. A revision leads from its parents to itself, or back, as Alembic tells it: the
/// rows would be silent about a parent that another row implies. A stamp has no revision, only rows.
fn ends(decided: &Decided, step: &Step, rows: &[String]) -> (Vec<String>, Vec<String>) {
    let own = vec![step.revision.clone()];
    let known = if decided.is_stamp() { None } else { decided.graph.revision(&step.revision) };
    match (known.map(|r| r.header.down_revisions.clone()), step.direction) {
        (Some(parents), Direction::Up) => (parents, own),
        (Some(parents), Direction::Down) => (own, parents),
        (None, _) => (
            rows.iter().filter(|r| !step.rows_after.contains(r)).cloned().collect(),
            step.rows_after.iter().filter(|r| !rows.contains(r)).cloned().collect(),
        ),
    }
}

pub(super) fn step_failed(
    run: &Run,
    decided: &Decided,
    i: usize,
    rows: Vec<String>,
    fault: StepFault,
) -> End {
    let end = End::failed(fault.error, fault.outcome, rows, i as u32);
    run.log.push(EventKind::StepFailed {
        index: i as u32 + 1,
        total: decided.steps.len() as u32,
        revision: decided.steps[i].revision.clone(),
        failure: end.failure().unwrap_or_default(),
    });
    end
}
