//! Runs that a dead daemon left behind (rule R16): their sessions are ended, and what they say is made true from
//! the target's rows (rule R2), before anything new is done on their target.

use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{Direction, EventKind, RunKind, RunState};
use migrated_store::{AppliedRecord, RunRecord, StepNote, StepRecord, StepState};
use migrated_target::edge::Edge;
use migrated_target::{Backend, BackendState, Standing, TransactionOutcome};
use std::collections::HashSet;

impl Engine {
    /// At start: settles what can be settled now. Targets that cannot be reached, and databases by URL, whose
    /// secrets nobody kept, are settled when the next request for them comes.
    pub async fn reconcile_all(&self) -> Result<()> {
        if self.store().shared().is_some() {
            // What is nobody's is taken over by those who tend it ([`Engine::tend`]); the rest has an owner.
            return Ok(());
        }
        for run in self.store().unsettled_runs().await? {
            let Ok(place) = self.place(&TargetRequest::Named(run.target.clone())).await else { continue };
            if place.key() == run.target_key
                && let Err(e) = self.reconcile(&place).await
            {
                tracing::warn!(run = %run.id, target = %run.target, error = %e, "not reconciled yet");
            }
        }
        Ok(())
    }

    /// Settles every run on a target of which not everything is known: unfinished, and ended UNKNOWN, that is not under way in this process.
    pub(crate) async fn reconcile(&self, place: &Place) -> Result<()> {
        if let Some(shared) = self.store().shared() {
            return self.reconcile_shared(shared, place).await;
        }
        if !self.inner.runs.may_have_orphans(place.key()) {
            return Ok(());
        }
        // Requests that come at once do this once: the second finds nothing left to do.
        let lane = self.inner.runs.lane(place.key());
        let _turn = lane.settling.lock().await;
        let unsettled = self.store().unsettled_runs().await?;
        let mut left = false;
        for run in unsettled.into_iter().filter(|r| r.target_key == place.key()) {
            if self.inner.runs.get(&run.id).is_none() {
                self.settle_run(place, run).await?;
            } else {
                left = true;
            }
        }
        if !left {
            self.inner.runs.no_orphans(place.key());
        }
        Ok(())
    }

    pub(crate) async fn settle_run(&self, place: &Place, mut run: RunRecord) -> Result<()> {
        let steps = self.store().steps(&run.id).await?;
        let mut orphans = Vec::new();
        for backend in backends(&run, &steps) {
            match place.target.end_backend(&backend, self.settings().cancel_grace).await? {
                BackendState::Gone => {}
                BackendState::Alive(doing) => orphans.push(format!("pid {}: {doing}", backend.pid)),
            }
        }
        if !orphans.is_empty() {
            return Err(EngineError::new(
                Code::RunInterrupted,
                format!(
                    "a session of run {} is still at work and could not be ended: {}",
                    run.id,
                    orphans.join(", ")
                ),
            )
            .with("run", &run.id)
            .next("wait until it has ended, or end it in the database, then repeat the command"));
        }
        self.edge(Edge::OrphansGone).await;
        let standing = place.target.standing().await?;
        let rows = standing.rows.clone().unwrap_or_default();
        let done = match run.kind {
            // Its transaction ended with its session, whatever the rows say by now.
            RunKind::Rehearsal => {
                self.drop_leftovers(place).await;
                0
            }
            _ => {
                let done = self.note_fates(place, &run, &steps, &rows).await?;
                self.edge(Edge::FatesStored).await;
                self.adopt_applied(place, &run, &steps[..done], &rows).await?;
                done
            }
        };
        run.steps_done = done as u32;
        run.rows_after = rows.clone();
        let was_unknown = run.state == RunState::Unknown;
        run.finished_at = run.finished_at.or(Some(self.now()));
        // Others may have worked since a run ended UNKNOWN.
        let partial = run.kind != RunKind::Rehearsal
            && standing.journal.iter().any(|row| !was_unknown || row.run == run.id);
        run.state = match partial {
            true => RunState::Partial,
            false if done > 0 && done == run.steps_planned as usize => RunState::Succeeded,
            false => RunState::Failed,
        };
        run.failure = match run.state {
            RunState::Succeeded => None,
            _ => Some(settled(place, &run, &standing, was_unknown).to_failure()),
        };
        let _telling = self.inner.runs.tells(&run.id);
        self.store().update_run(&run, run.version).await?;
        self.edge(Edge::SettledStored).await;
        let last = self.last_event(&run.id).await?;
        if !was_unknown && self.is_end(&run.id, last).await? {
            // It was told before, and the store refused to record it.
            return Ok(());
        }
        let log = crate::run::RunLog::start(&run.id, last, self);
        log.finish(EventKind::RunFinished {
            state: run.state,
            rows,
            applied: run.steps_done,
            duration_ms: ((self.now() - run.created_at) / 1_000).max(0) as u64,
            failure: run.failure,
        })
        .await;
        self.edge(Edge::SettledShown).await;
        Ok(())
    }

    /// Drops what rehearsals of dead daemons left on the server. Where that does not work it is tried with the next one.
    pub(crate) async fn drop_leftovers(&self, place: &Place) {
        if let Err(e) = place.target.drop_leftovers().await {
            tracing::warn!(target = %place.name, error = %e, "copies of rehearsals could not be dropped");
        }
    }

