//! Accepting a run: everything that can be refused is refused before there is one.

use super::lane::Joined;
use super::replicas::Elsewhere;
use super::step::Run;
use super::watch::RunWatch;
use super::{Left, RunHandle, RunLog, Scope};
use crate::graph::{GraphRef, LoadedGraph};
use crate::place::{Place, TargetRequest};
use crate::plan::{Decided, Goal};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{EventKind, RunKind, RunState};
use migrated_store::{CreatedRun, RunRecord};
use migrated_target::SessionMode;
use migrated_target::edge::Edge;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::ContextV7;

/// A request to upgrade, downgrade or stamp a target.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Project.
    pub project: String,
    /// Graph that identifiers are resolved in.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// What to do.
    pub kind: RunKind,
    /// The goal as it was typed: one identifier, for a stamp several.
    pub goal: Vec<String>,
    /// Stamp: forget all version rows first, whatever they are.
    pub purge: bool,
    /// How to go about it.
    pub options: RunOptions,
}

/// How a run goes about its work.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The same id twice is one run.
    pub request_id: Option<String>,
    /// How long to wait for another run on the target.
    pub lock_wait: Option<Duration>,
    /// Bound on the whole run.
    pub deadline: Option<Duration>,
    /// Connections of the work.
    pub session: Option<SessionMode>,
    /// One transaction around the whole run.
    pub per_run_transaction: bool,
    /// Who asks.
    pub actor: String,
}

/// What the task that drives a run needs.
pub(crate) struct Job {
    pub(crate) record: RunRecord,
    pub(crate) place: Place,
    pub(crate) graph: Arc<LoadedGraph>,
    pub(crate) goal: Goal,
    pub(crate) options: RunOptions,
    /// What a daemon left that had the run before, and had recorded its plan; until it is known how much of that is done.
    pub(crate) left: Option<Left>,
}

impl Job {
    /// The command that asks for the same again.
    pub(crate) fn again(&self) -> String {
        again(&self.record)
    }
}

/// Whether an identifier means another revision when the target has moved: `+2`, `head-1`.
pub(crate) fn is_relative(identifier: &str) -> bool {
    let before = identifier.trim_end_matches(|c: char| c.is_ascii_digit());
    before.len() < identifier.len() && before.ends_with(['+', '-'])
}

/// The command that asks for the same as a run did. Once it has done a part of it, `+2` would be too far.
pub(crate) fn again(run: &RunRecord) -> String {
    let lasts = matches!(run.kind, RunKind::Upgrade | RunKind::Downgrade);
    if run.steps_done > 0 && lasts && run.goal.iter().any(|goal| is_relative(goal)) {
        return "migratectl resume".to_owned();
    }
    let mut command = format!("migratectl {}", run.kind.command());
    for goal in &run.goal {
        command.push(' ');
        command.push_str(goal);
    }
    command
}

impl Engine {
    /// Creates a run, or joins one that is under way (rule R7), and gives back what watches it. Errors here mean
    /// that there is no run and nothing was touched.
    pub async fn start(&self, request: RunRequest) -> Result<RunWatch> {
        if self.inner.runs.closing.is_cancelled() {
            return Err(EngineError::new(Code::ShuttingDown, "the daemon is stopping and takes no new runs")
                .next("repeat the command in a moment"));
        }
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let place = self.place(&request.target).await?;
        if let Some(id) = &request.options.request_id
            && let Some(watch) = self.run_of_request(&project.name, id).await?
        {
            return Ok(watch);
        }
        let goal = Goal::new(request.kind, &request.goal, request.purge)?;
        self.inner.runs.replicas.remember(&place, &request.target);
        self.reconcile(&place).await?;
        let standing = place.target.standing().await?;
        let decided = self.decide(&project.name, &graph, &place, &standing, &goal).await?;
        let id = new_run_id(self.now());
        let record = RunRecord {
            id: id.clone(),
            project: project.name.clone(),
            target: place.name.clone(),
            target_key: place.key().to_owned(),
            kind: request.kind,
            goal: request.goal.clone(),
            graph: graph.digest,
            state: RunState::Queued,
            actor: request.options.actor.clone(),
            request_id: request.options.request_id.clone(),
            owner: self.settings().owner.clone(),
            rows_before: decided.from.clone(),
            rows_after: decided.from.clone(),
            steps_planned: 0,
            steps_done: 0,
            failure: None,
            created_at: self.now(),
            started_at: None,
            finished_at: None,
            version: 1,
        };
        decided.check_journal(&place, &standing)?;
        if decided.is_empty() && standing.journal.is_empty() {
            self.check_applied(&project.name, &graph, &place, &standing, &decided).await?;
            return self.nothing_to_do(record, &decided).await;
        }
        let (engine, scope) = (self.clone(), decided.scope());
        // Once it is begun it is not left half done, though whoever asked goes away.
        let enqueued = self
            .inner
            .runs
            .tasks
            .spawn(async move { engine.enqueue(record, request, graph, place, goal, scope).await });
        match enqueued.await {
            Ok(watch) => watch,
            Err(e) => Err(EngineError::new(Code::Internal, format!("a request broke off: {e}"))),
        }
    }

