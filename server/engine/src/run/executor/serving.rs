//! A client at work on a step.

use super::{Connection, ExecutorHears, ExecutorSays, StepToExecute, lost};
use crate::run::RunHandle;
use crate::{EngineError, Result};
use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};
use migrated_core::Code;
use migrated_core::event::SqlFault;
use migrated_target::{Answer, Asked, BATCH_BYTES, ClientStatement, Executor, TargetError};
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// Answers that are told together at most.
const TOGETHER: usize = 256;

/// A client at work: hands its statements to the target, and the answers to it.
pub(crate) struct Serving<'a> {
    run: &'a RunHandle,
    connection: &'a mut Connection,
    /// The step, until it is told: that is when its transaction has begun.
    step: Option<Box<StepToExecute>>,
    /// Statements that came and had no turn yet.
    held: VecDeque<ClientStatement>,
    /// What came while rows were sent.
    next: Option<ExecutorSays>,
    answers: Vec<Answer>,
    bytes: usize,
}

impl<'a> Serving<'a> {
    pub(crate) fn new(
        run: &'a RunHandle,
        connection: &'a mut Connection,
        step: Box<StepToExecute>,
    ) -> Serving<'a> {
        Serving {
            run,
            connection,
            step: Some(step),
            held: VecDeque::new(),
            next: None,
            answers: Vec::new(),
            bytes: 0,
        }
    }

    /// Tells the client something, and waits until there is room.
    async fn tell(&mut self, what: ExecutorHears) -> Result<()> {
        self.connection.tell(self.run, what).await
    }

    /// Sends the answers that gathered.
    async fn flush(&mut self) -> Result<()> {
        if self.answers.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let answers = std::mem::take(&mut self.answers);
        self.tell(ExecutorHears::Answers(answers)).await
    }

    /// Takes what the client said last.
    async fn heard(&mut self, said: Option<Result<ExecutorSays>>) -> Result<ExecutorSays> {
        match said {
            Some(Ok(said)) => Ok(said),
            None => Err(lost("closed its stream before the step was done")),
            Some(Err(error)) => {
                let cause = lost(&format!("sent what has no place there: {}", error.message));
                // It hears why, if it still listens.
                let _ = self.connection.hears.try_send(Err(error));
                Err(cause)
            }
        }
    }

    async fn message(&mut self) -> Result<ExecutorSays> {
        if let Some(next) = self.next.take() {
            return Ok(next);
        }
        if let Some(said) = self.connection.says.next().now_or_never() {
            return self.heard(said).await;
        }
        // Nothing is at hand: now it waits for us.
        self.flush().await?;
        let said = tokio::select! {
            biased;
            () = self.run.cancelled.cancelled() => return Err(self.run.cause()),
            said = self.connection.says.next() => said,
            () = self.connection.hears.closed() => return Err(lost("went away")),
        };
        self.heard(said).await
    }
}

impl Connection {
    /// Tells the client something, and waits until there is room.
    pub(crate) async fn tell(&mut self, run: &RunHandle, what: ExecutorHears) -> Result<()> {
        tokio::select! {
            biased;
            room = self.hears.reserve() => match room {
                Ok(room) => {
                    room.send(Ok(what));
                    Ok(())
                }
                Err(_) => Err(lost("went away")),
            },
            () = run.cancelled.cancelled() => Err(run.cause()),
        }
    }

    /// What tells that the client is gone, whatever it is asked meanwhile.
    pub(crate) fn listener(&self) -> mpsc::Sender<Result<ExecutorHears>> {
        self.hears.clone()
    }
}

#[async_trait]
impl Executor for Serving<'_> {
    async fn next(&mut self) -> std::result::Result<Asked, TargetError> {
        if let Some(step) = self.step.take() {
            self.tell(ExecutorHears::Step(step)).await.map_err(of_target)?;
        }
        loop {
            if let Some(statement) = self.held.pop_front() {
                return Ok(Asked::Statement(statement));
            }
            match self.message().await.map_err(of_target)? {
                ExecutorSays::Statements(statements) => self.held.extend(statements),
                // Its rows were all sent already.
                ExecutorSays::StopRows(_) => {}
                ExecutorSays::Done => {
                    self.flush().await.map_err(of_target)?;
                    return Ok(Asked::Done);
                }
                ExecutorSays::Failed { message, line, detail } => {
                    self.flush().await.map_err(of_target)?;
                    let place = SqlFault { line, detail, ..SqlFault::default() };
                    return Ok(Asked::Failed(TargetError::new(Code::ExecutorFailed, message).sql(place)));
                }
            }
        }
    }

    async fn answer(&mut self, answer: Answer) -> std::result::Result<bool, TargetError> {
        let (id, complete) = (answer.id, answer.complete);
        self.bytes += answer.bytes;
        self.answers.push(answer);
        if complete && self.bytes < BATCH_BYTES && self.answers.len() < TOGETHER {
            return Ok(true);
        }
        self.flush().await.map_err(of_target)?;
        if !complete
            && self.next.is_none()
            && let Some(said) = self.connection.says.next().now_or_never()
        {
            match self.heard(said).await.map_err(of_target)? {
                ExecutorSays::StopRows(stopped) if stopped == id => return Ok(false),
                said => self.next = Some(said),
            }
        }
        Ok(true)
    }
}

fn of_target(error: EngineError) -> TargetError {
    TargetError { code: error.code, message: error.message, help: error.next, sql: error.sql }
}
