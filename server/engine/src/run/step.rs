//! One step: applied, tried again where that is right.

mod settle;
mod slow;
mod tell;

use super::RunHandle;
use super::executor::{Connection, Serving, lost};
use super::sessions::{Opened, Sessions};
use crate::Engine;
use crate::error::EngineError;
use crate::place::Place;
use crate::prepare::Prepared;
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::{StepNote, StepState};
use migrated_target::edge::Edge;
use migrated_target::{Applied, ApplyFault, Outcome, Retries};
use std::sync::Arc;
use std::time::Instant;
use tell::{StepTell, name_blockers};

/// How a failed step left the target, once everything that can be known is known.
pub(crate) struct StepFault {
    pub(crate) error: EngineError,
    pub(crate) outcome: Outcome,
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
}

fn clean(error: EngineError) -> StepFault {
    StepFault { error, outcome: Outcome::Clean }
}

/// Keeps the type of a handle's `Arc` out of signatures that only need the run.
pub(crate) type Run = Arc<RunHandle>;