    /// The run that a request id made before, to be watched again.
    async fn run_of_request(&self, project: &str, request_id: &str) -> Result<Option<RunWatch>> {
        if let Some(run) = self.store().run_of_request(project, request_id).await? {
            return Ok(Some(self.watch_run(&run.id, 0).await?));
        }
        Ok(None)
    }

    /// A run that ends as it begins: stored whole, no lock taken (rule R7).
    async fn nothing_to_do(&self, mut record: RunRecord, decided: &Decided) -> Result<RunWatch> {
        record.state = RunState::Succeeded;
        record.finished_at = Some(record.created_at);
        let _telling = self.inner.runs.tells(&record.id);
        if let CreatedRun::Existing(run) = self.store().create_run(&record).await? {
            return self.watch_run(&run.id, 0).await;
        }
        let log = RunLog::start(&record.id, 0, self);
        log.push(accepted(&record));
        log.push(EventKind::NothingToDo {
            rows: decided.from.clone(),
            ahead: decided.ahead.clone(),
            foreign: decided.foreign.clone(),
        });
        log.finish(EventKind::RunFinished {
            state: RunState::Succeeded,
            rows: decided.from.clone(),
            applied: 0,
            duration_ms: 0,
            failure: None,
        })
        .await;
        Ok(RunWatch::of_log(self, &record.id, log, 0))
    }

    async fn enqueue(
        &self,
        record: RunRecord,
        request: RunRequest,
        graph: Arc<LoadedGraph>,
        place: Place,
        goal: Goal,
        wanted: Scope,
    ) -> Result<RunWatch> {
        let plain = !request.options.per_run_transaction;
        let joinable = request.kind == RunKind::Upgrade && plain;
        let wanted = if joinable { wanted } else { Scope::default() };
        let scope = wanted.clone();
        // Where other daemons make runs too, one request at a time asks the store about theirs.
        let lane = self.inner.runs.lane(place.key());
        let shared = self.store().shared();
        let _joining = match shared {
            Some(_) => Some(lane.joining.lock().await),
            None => None,
        };
        let lease = shared.map(|shared| shared.lease().borrow().id.clone());
        let joined = self.inner.runs.join_or_add(
            place.key(),
            |run| joinable && run.joinable && !run.cancelled.is_cancelled() && run.scope.contains(&wanted),
            || {
                let log = RunLog::start(&record.id, 0, self);
                let (id, key) = (record.id.clone(), record.target_key.clone());
                let actor = record.actor.clone();
                Arc::new(RunHandle::new(id, key, actor, record.created_at, scope, joinable, log, lease))
            },
        )?;
        let run: Run = match joined {
            Joined::Existing(run) => return Ok(RunWatch::joined(self, &run, wanted.goal)),
            Joined::New(run) => run,
        };
        self.edge(Edge::Asked).await;
        let wanted = joinable.then_some(&wanted);
        let created = match shared {
            Some(shared) => self.create_or_join(shared, &record, &request, &goal, wanted).await,
            None => self.store().create_run(&record).await.map(Elsewhere::Created).map_err(Into::into),
        };
        match created {
            Ok(Elsewhere::Created(CreatedRun::New)) => {}
            Ok(Elsewhere::Created(CreatedRun::Existing(existing))) => {
                self.inner.runs.remove(&run);
                return self.watch_run(&existing.id, 0).await;
            }
            Ok(Elsewhere::Joins(other)) => {
                self.inner.runs.remove(&run);
                let goal = wanted.map(|wanted| wanted.goal.clone()).unwrap_or_default();
                return Ok(RunWatch::of_foreign(self, &other, 0).until(goal));
            }
            Err(e) => {
                self.inner.runs.remove(&run);
                return Err(match e.code {
                    Code::LeaseLost => e.next("repeat the command: there is no run yet"),
                    _ => e,
                });
            }
        }
        self.edge(Edge::Queued).await;
        run.log.push(accepted(&record));
        let watch = RunWatch::of_log(self, &run.id, run.log.clone(), 0);
        let job = Job { record, place, graph, goal, options: request.options, left: None };
        let engine = self.clone();
        // The task belongs to the daemon: the stream that asked for the run may go away (rule R4).
        self.inner.runs.tasks.spawn(async move { engine.drive(run, job).await });
        Ok(watch)
    }
}

fn accepted(record: &RunRecord) -> EventKind {
    EventKind::RunAccepted {
        run_kind: record.kind,
        project: record.project.clone(),
        target: record.target.clone(),
        goal: record.goal.clone(),
        actor: record.actor.clone(),
    }
}

/// Keeps the ids of one microsecond in order.
static IDS: Mutex<AssertUnwindSafe<ContextV7>> = Mutex::new(AssertUnwindSafe(ContextV7::new()));

/// Ids of runs sort by time: a UUID of version 7 without its dashes.
fn new_run_id(now_micros: i64) -> String {
    let now = u64::try_from(now_micros).unwrap_or_default();
    let nanos = u32::try_from(now % 1_000_000).unwrap_or_default() * 1_000;
    let at = uuid::Timestamp::from_unix(&IDS, now / 1_000_000, nanos);
    uuid::Uuid::new_v7(at).simple().to_string()
}
