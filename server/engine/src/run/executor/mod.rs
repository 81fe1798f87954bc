//! Clients that execute revisions: how they offer themselves to a run, and how a step finds one.

mod finding;
mod serving;
mod waiting;

pub(crate) use serving::Serving;
pub(crate) use waiting::Executors;

use crate::{Engine, EngineError, Result};
use futures_util::Stream;
use migrated_core::event::{Direction, Failure};
use migrated_core::{Code, DialectName};
use migrated_target::{Answer, ClientStatement};
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages to a client that may be under way: what holds a slow reader back.
const ROOM: usize = 4;

/// What a client says.
#[derive(Clone, Debug)]
pub enum ExecutorSays {
    /// Statements to execute, in order.
    Statements(Vec<ClientStatement>),
    /// The rest of that statement's rows is not wanted.
    StopRows(u64),
    /// The body is done.
    Done,
    /// The body failed.
    Failed {
        /// Why, in one line.
        message: String,
        /// Line in the revision's file; 0 where it is not known.
        line: u32,
        /// More, such as a traceback.
        detail: String,
    },
}

/// What a client hears.
#[derive(Clone, Debug)]
pub enum ExecutorHears {
    /// A step begins.
    Step(Box<StepToExecute>),
    /// Answers to its statements, in order.
    Answers(Vec<Answer>),
    /// The step is done.
    Executed {
        /// Place in the plan, from 1.
        index: u32,
        /// The revision.
        revision: String,
        /// Statements executed.
        statements: u32,
        /// Version rows after it.
        rows: Vec<String>,
    },
    /// The step is not done.
    NotExecuted {
        /// Place in the plan, from 1.
        index: u32,
        /// The revision.
        revision: String,
        /// Why.
        failure: Box<Failure>,
        /// It comes again, after that pause.
        again: Option<Duration>,
    },
}

/// A step that a client is to execute.
#[derive(Clone, Debug)]
pub struct StepToExecute {
    /// Place in the plan, from 1.
    pub index: u32,
    /// Steps of the plan.
    pub total: u32,
    /// The revision.
    pub revision: String,
    /// Which body.
    pub direction: Direction,
    /// Path of its file.
    pub path: String,
    /// Its language.
    pub language: &'static str,
    /// The file.
    pub source: Vec<u8>,
    /// The target's dialect.
    pub dialect: DialectName,
    /// Engine and version.
    pub server: String,
    /// From 1.
    pub attempt: u32,
    /// It is one transaction.
    pub transactional: bool,
    /// Version rows before it.
    pub rows: Vec<String>,
}

/// What a client says, as it comes.
pub type Saying = Pin<Box<dyn Stream<Item = Result<ExecutorSays>> + Send>>;

/// A client's side of the conversation, as the daemon has it.
pub(crate) struct Connection {
    says: Saying,
    hears: mpsc::Sender<Result<ExecutorHears>>,
    languages: Vec<String>,
}

impl Engine {
    /// Offers a client as executor of a run's steps. What it is to hear comes from the receiver, which ends when the run
    /// does; for a run that has ended it ends at once.
    ///
    /// # Errors
    /// [`Code::RunNotFound`].
    pub async fn offer_executor(
        &self,
        run: &str,
        languages: Vec<String>,
        says: Saying,
    ) -> Result<mpsc::Receiver<Result<ExecutorHears>>> {
        let id = self.run_id(run).await?;
        let (hears, heard) = mpsc::channel(ROOM);
        if let Some(run) = self.inner.runs.get(&id) {
            run.executors.offer(Connection { says, hears, languages });
        }
        Ok(heard)
    }
}

/// The client is gone.
pub(crate) fn lost(why: &str) -> EngineError {
    EngineError::new(Code::ExecutorLost, format!("the client that executed the revision {why}"))
}
