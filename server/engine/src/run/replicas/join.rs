//! Making a run among those of other daemons, or joining one of theirs (rule R7), and asking for the end of one.

use crate::plan::Goal;
use crate::run::accept::RunRequest;
use crate::run::{RunWatch, Scope};
use crate::{Engine, EngineError, GraphRef, Result, RunUpdate};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::{CancelAsked, CreatedAmong, CreatedRun, OpenRun, RunRecord, Shared, Terms};
use migrated_target::SessionMode;

/// What became of a request that other daemons may have a run for.
pub(crate) enum Elsewhere {
    /// As the store answered.
    Created(CreatedRun),
    /// It joins that run of another daemon.
    Joins(String),
}

impl Engine {
    /// Creates the run of a request, or finds one of another daemon that it may join. To be called by one request at a
    /// time for a target.
    pub(crate) async fn create_or_join(
        &self,
        shared: &dyn Shared,
        record: &RunRecord,
        request: &RunRequest,
        goal: &Goal,
        wanted: Option<&Scope>,
    ) -> Result<Elsewhere> {
        let terms = self.terms(request, goal, wanted);
        loop {
            let open = shared.open_runs(&record.target_key).await?;
            for run in &open {
                if let Some(wanted) = wanted
                    && self.inner.runs.get(&run.run.id).is_none()
                    && self.serves(run, wanted).await
                {
                    return Ok(Elsewhere::Joins(run.run.id.clone()));
                }
            }
            self.within_limits(shared, open.len()).await?;
            let seen: Vec<String> = open.into_iter().map(|open| open.run.id).collect();
            if let CreatedAmong::Done(created) = shared.create_run_among(record, &terms, &seen).await? {
                return Ok(Elsewhere::Created(created));
            }
        }
    }

    /// Whether a run of another daemon makes everything true that is wanted, with the same content.
    async fn serves(&self, open: &OpenRun, wanted: &Scope) -> bool {
        let (Some(goal), Some(digest)) = (&open.terms.joinable, open.run.graph) else { return false };
        let graph = self.graph(&open.run.project, &GraphRef::Manifest(digest)).await;
        // A graph that cannot be had is one that cannot be compared.
        let Ok(graph) = graph else { return false };
        if !goal.iter().all(|id| graph.revision(id).is_some()) {
            return false;
        }
        let closure = graph.closure(goal).into_iter();
        let closure =
            closure.filter_map(|id| graph.revision(id).map(|r| (id.to_owned(), r.header.token_hash)));
        Scope { goal: goal.clone(), closure: closure.collect() }.contains(wanted)
    }

    async fn within_limits(&self, shared: &dyn Shared, on_target: usize) -> Result<()> {
        let settings = self.settings();
        let limit = |what: &str, n: usize| {
            EngineError::new(Code::LimitExceeded, format!("{what} has reached its limit of {n} runs"))
                .with("limit", n.to_string())
                .next("repeat the command when a run has ended: `migratectl runs list`")
        };
        if on_target >= settings.max_runs_per_target {
            return Err(limit("the target", settings.max_runs_per_target));
        }
        if shared.count_open().await? >= settings.max_runs as u64 {
            return Err(limit("the store, over all its daemons,", settings.max_runs));
        }
        Ok(())
    }

    fn terms(&self, request: &RunRequest, goal: &Goal, wanted: Option<&Scope>) -> Terms {
        let options = &request.options;
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Terms {
            joinable: wanted.map(|scope| scope.goal.clone()),
            purge: matches!(goal, Goal::Stamp { purge: true, .. }),
            per_run_transaction: options.per_run_transaction,
            session: options.session.map(|session| {
                match session {
                    SessionMode::Revision => "revision",
                    SessionMode::Run => "run",
                }
                .to_owned()
            }),
            lock_wait_ms: options.lock_wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            deadline_at: options.deadline.map(|deadline| self.now().saturating_add(micros(deadline))),
        }
    }

    /// Asks the owner of a run to end it, and waits until it has, as long as it may take there.
    pub(crate) async fn cancel_elsewhere(&self, id: &str, actor: &str, reason: &str) -> Result<()> {
        let Some(shared) = self.store().shared() else { return Ok(()) };
        let Some(open) = shared.open_run(id).await? else { return Ok(()) };
        if open.run.state.is_terminal() {
            return Ok(());
        }
        let asked = CancelAsked { run: id.to_owned(), actor: actor.to_owned(), reason: reason.to_owned() };
        shared.ask_cancel(&asked).await?;
        let mut watch = RunWatch::of_foreign(self, id, 0);
        let ended = async {
            while let Ok(Some(update)) = watch.next().await {
                if let RunUpdate::Events(part) = update
                    && part.events().iter().any(|e| matches!(e.what, EventKind::RunFinished { .. }))
                {
                    return;
                }
            }
        };
        let bound = self.settings().cancel_grace * 3;
        // The answer tells how the run stands, ended or not.
        let _ = tokio::time::timeout(bound, ended).await;
        Ok(())
    }
}
