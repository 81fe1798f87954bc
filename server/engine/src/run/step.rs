//! One step: applied, watched while it runs, tried again where that is right, and its outcome settled.

use super::RunHandle;
use super::executor::{Connection, Serving, lost};
use super::sessions::{Opened, Sessions};
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::place::Place;
use crate::prepare::Prepared;
use async_trait::async_trait;
use migrated_core::Code;
use migrated_core::event::{Blocker, EventKind};
use migrated_store::{StepNote, StepState};
use migrated_target::edge::{Edge, Edges};
use migrated_target::{
    Applied, ApplyFault, Backend, BackendState, JournalState, Outcome, Retries, TargetError, Tell,
    TransactionOutcome,
};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a failed step left the target, once everything that can be known is known.
pub(crate) struct StepFault {
    pub(crate) error: EngineError,
    pub(crate) outcome: Outcome,
}

/// What a step tells while it runs: passes events on and remembers which statement is at work.
pub(crate) struct StepTell<'a> {
    run: &'a RunHandle,
    edges: &'a dyn Edges,
    /// The step as it begins; `None` for the COMMIT of a whole run.
    begun: Option<StepNote>,
    epoch: Instant,
    statement: AtomicU32,
    since_ms: AtomicU64,
    /// First words of a statement that came from a client.
    summary: Mutex<String>,
    /// The attempt at the statement at work.
    attempt: AtomicU32,
    /// Who was seen to be in its way.
    blockers: Mutex<Vec<Blocker>>,
}

