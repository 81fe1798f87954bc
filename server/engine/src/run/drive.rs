//! Driving a run from its first to its last state.

use super::accept::Job;
use super::finish::End;
use super::lock::Locked;
use super::step::Run;
use super::steps::Way;
use crate::connections::OwnPermit;
use crate::plan::{Decided, shown};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{EventKind, RunKind, RunState};
use migrated_core::operation::Server;
use migrated_target::edge::Edge;
use migrated_target::{MigrationLock, Outcome, Standing};
use std::time::{Duration, Instant};

/// How long the end of a run that waited in vain may wait for the version rows.
const READ_WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Drives a run to its end and records that. Nothing that happens in here is lost on the way out: every exit
    /// passes [`Engine::finish`].
    pub(crate) async fn drive(self, run: Run, mut job: Job) {
        let begun = Instant::now();
        let deadline = job.options.deadline.map(|d| self.spawn_deadline(&run, d));
        let end = self.work(&run, &mut job).await;
        // Of a rehearsal nothing is left, wherever it came to its end.
        let unseen = job.left.is_some() && job.record.kind != RunKind::Rehearsal;
        let end = if unseen { end.unseen(&job) } else { end };
        if let Some(timer) = deadline {
            timer.abort();
        }
        self.finish(&run, job, end, begun.elapsed()).await;
        self.inner.runs.remove(&run);
        run.executors.close();
    }

    /// Stops the run when its deadline passes.
    fn spawn_deadline(&self, run: &Run, after: std::time::Duration) -> tokio::task::JoinHandle<()> {
        let run = run.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let cause = EngineError::new(Code::DeadlinePassed, format!("the deadline of {after:?} passed"));
            run.cancel("deadline", cause);
        })
    }

    async fn work(&self, run: &Run, job: &mut Job) -> End {
        let lane = self.inner.runs.lane(place_key(job));
        let until = Instant::now() + job.options.lock_wait.unwrap_or(self.settings().lock_wait);
        let turn = match self.wait_turn(run, &lane, until).await {
            Ok(turn) => turn,
            Err(e) => return self.waited_in_vain(job, e).await,
        };
        self.edge(Edge::Turn).await;
        run.log.push(EventKind::StateChanged { state: RunState::Locking });
        let Locked { mut lock, share } = match self.wait_lock(run, job, until).await {
            Ok(locked) => locked,
            Err(e) => return self.waited_in_vain(job, e).await,
        };
        self.edge(Edge::Locked).await;
        let end = match self.under_lock(run, job, lock.as_mut(), share.work).await {
            Ok(end) => end,
            Err(e) if job.record.steps_done > 0 => {
                End::failed(e, Outcome::Clean, job.record.rows_after.clone(), job.record.steps_done)
            }
            Err(e) => End::refused(e),
        };
        self.edge(Edge::Worked).await;
        if let Err(e) = lock.release().await {
            run.log.push(EventKind::Warning { reason: e.code.reason().to_owned(), message: e.message });
        }
        self.edge(Edge::Unlocked).await;
        drop((share.lock, turn));
        end
    }

    /// The end of a run that never had its turn: others may have worked meanwhile, so the rows are read again.
    async fn waited_in_vain(&self, job: &Job, error: EngineError) -> End {
        if !matches!(
            error.code,
            Code::LockWaitExpired | Code::Cancelled | Code::DeadlinePassed | Code::ShuttingDown
        ) {
            return End::refused(error);
        }
        let name = &job.place.name;
        let reading = tokio::time::timeout(READ_WITHIN, job.place.target.standing()).await;
        let unread = match reading {
            Ok(Ok(standing)) => {
                let rows = standing.rows.unwrap_or_default();
                let state = format!("{name} stands at {}; nothing was changed by this run", shown(&rows));
                return End::failed(error.state(state), Outcome::Clean, rows, 0);
            }
            Ok(Err(e)) => e.message,
            Err(_) => format!("no answer within {} s", READ_WITHIN.as_secs()),
        };
        let before = shown(&job.record.rows_before);
        End::refused(error.state(format!(
            "nothing was changed by this run; {name} stood at {before} when it was accepted, and where it stands now \
             could not be read: {unread}"
        )))
    }

    /// Plans again from the rows as they are under the lock (rule R8), checks everything that can be checked
    /// without executing (rule R10), then executes.
    async fn under_lock(
        &self,
        run: &Run,
        job: &mut Job,
        lock: &mut dyn MigrationLock,
        own: OwnPermit,
    ) -> Result<End> {
        // An owner that died may have left its work session at work: it is ended before anything is read.
        self.reconcile(&job.place).await?;
        let standing: Standing = job.place.target.standing().await?;
        if let Some(left) = job.left.clone() {
            return self.go_on(run, job, lock, own, &standing, &left.steps).await;
        }
        let project = job.record.project.clone();
        let decided: Decided = self
            .decide(&project, &job.graph, &job.place, &standing, &job.goal)
            .await
            .map_err(|e| e.state(format!("{} was not touched", job.place.name)))?;
        job.record.rows_before = decided.from.clone();
        job.record.rows_after = decided.from.clone();
        let checked = self.check_applied(&project, &job.graph, &job.place, &standing, &decided).await;
        checked.map_err(|e| e.state(untouched(&job.place.name, &decided.from)))?;
        decided
            .check_journal(&job.place, &standing)
            .map_err(|e| e.state(untouched(&job.place.name, &decided.from)))?;
        if decided.is_stamp() && !standing.journal.is_empty() {
            // Who stamps says where the target stands, whatever was cut off there.
            job.place.target.forget_journal().await?;
        }
        if decided.is_empty() {
            run.log.push(EventKind::NothingToDo {
                rows: decided.from.clone(),
                ahead: decided.ahead.clone(),
                foreign: decided.foreign.clone(),
            });
            return Ok(End::succeeded(decided.from));
        }
        let facts = self
            .check_steps(run, job, &standing, &decided)
            .await
            .map_err(|e| e.state(untouched(&job.place.name, &decided.from)))?;
        let records = self.record_plan(run, job, &decided, &facts).await?;
        let server = Server::named(job.place.target.dialect(), &standing.server);
        let way = Way {
            run,
            decided: &decided,
            facts: &facts,
            records: &records,
            done: 0,
            server: &server,
            server_text: &standing.server,
        };
        self.execute(&way, job, lock, own).await
    }
}

fn place_key(job: &Job) -> &str {
    job.place.key()
}

/// The state of a target that a run looked at and left alone.
pub(crate) fn untouched(target: &str, rows: &[String]) -> String {
    format!("{target} stands at {}, untouched", shown(rows))
}
