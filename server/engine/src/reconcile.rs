//! Runs that a dead daemon left behind (rule R16): their sessions are ended, and what they say is made true from
//! the target's rows (rule R2), before anything new is done on their target.

use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{Direction, EventKind, RunState};
use migrated_store::{AppliedRecord, RunRecord, StepRecord, StepState};
use migrated_target::{Backend, BackendState, Standing};
use std::collections::HashSet;

impl Engine {
    /// At start: settles what can be settled now. Targets that cannot be reached, and databases by URL, whose
    /// secrets nobody kept, are settled when the next request for them comes.
    pub async fn reconcile_all(&self) -> Result<()> {
        for run in self.store().unfinished_runs().await? {
            let Ok(place) = self.place(&TargetRequest::Named(run.target.clone())).await else { continue };
            if place.key() == run.target_key
                && let Err(e) = self.reconcile(&place).await
            {
                tracing::warn!(run = %run.id, target = %run.target, error = %e, "not reconciled yet");
            }
        }
        Ok(())
    }

    /// Settles every unfinished run on a target that is not under way in this process.
    pub(crate) async fn reconcile(&self, place: &Place) -> Result<()> {
        if !self.inner.runs.may_have_orphans(place.key()) {
            return Ok(());
        }
        let unfinished = self.store().unfinished_runs().await?;
        let mut left = false;
        for run in unfinished.into_iter().filter(|r| r.target_key == place.key()) {
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

    async fn settle_run(&self, place: &Place, mut run: RunRecord) -> Result<()> {
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
        let standing = place.target.standing().await?;
        let rows = standing.rows.clone().unwrap_or_default();
        self.adopt_applied(place, &run, &steps, &rows).await?;
        run.steps_done = run.steps_done.max(self.steps_done(&run, &steps, &rows).await?);
        let failure = interrupted(place, &run, &standing);
        run.state = if standing.journal.is_empty() { RunState::Failed } else { RunState::Partial };
        run.rows_after = rows.clone();
        run.failure = Some(failure.to_failure());
        run.finished_at = Some(self.now());
        self.store().update_run(&run, run.version).await?;
        let last = self.last_event(&run.id).await?;
        let (store, clock) = (self.inner.store.clone(), self.inner.clock.clone());
        let log = crate::run::RunLog::start(&run.id, last, store, clock);
        log.finish(EventKind::RunFinished {
            state: run.state,
            rows,
            applied: run.steps_done,
            duration_ms: ((self.now() - run.created_at) / 1_000).max(0) as u64,
            failure: run.failure,
        })
        .await;
        Ok(())
    }

    /// Records the content of what the run got done, from what it was pinned to and what the rows say.
    async fn adopt_applied(
        &self,
        place: &Place,
        run: &RunRecord,
        steps: &[StepRecord],
        rows: &[String],
    ) -> Result<()> {
        let Some(digest) = run.graph else { return Ok(()) };
        let graph = match self.graph(&run.project, &crate::GraphRef::Manifest(digest)).await {
            Ok(graph) => graph,
            // Collected since: then nothing of it is applied, for what is applied is never collected.
            Err(e) if e.code == Code::ManifestUnknown => return Ok(()),
            Err(e) => return Err(e),
        };
        let (union, _) = self.union(&run.project, &graph, place.key(), rows).await?;
        let known: Vec<String> = rows.iter().filter(|r| union.contains(r)).cloned().collect();
        let stands = union.closure(&known);
        let (mut put, mut remove) = (Vec::new(), Vec::new());
        for step in steps.iter().filter(|s| s.state != StepState::Done) {
            match (step.direction, step.body_hash, step.token_hash, stands.contains(step.revision.as_str())) {
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

    /// How many of a run's steps the rows show to be done.
    async fn steps_done(&self, run: &RunRecord, steps: &[StepRecord], rows: &[String]) -> Result<u32> {
        let Some(digest) = run.graph else { return Ok(0) };
        let Ok(graph) = self.graph(&run.project, &crate::GraphRef::Manifest(digest)).await else {
            return Ok(0);
        };
        let stands = graph.closure(rows);
        let done =
            steps.iter().filter(|s| stands.contains(s.revision.as_str()) == (s.direction == Direction::Up));
        Ok(done.count() as u32)
    }

    async fn last_event(&self, run: &str) -> Result<u64> {
        let mut last = 0;
        loop {
            match self.store().events(run, last, 1_000).await?.last() {
                Some(event) => last = event.seq,
                None => return Ok(last),
            }
        }
    }
}

/// The sessions that a run recorded, each once.
fn backends(run: &RunRecord, steps: &[StepRecord]) -> Vec<Backend> {
    let mut seen = HashSet::new();
    steps
        .iter()
        .filter_map(|s| Some((s.backend_pid?, s.backend_start.clone()?)))
        .filter(|backend| seen.insert(backend.clone()))
        .map(|(pid, start)| Backend { pid, start, application: format!("migrated:{}", run.id) })
        .collect()
}

fn interrupted(place: &Place, run: &RunRecord, standing: &Standing) -> EngineError {
    let rows = crate::plan::shown(standing.rows.as_deref().unwrap_or_default());
    let error = EngineError::new(Code::RunInterrupted, "the daemon died while this run was under way");
    match standing.journal.first() {
        None => error.state(format!("{} stands at {rows}, clean", place.name)),
        Some(row) => error
            .revision(&row.revision)
            .state(format!("{} stands at {rows}, with {} partly applied", place.name, row.revision)),
    }
    .next(format!("`migratectl {} {}`", run.kind.as_str(), run.goal.join(" ")))
}
