//! Taking over a run that nobody owns any more: its lease lapsed (rule R15).

use super::{Left, lock};
use crate::place::{Place, TargetRequest};
use crate::plan::Goal;
use crate::run::cancel::cancelled;
use crate::run::{Job, RunHandle, RunLog, RunOptions, Scope};
use crate::{Engine, EngineError, GraphRef, Result};
use migrated_core::Code;
use migrated_core::event::{EventKind, RunKind, RunState};
use migrated_store::{RunRecord, Shared, StepRecord, TakenRun};
use migrated_target::edge::Edge;
use migrated_target::{Backend, BackendState, SessionMode};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a statement of an owner that is gone may take to stop when it is cancelled, before its session is ended.
const GRACE: Duration = Duration::from_millis(500);

/// A run that is being taken over, for as long as this lives.
struct Taking<'a> {
    engine: &'a Engine,
    run: &'a str,
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        lock(&self.engine.inner.runs.replicas.taking).remove(self.run);
    }
}

impl Engine {
    /// Settles what others left on a target: runs that nobody owns are taken over, and go on in their turn; those that
    /// ended UNKNOWN are looked at again.
    pub(crate) fn reconcile_shared<'a>(
        &'a self,
        shared: &'a dyn Shared,
        place: &'a Place,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        // In a box, because a run that is driven comes back here.
        Box::pin(async move {
            for open in shared.open_runs(place.key()).await?.iter().filter(|open| !open.is_owned) {
                self.take_over(&open.run, place).await?;
            }
            let unsettled = self.store().unsettled_runs().await?.into_iter();
            let unknown = |run: &RunRecord| run.state == RunState::Unknown && run.target_key == place.key();
            for run in unsettled.filter(unknown) {
                if self.inner.runs.get(&run.id).is_none() {
                    self.settle_unknown(shared, &run, place).await?;
                }
            }
            Ok(())
        })
    }

    async fn settle_unknown(&self, shared: &dyn Shared, run: &RunRecord, place: &Place) -> Result<()> {
        let Some(taken) = shared.take_run(&run.id, &self.settings().owner).await? else { return Ok(()) };
        match self.settle_run(place, taken.run).await {
            // Another daemon looked at it at the same moment.
            Err(e) if matches!(e.code, Code::LeaseLost | Code::HeadsChanged) => Ok(()),
            settled => settled,
        }
    }

    /// Takes over a run that nobody owns, where this daemon can reach its target.
    pub(crate) async fn take_orphan(&self, run: &RunRecord) -> Result<()> {
        let named = self.place(&TargetRequest::Named(run.target.clone())).await;
        let place = match named.ok().filter(|place| place.key() == run.target_key) {
            Some(place) => place,
            None => match self.inner.runs.replicas.remembered(&run.target_key) {
                Some(request) => self.place(&request).await?,
                None => return Ok(()),
            },
        };
        self.take_over(run, &place).await
    }

    /// Takes over a run, unless somebody owns it: ends what the old owner left at work, then goes on with it. Once it is
    /// begun it is not left half done, though whoever asked goes away.
    async fn take_over(&self, run: &RunRecord, place: &Place) -> Result<()> {
        let (engine, run, place) = (self.clone(), run.clone(), place.clone());
        let taking = tokio::spawn(async move { engine.take_over_now(&run, &place).await });
        // It fails with the runtime only.
        taking.await.unwrap_or(Ok(()))
    }

    async fn take_over_now(&self, run: &RunRecord, place: &Place) -> Result<()> {
        let Some(shared) = self.store().shared() else { return Ok(()) };
        if !lock(&self.inner.runs.replicas.taking).insert(run.id.clone()) {
            return Ok(());
        }
        let _taking = Taking { engine: self, run: &run.id };
        // A run that was lost here stops before it is taken up again.
        if self.inner.runs.get(&run.id).is_some() || self.inner.runs.closing.is_cancelled() {
            return Ok(());
        }
        let from = run.owner.clone();
        let Some(taken) = shared.take_run(&run.id, &self.settings().owner).await? else { return Ok(()) };
        if taken.run.state.is_terminal() {
            return Ok(());
        }
        tracing::info!(run = %run.id, target = %run.target, from, "a run is taken over");
        // Where the store fails here the run is given up again ([`Engine::tend`]).
        let steps = self.store().steps(&run.id).await?;
        let last = self.last_event(&run.id).await?;
        let log = RunLog::start(&run.id, last, self);
        log.push(EventKind::Warning {
            reason: "RUN_TAKEN_OVER".to_owned(),
            message: format!("{from} gave no sign of life for too long: {} goes on", self.settings().owner),
        });
        let lease = Some(shared.lease().borrow().id.clone());
        let record = &taken.run;
        let (id, key, actor) = (record.id.clone(), record.target_key.clone(), record.actor.clone());
        let (scope, joinable) = self.scope_of(&taken).await;
        let handle = Arc::new(RunHandle::new(id, key, actor, record.created_at, scope, joinable, log, lease));
        self.inner.runs.add(&handle);
        // Before anything is read of the target or done to it: by whoever has its turn there, too.
        let ended = self.end_left(place, &taken, &steps).await;
        if let Some(asked) = &taken.cancel {
            handle.cancel(&asked.actor, cancelled(&asked.actor, &asked.reason));
        }
        let job = match ended {
            Ok(()) => self.job_of(taken, place, steps).await,
            Err(e) => Err((taken.run, e)),
        };
        let engine = self.clone();
        let place = place.clone();
        self.inner.runs.tasks.spawn(async move {
            match job {
                Ok(job) => engine.drive(handle, job).await,
                Err((record, error)) => engine.cannot_go_on(handle, record, place, error).await,
            }
        });
        Ok(())
    }

    /// What others may join of a run that was taken over.
    async fn scope_of(&self, taken: &TakenRun) -> (Scope, bool) {
        let (Some(goal), Some(digest)) = (&taken.terms.joinable, taken.run.graph) else {
            return (Scope::default(), false);
        };
        match self.graph(&taken.run.project, &GraphRef::Manifest(digest)).await {
            Ok(graph) => {
                let closure = graph.closure(goal).into_iter();
                let closure = closure
                    .filter_map(|id| graph.revision(id).map(|r| (id.to_owned(), r.header.token_hash)))
                    .collect();
                (Scope { goal: goal.clone(), closure }, true)
            }
            Err(_) => (Scope::default(), false),
        }
    }

    /// Ends the sessions that the old owner recorded: the one that holds the migration lock, and those of the steps that
    /// may be under way. Only ours are ended: pid, start and name must all be those that were recorded (rule R4).
    async fn end_left(&self, place: &Place, taken: &TakenRun, steps: &[StepRecord]) -> Result<()> {
        let mut left = crate::reconcile::backends(&taken.run, steps);
        if let Some((pid, start)) = &taken.lock {
            let application = format!("migrated:{}", taken.run.id);
            let lock = Backend { pid: *pid, start: start.clone(), application };
            if !left.contains(&lock) {
                left.push(lock);
            }
        }
        for backend in left {
            if let BackendState::Alive(doing) = place.target.end_backend(&backend, GRACE).await? {
                return Err(EngineError::new(
                    Code::RunInterrupted,
                    format!(
                        "a session of the run is still at work and could not be ended: pid {}: {doing}",
                        backend.pid
                    ),
                )
                .with("run", &taken.run.id)
                .next("wait until it has ended, or end it in the database, then repeat the command"));
            }
        }
        self.edge(Edge::OrphansGone).await;
        Ok(())
    }

    /// The rest of the work.
    async fn job_of(
        &self,
        taken: TakenRun,
        place: &Place,
        steps: Vec<StepRecord>,
    ) -> std::result::Result<Job, (RunRecord, EngineError)> {
        let TakenRun { run: record, terms, .. } = taken;
        let graph = match record.graph {
            Some(digest) => self.graph(&record.project, &GraphRef::Manifest(digest)).await,
            None => self.graph(&record.project, &GraphRef::Published).await,
        };
        let goal = Goal::new(record.kind, &record.goal, terms.purge);
        let (graph, goal) = match (graph, goal) {
            (Ok(graph), Ok(goal)) => (graph, goal),
            (Err(e), _) | (_, Err(e)) => return Err((record, e)),
        };
        let left_of = |at: i64| Duration::from_micros(at.saturating_sub(self.now()).max(0).unsigned_abs());
        let options = RunOptions {
            request_id: record.request_id.clone(),
            lock_wait: terms.lock_wait_ms.map(Duration::from_millis),
            deadline: terms.deadline_at.map(left_of),
            session: terms.session.as_deref().map(|session| match session {
                "run" => SessionMode::Run,
                _ => SessionMode::Revision,
            }),
            per_run_transaction: terms.per_run_transaction,
            actor: record.actor.clone(),
        };
        // Before the plan was recorded nothing was done: then it is made anew.
        let left = (record.state == RunState::Running).then_some(Left { steps });
        Ok(Job { record, place: place.clone(), graph, goal, options, left })
    }

    /// Ends a run that was taken over and with which nobody can go on. Where its plan was begun nobody has looked how far
    /// it came: that is found out with the next request (rule R1).
    async fn cannot_go_on(
        &self,
        run: Arc<RunHandle>,
        mut record: RunRecord,
        place: Place,
        error: EngineError,
    ) {
        let failure = EngineError { code: Code::RunInterrupted, ..error.clone() };
        let state =
            format!("{} stood at {} when the run began", place.name, crate::plan::shown(&record.rows_before));
        let next = format!("`{}` looks at what was left and goes on from there", crate::run::again(&record));
        let failure = failure.state(state).next(next).to_failure();
        record.state = match record.state {
            RunState::Running if record.kind != RunKind::Rehearsal => RunState::Unknown,
            _ => RunState::Failed,
        };
        record.failure = Some(failure.clone());
        record.finished_at = Some(self.now());
        match self.store_end(&mut record).await {
            Ok(()) => {
                self.edge(Edge::EndStored).await;
                run.log
                    .finish(EventKind::RunFinished {
                        state: record.state,
                        rows: record.rows_after.clone(),
                        applied: record.steps_done,
                        duration_ms: 0,
                        failure: Some(failure),
                    })
                    .await;
                self.edge(Edge::EndShown).await;
            }
            Err(e) => {
                tracing::error!(run = %run.id, error = %e, "the end of the run cannot be stored");
                run.log.abandon();
            }
        }
        self.inner.runs.remove(&run);
        run.executors.close();
    }
}