    /// Finds out how each step ended, as far as one was begun, and notes that. Returns how many were done, which are
    /// the first ones.
    pub(crate) async fn note_fates(
        &self,
        place: &Place,
        run: &RunRecord,
        steps: &[StepRecord],
        rows: &[String],
    ) -> Result<usize> {
        let stands = self.stands(place, run, rows).await?;
        let mut notes = Vec::new();
        let mut done = 0;
        for step in steps {
            let by_rows = || {
                stands
                    .as_ref()
                    .is_some_and(|s| s.contains(&step.revision) == (step.direction == Direction::Up))
            };
            let committed = match step.state {
                StepState::Done => true,
                StepState::Failed => false,
                StepState::Started => match outcome(place, step).await? {
                    TransactionOutcome::Committed => true,
                    TransactionOutcome::Aborted => false,
                    TransactionOutcome::InProgress | TransactionOutcome::Unknown => by_rows(),
                },
                // That it began may have been lost with the machine's power.
                StepState::Planned => by_rows(),
            };
            let state = if committed { StepState::Done } else { StepState::Failed };
            if step.state != state && (committed || step.state == StepState::Started) {
                notes.push(StepNote { index: step.index, state, xid: None, at: self.now() });
            }
            if !committed {
                break;
            }
            done += 1;
        }
        self.store().note_steps(&run.id, &notes).await?;
        Ok(done)
    }

    /// Records the content of what the run got done, from what it was pinned to and what the rows say.
    pub(crate) async fn adopt_applied(
        &self,
        place: &Place,
        run: &RunRecord,
        steps: &[StepRecord],
        rows: &[String],
    ) -> Result<()> {
        let Some(stands) = self.stands(place, run, rows).await? else { return Ok(()) };
        let (mut put, mut remove) = (Vec::new(), Vec::new());
        for step in steps {
            match (step.direction, step.body_hash, step.token_hash, stands.contains(&step.revision)) {
                (Direction::Up, Some(body_hash), Some(token_hash), true) => put.push(AppliedRecord {
                    project: run.project.clone(),
                    revision: step.revision.clone(),
                    token_hash,
                    body_hash,
                    run: run.id.clone(),
                    at: self.now(),
                }),
                (Direction::Down, _, _, false) => remove.push(step.revision.clone()),
                _ => {}
            }
        }
        self.inner.verified.note_applied(place.key(), put, remove);
        self.flush_applied(place.key()).await
    }

    /// What stands applied in the target by its rows; `None` where the run's graph is not known any more. It is
    /// collected only when nothing of it is applied.
    pub(crate) async fn stands(
        &self,
        place: &Place,
        run: &RunRecord,
        rows: &[String],
    ) -> Result<Option<HashSet<String>>> {
        let Some(digest) = run.graph else { return Ok(None) };
        let graph = match self.graph(&run.project, &crate::GraphRef::Manifest(digest)).await {
            Ok(graph) => graph,
            Err(e) if e.code == Code::ManifestUnknown => return Ok(None),
            Err(e) => return Err(e),
        };
        let (union, _) = self.union(&run.project, &graph, place.key(), rows).await?;
        let known: Vec<String> = rows.iter().filter(|r| union.contains(r)).cloned().collect();
        Ok(Some(union.closure(&known).into_iter().map(|id| id.to_string()).collect()))
    }

    /// Whether that event of a run tells its end.
    async fn is_end(&self, run: &str, seq: u64) -> Result<bool> {
        let Some(before) = seq.checked_sub(1) else { return Ok(false) };
        let event = self.store().events(run, before, 1).await?;
        Ok(event.first().is_some_and(|event| matches!(event.what, EventKind::RunFinished { .. })))
    }

    pub(crate) async fn last_event(&self, run: &str) -> Result<u64> {
        let mut last = 0;
        loop {
            match self.store().events(run, last, 1_000).await?.last() {
                Some(event) => last = event.seq,
                None => return Ok(last),
            }
        }
    }
}

/// How the transaction of a step ended, as far as the server can tell.
pub(crate) async fn outcome(place: &Place, step: &StepRecord) -> Result<TransactionOutcome> {
    let Some(xid) = &step.xid else { return Ok(TransactionOutcome::Unknown) };
    match place.target.transaction_outcome(xid).await {
        Ok(outcome) => Ok(outcome),
        Err(e) if matches!(e.code, Code::TargetUnreachable | Code::ConnectionLost) => Err(e.into()),
        // A server that was restored or replaced does not know the id: the rows are what is left to ask.
        Err(_) => Ok(TransactionOutcome::Unknown),
    }
}

/// The sessions that a run recorded for steps that may still be at work, each once.
pub(crate) fn backends(run: &RunRecord, steps: &[StepRecord]) -> Vec<Backend> {
    let mut seen = HashSet::new();
    steps
        .iter()
        .filter(|s| matches!(s.state, StepState::Planned | StepState::Started))
        .filter_map(|s| Some((s.backend_pid?, s.backend_start.clone()?)))
        .filter(|backend| seen.insert(backend.clone()))
        .map(|(pid, start)| Backend { pid, start, application: format!("migrated:{}", run.id) })
        .collect()
}

/// Why a run did not succeed that was settled after its end.
fn settled(place: &Place, run: &RunRecord, standing: &Standing, was_unknown: bool) -> EngineError {
    let rows = crate::plan::shown(standing.rows.as_deref().unwrap_or_default());
    let error = match (was_unknown, &run.failure) {
        (true, Some(failure)) => {
            let code = Code::ConnectionLost;
            EngineError::new(code, format!("{}; how that ended is known by now", failure.message))
                .revision(&failure.revision)
        }
        _ => EngineError::new(Code::RunInterrupted, "the daemon died while this run was under way"),
    };
    match standing.journal.first() {
        None => error.state(format!("{} stands at {rows}, clean", place.name)),
        Some(row) => error
            .revision(&row.revision)
            .state(format!("{} stands at {rows}, with {} partly applied", place.name, row.revision)),
    }
    .next(format!("`{}`", crate::run::again(run)))
}
