//! One step as a target gets it.

use crate::edge::Edge;
use crate::{Retries, TargetError};
use async_trait::async_trait;
pub use migrated_core::dialect::ObjectRef;
use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use std::ops::Range;
use std::sync::Arc;

/// How a step stands to transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// One of its own.
    Step,
    /// Part of the run's.
    Run,
    /// None: each statement for itself, journalled.
    None,
}

/// A revision's body in one direction, split.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text that the ranges point into.
    pub text: Arc<str>,
    /// Its statements.
    pub statements: Vec<ScriptStatement>,
    /// SQLite: `PRAGMA foreign_keys` that the body asks for, hoisted before BEGIN (rule R11).
    pub foreign_keys: Option<bool>,
}

impl Script {
    /// How many statements it has.
    pub fn total(&self) -> u32 {
        u32::try_from(self.statements.len()).unwrap_or(u32::MAX)
    }

    /// The text of a statement.
    pub fn sql(&self, statement: &ScriptStatement) -> &str {
        &self.text[statement.range.clone()]
    }
}

/// One statement of a script.
#[derive(Clone, Debug)]
pub struct ScriptStatement {
    /// Where it stands in the text, without the terminator.
    pub range: Range<usize>,
    /// Line in the revision file, from 1.
    pub line: u32,
    /// Column in that line, in characters from 1.
    pub column: u32,
    /// Inline data of `COPY … FROM STDIN`.
    pub copy_data: Option<Range<usize>>,
    /// SHA-256 of its tokens, in hex.
    pub hash: String,
    /// First words, for progress lines.
    pub summary: String,
    /// How it stands to transactions.
    pub treatment: Treatment,
}

/// How a statement stands to transactions and to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Runs in a transaction.
    Transactional,
    /// Commits by itself or refuses a transaction. `objects` are those that it names.
    Alone {
        /// What it names, in order.
        objects: Vec<ObjectRef>,
    },
    /// `CREATE INDEX CONCURRENTLY`: an invalid leftover is dropped and built again, a valid one adopted.
    ConcurrentIndex {
        /// The index to be made.
        index: ObjectRef,
        /// Its table.
        table: ObjectRef,
    },
    /// Changes the session only: not journalled, replayed before a resume point.
    SessionOnly,
    /// Already done before BEGIN (SQLite's `PRAGMA foreign_keys`): skipped.
    Hoisted,
    /// A rehearsal cannot undo it, so it is not executed there.
    LeftOut,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Work {
    /// The run.
    pub run: String,
    /// The revision.
    pub revision: String,
    /// Which way.
    pub direction: Direction,
    /// Its file, for messages.
    pub path: String,
    /// What to execute; empty for a stamp.
    pub script: Arc<Script>,
    /// The whole set of version rows that the plan expects before the step.
    pub expected_rows: Vec<String>,
    /// The changes of the version rows, in order.
    pub changes: Vec<RowChange>,
    /// How it stands to transactions.
    pub transaction: Transaction,
    /// Most statements of a client. Those of a script are counted before it begins.
    pub most_statements: u64,
    /// How often a statement is tried again that could not get a lock, once others of the step are done.
    pub retries: Retries,
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Statements executed (those found done by a resume left out).
    pub statements: u32,
    /// Version rows after it.
    pub rows: Vec<String>,
    /// A client's body changed what a new session starts with. Of a script that is known before.
    pub spoils_sessions: bool,
}

/// Where a session tells what it does. Never blocks, but in [`Tell::recorded`].
#[async_trait]
pub trait Tell: Send + Sync {
    /// A statement begins (number from 1): what watches for long statements hangs on this.
    fn statement_started(&self, index: u32);
    /// A statement of a client begins: nobody knew it before. 0 stands for none: the client is at work.
    fn statement_sent(&self, index: u32, _summary: &str) {
        self.statement_started(index);
    }
    /// Anything for the run's log: finished statements, notices, resumptions, warnings.
    fn event(&self, what: EventKind);
    /// The id of the transaction that holds the step, as soon as it is known (PostgreSQL): its recording begins, while
    /// the statements go on.
    fn transaction(&self, _xid: &str) {}
    /// Waits until what [`Tell::transaction`] told is recorded: how a COMMIT ended that nobody saw the end of can be
    /// found out by it (rule R1). Where this fails, COMMIT is not sent.
    async fn recorded(&self) -> Result<(), TargetError> {
        Ok(())
    }
    /// An edge of the run is reached; the work goes on when this returns.
    async fn edge(&self, _edge: Edge) {}
    /// COMMIT is sent next, of this transaction where its id is known.
    fn committing(&self, _xid: Option<&str>) {}
}