impl<'a> StepTell<'a> {
    fn new(engine: &'a Engine, run: &'a RunHandle, begun: Option<StepNote>, attempt: u32) -> StepTell<'a> {
        if let Some(note) = &begun {
            run.log.note(note.clone(), false);
        }
        StepTell {
            run,
            edges: engine.inner.edges.as_ref(),
            begun,
            epoch: Instant::now(),
            statement: AtomicU32::new(0),
            since_ms: AtomicU64::new(0),
            summary: Mutex::default(),
            attempt: AtomicU32::new(attempt),
            blockers: Mutex::default(),
        }
    }

    /// The statement at work and for how long it has been.
    fn at_work(&self) -> (u32, Duration) {
        let since = Duration::from_millis(self.since_ms.load(Ordering::Relaxed));
        (self.statement.load(Ordering::Relaxed), self.epoch.elapsed().saturating_sub(since))
    }

    fn note_blockers(&self, blockers: &[Blocker]) {
        blockers.clone_into(&mut self.blockers.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take_blockers(&self) -> Vec<Blocker> {
        std::mem::take(&mut *self.blockers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Tell for StepTell<'_> {
    fn statement_started(&self, index: u32) {
        self.since_ms.store(self.epoch.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.statement.store(index, Ordering::Relaxed);
    }

    fn statement_sent(&self, index: u32, summary: &str) {
        let mut known = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != summary {
            summary.clone_into(&mut known);
        }
        drop(known);
        self.statement_started(index);
    }

    fn event(&self, mut what: EventKind) {
        match &mut what {
            // The statement is tried again by itself, for others of its step are done.
            EventKind::Retrying { attempt, message, .. } => {
                name_blockers(message, &self.take_blockers());
                self.attempt.store(*attempt + 1, Ordering::Relaxed);
            }
            EventKind::StatementFinished { .. } => self.note_blockers(&[]),
            _ => {}
        }
        self.run.log.push(what);
    }

    fn transaction(&self, xid: &str) {
        if let Some(begun) = &self.begun {
            self.run.log.note(StepNote { xid: Some(xid.to_owned()), ..begun.clone() }, true);
        }
    }

    async fn edge(&self, edge: Edge) {
        self.edges.pass(edge).await;
    }

    async fn recorded(&self) -> std::result::Result<(), TargetError> {
        self.run.log.recorded().await.map_err(|e| {
            TargetError::new(
                e.code(),
                format!("the transaction is not committed, for its id cannot be recorded: {e}"),
            )
        })
    }
}

impl Engine {
    /// Applies a step, with retries after lock timeouts and deadlocks (rule R13).
    pub(crate) async fn apply_step(
        &self,
        run: &Run,
        place: &Place,
        sessions: &mut Sessions,
        index: usize,
        prepared: &Prepared,
    ) -> std::result::Result<Applied, StepFault> {
        let mut client = None;
        let applied = self.attempts(run, place, sessions, index, prepared, &mut client).await;
        if let Some(client) = client {
            let told = applied.as_ref().map_err(|fault| &fault.error);
            self.step_over(run, prepared, client, told).await;
        }
        applied
    }

    async fn attempts(
        &self,
        run: &Run,
        place: &Place,
        sessions: &mut Sessions,
        index: usize,
        prepared: &Prepared,
        client: &mut Option<Connection>,
    ) -> std::result::Result<Applied, StepFault> {
        let retries = self.settings().retries();
        let begun = Instant::now();
        let mut attempt = 1;
        loop {
            // Before anything is locked: nobody knows how long it takes until a client comes.
            if let (Some(step), None) = (&prepared.client, &client) {
                *client = Some(self.executor(run, step).await.map_err(clean)?);
            }
            let opened = sessions.take(index).await.map_err(clean)?;
            let started = Instant::now();
            let (opened, result) =
                self.attempt(run, place, opened, index, prepared, attempt, client.as_mut()).await;
            let fault = match result {
                Ok(applied) => {
                    if prepared.spoils_sessions || applied.spoils_sessions {
                        sessions.discard_ahead();
                    }
                    sessions.give_back(opened).await;
                    return Ok(applied);
                }
                Err(fault) => fault,
            };
            let backend = opened.session.backend().clone();
            // The session may be broken or in any state: never used again.
            sessions.end_one(opened).await;
            self.edge(Edge::AttemptOver).await;
            if run.cancelled.is_cancelled() && fault.outcome == Outcome::Clean {
                return Err(StepFault {
                    error: run.cause().revision(&prepared.work.revision),
                    outcome: Outcome::Clean,
                });
            }
            let again =
                fault.retryable && fault.outcome == Outcome::Clean && retries.allow(attempt, begun, started);
            if !again {
                let (before, after) = (&prepared.work.expected_rows, &prepared.rows_after);
                self.settle(run, place, &backend, &prepared.work.revision, before, after, fault).await?;
                let statements = prepared.work.script.statements.len() as u32;
                return Ok(Applied { statements, rows: after.clone(), ..Applied::default() });
            }
            let pause = Retries::pause_after(attempt);
            let told = EngineError::from(fault.error.clone()).revision(&prepared.work.revision);
            *client = match client.take() {
                Some(client) => self.step_again(run, prepared, client, &told, pause).await,
                None => None,
            };
            run.log.push(EventKind::Retrying {
                attempt,
                max_attempts: retries.attempts,
                reason: fault.error.code.reason().to_owned(),
                message: fault.error.message.clone(),
                pause_ms: pause.as_millis() as u64,
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                error = self.stopped(run) => {
                    let error = error.revision(&prepared.work.revision);
                    return Err(StepFault { error, outcome: Outcome::Clean });
                }
            }
            attempt += 1;
        }
    }

    /// One attempt, watched: says which statement takes long and who is in its way, and passes a cancel on. A client
    /// that executes the step and goes away is a cancel, too.
    #[expect(clippy::too_many_arguments, reason = "what makes up one attempt")]
    pub(crate) async fn attempt(
        &self,
        run: &RunHandle,
        place: &Place,
        mut opened: Opened,
        index: usize,
        prepared: &Prepared,
        attempt: u32,
        client: Option<&mut Connection>,
    ) -> (Opened, std::result::Result<Applied, ApplyFault>) {
        let backend = opened.session.backend().clone();
        let canceller = opened.session.canceller();
        if run.cancelled.is_cancelled() {
            let cause = run.cause();
            let error = migrated_target::TargetError::new(cause.code, cause.message);
            return (opened, Err(ApplyFault { error, outcome: Outcome::Clean, retryable: false }));
        }
        let begun =
            StepNote { index: index as u32 + 1, state: StepState::Started, xid: None, at: self.now() };
        let tell = StepTell::new(self, run, Some(begun), attempt);
        let listener = client.as_ref().map(|client| client.listener());
        let mut serving = client.zip(prepared.client.clone()).map(|(client, mut step)| {
            step.attempt = attempt;
            Serving::new(run, client, step)
        });
        let result = {
            let work = match &mut serving {
                Some(serving) => opened.session.converse(&prepared.work, serving, &tell),
                None => opened.session.apply(&prepared.work, &tell),
            };
            let stop = async {
                match &listener {
                    Some(listener) => tokio::select! {
                        () = run.cancelled.cancelled() => {}
                        () = listener.closed() => {}
                    },
                    None => run.cancelled.cancelled().await,
                }
                // A refused cancel is followed by the end of the session, which is what counts.
                let _ = canceller.cancel().await;
                tokio::time::sleep(self.settings().cancel_grace).await;
                let _look = place.server.look().await;
                let _ = canceller.terminate(self.settings().cancel_grace).await;
                std::future::pending::<()>().await
            };
            let watch = self.watch_statement(run, place, &backend, prepared, &tell);
            tokio::select! {
                result = work => result,
                () = stop => unreachable!("stopping never ends by itself"),
                () = watch => unreachable!("watching never ends by itself"),
            }
        };
        let gone = listener.is_some_and(|listener| listener.is_closed());
        let result = result.map_err(|mut fault| {
            if fault.error.code == Code::LockTimeout {
                name_blockers(&mut fault.error.message, &tell.take_blockers());
            }
            if gone && fault.error.code == Code::Cancelled && !run.cancelled.is_cancelled() {
                let cause = lost("went away");
                (fault.error.code, fault.error.message) = (cause.code, cause.message);
                fault.error.help = cause.next;
            }
            prepared.place(fault)
        });
        (opened, result)
    }

    /// Tells of statements that take long, with their blockers and progress. Never ends.
    async fn watch_statement(
        &self,
        run: &RunHandle,
        place: &Place,
        backend: &Backend,
        prepared: &Prepared,
        tell: &StepTell<'_>,
    ) {
        let work = &prepared.work;
        let total = work.script.statements.len() as u32;
        let (mut seen, mut due, mut blocked) = ((0, 0), Duration::from_secs(2), Vec::new());
        loop {
            // A look is a connection of its own: the longer a statement takes, the less often it is looked at.
            let pause = tell.at_work().1 / 8;
            tokio::time::sleep(pause.clamp(Duration::from_millis(250), Duration::from_secs(5))).await;
            let (index, elapsed) = tell.at_work();
            let Some(at) = index.checked_sub(1) else { continue };
            let (line, summary) = match work.script.statements.get(at as usize) {
                Some(statement) => (statement.line, statement.summary.clone()),
                None if prepared.client.is_some() => {
                    (0, tell.summary.lock().unwrap_or_else(PoisonError::into_inner).clone())
                }
                None => continue,
            };
            let of = if total == 0 { String::new() } else { format!("/{total}") };
            let attempt = tell.attempt.load(Ordering::Relaxed);
            if (index, attempt) != seen {
                (seen, due, blocked) = ((index, attempt), Duration::from_secs(2), Vec::new());
            }
            if elapsed < Duration::from_millis(500) {
                continue;
            }
            run.set_doing(format!("statement {index}{of} of {}: {summary}", work.revision));
            let blockers = place.target.blockers(backend).await.unwrap_or_default();
            if !blockers.is_empty() {
                tell.note_blockers(&blockers);
            }
            let holders: Vec<i64> = blockers.iter().map(|b| b.pid).collect();
            if !blockers.is_empty() && holders != blocked {
                blocked = holders;
                let max_attempts = self.settings().retry_attempts;
                run.log.push(EventKind::Blocked { index, total, blockers, attempt, max_attempts });
            }
            if elapsed >= due {
                let progress = place.target.progress(backend).await.ok().flatten().unwrap_or_default();
                run.log.push(EventKind::StatementRunning {
                    index,
                    total,
                    line,
                    summary: summary.clone(),
                    elapsed_ms: elapsed.as_millis() as u64,
                    progress,
                });
                // 2 s, 10 s, 30 s, then every minute.
                due = match due.as_secs() {
                    2 => Duration::from_secs(10),
                    10 => Duration::from_secs(30),
                    30 => Duration::from_secs(60),
                    _ => due + Duration::from_secs(60),
                };
            }
        }
    }

    /// Commits the one transaction of a run.
    pub(crate) async fn commit_run(
        &self,
        run: &RunHandle,
        place: &Place,
        mut opened: Opened,
        before: &[String],
        after: &[String],
    ) -> std::result::Result<(), StepFault> {
        let tell = StepTell::new(self, run, None, 1);
        let backend = opened.session.backend().clone();
        let committed = opened.session.commit_run(&tell).await;
        opened.session.close().await;
        match committed {
            Ok(()) => Ok(()),
            Err(fault) => self.settle(run, place, &backend, "", before, after, fault).await,
        }
    }

    /// Settles what a fault left behind. UNKNOWN is resolved in R1's order: the backend is gone, then the
    /// transaction's status, then the version rows; never by guessing. `Ok` where it was committed after all.
    #[expect(clippy::too_many_arguments, reason = "what is known of one fault")]
    async fn settle(
        &self,
        run: &RunHandle,
        place: &Place,
        backend: &Backend,
        revision: &str,
        before: &[String],
        after: &[String],
        fault: ApplyFault,
    ) -> std::result::Result<(), StepFault> {
        let error = EngineError::from(fault.error).revision(revision);
        let Outcome::Unknown { xid } = &fault.outcome else {
            return Err(StepFault { error, outcome: fault.outcome });
        };
        match self.resolve_unknown(place, backend, xid.as_deref(), before, after).await {
            Ok(TransactionOutcome::Committed) => {
                run.log.push(EventKind::Warning {
                    reason: Code::ConnectionLost.reason().to_owned(),
                    message: "the connection broke inside COMMIT; the database says that it was committed"
                        .to_owned(),
                });
                Ok(())
            }
            Ok(TransactionOutcome::Aborted) => {
                let outcome = self.what_aborting_left(place).await;
                Err(StepFault { error, outcome })
            }
            Ok(_) | Err(_) => {
                let error = EngineError { code: Code::OutcomeUnknown, ..error };
                Err(StepFault { error, outcome: fault.outcome })
            }
        }
    }

    /// The last transaction of a revision is undone; what a journalled one did before it stays.
    async fn what_aborting_left(&self, place: &Place) -> Outcome {
        match place.target.standing().await {
            Ok(standing) if standing.journal.is_empty() => Outcome::Clean,
            Ok(standing) => {
                let done = standing.journal.iter().filter(|row| row.state == JournalState::Done).count();
                let evidence = "its last transaction, with the version rows, was rolled back".to_owned();
                Outcome::Partial { done: done as u32, evidence }
            }
            Err(_) => Outcome::Unknown { xid: None },
        }
    }

    async fn resolve_unknown(
        &self,
        place: &Place,
        backend: &Backend,
        xid: Option<&str>,
        before: &[String],
        after: &[String],
    ) -> Result<TransactionOutcome> {
        let until = Instant::now() + Duration::from_secs(30);
        let mut pause = Duration::from_millis(100);
        loop {
            match place.target.backend_state(backend).await {
                Ok(BackendState::Gone) => break,
                Ok(BackendState::Alive(_)) | Err(_) if Instant::now() < until => {}
                Ok(BackendState::Alive(_)) => {
                    place.target.end_backend(backend, self.settings().cancel_grace).await?;
                    break;
                }
                Err(e) => return Err(e.into()),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        if let Some(xid) = xid {
            let outcome = place.target.transaction_outcome(xid).await?;
            if matches!(outcome, TransactionOutcome::Committed | TransactionOutcome::Aborted) {
                return Ok(outcome);
            }
        }
        let rows = place.target.standing().await?.rows.unwrap_or_default();
        let rows = sorted(&rows);
        Ok(if rows == sorted(after) {
            TransactionOutcome::Committed
        } else if rows == sorted(before) {
            TransactionOutcome::Aborted
        } else {
            TransactionOutcome::Unknown
        })
    }
}

fn clean(error: EngineError) -> StepFault {
    StepFault { error, outcome: Outcome::Clean }
}

fn sorted(rows: &[String]) -> Vec<&String> {
    let mut rows: Vec<&String> = rows.iter().collect();
    rows.sort_unstable();
    rows
}

/// Says in a message about a lock that was not got who was in its way.
fn name_blockers(message: &mut String, blockers: &[Blocker]) {
    let Some(first) = blockers.first() else { return };
    let of = match (first.application.as_str(), first.user.as_str()) {
        ("", user) => user.to_owned(),
        (application, user) => format!("{application} of {user}"),
    };
    let on = if first.object.is_empty() { String::new() } else { format!(" on {}", first.object) };
    let age = first.age_ms / 1_000;
    message.push_str(&format!("; pid {} ({of}, for {age}s) was in the way{on}", first.pid));
    let query: String = first.query.split_whitespace().collect::<Vec<_>>().join(" ");
    if !query.is_empty() {
        let shown: String = query.chars().take(80).collect();
        let more = if shown.len() < query.len() { "…" } else { "" };
        message.push_str(&format!(": {shown}{more}"));
    }
    if blockers.len() > 1 {
        message.push_str(&format!(", and {} more", blockers.len() - 1));
    }
}

/// Keeps the type of a handle's `Arc` out of signatures that only need the run.
pub(crate) type Run = Arc<RunHandle>;
