//! The one progress type. What a run tells is an [`EventKind`]: the same value is stored, streamed and logged.

use serde::{Deserialize, Serialize};

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The revision's upgrade body.
    Up,
    /// The revision's downgrade body.
    Down,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Applies upgrade bodies.
    Upgrade,
    /// Applies downgrade bodies.
    Downgrade,
    /// Changes the version rows only.
    Stamp,
    /// An upgrade whose every change is rolled back at the end.
    Rehearsal,
}

impl RunKind {
    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunKind::Upgrade => "upgrade",
            RunKind::Downgrade => "downgrade",
            RunKind::Stamp => "stamp",
            RunKind::Rehearsal => "rehearsal",
        }
    }

    /// The verb that asks for it, as users type it.
    pub const fn command(self) -> &'static str {
        match self {
            RunKind::Rehearsal => "upgrade --rehearse",
            other => other.as_str(),
        }
    }
}

/// Where a run stands (rule R1 of the run engine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunState {
    /// Accepted, waiting for its turn.
    Queued,
    /// Waiting for the migration lock in the target.
    Locking,
    /// Executing.
    Running,
    /// Done; the target stands at the goal.
    Succeeded,
    /// Failed; the target is clean at a revision.
    Failed,
    /// Some statements of a revision took effect and others did not.
    Partial,
    /// Cancelled; the error says whether the target is clean.
    Cancelled,
    /// The connection died inside COMMIT and nothing has told yet how that ended.
    Unknown,
}

impl RunState {
    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunState::Queued => "QUEUED",
            RunState::Locking => "LOCKING",
            RunState::Running => "RUNNING",
            RunState::Succeeded => "SUCCEEDED",
            RunState::Failed => "FAILED",
            RunState::Partial => "PARTIAL",
            RunState::Cancelled => "CANCELLED",
            RunState::Unknown => "UNKNOWN",
        }
    }

    /// Reads a stored name.
    pub fn parse(name: &str) -> Option<RunState> {
        use RunState::*;
        [Queued, Locking, Running, Succeeded, Failed, Partial, Cancelled, Unknown]
            .into_iter()
            .find(|s| s.as_str() == name)
    }

    /// Whether nothing more will happen in the run.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, RunState::Queued | RunState::Locking | RunState::Running)
    }
}

/// What the database said about a failed statement (rule R14).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlFault {
    /// SQLSTATE, or the engine's own number where it has none.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// Detail, empty where none was given.
    pub detail: String,
    /// Hint, empty where none was given.
    pub hint: String,
    /// Schema of the object concerned.
    pub schema: String,
    /// Table concerned.
    pub table: String,
    /// Column concerned.
    pub column: String,
    /// Constraint concerned.
    pub constraint: String,
    /// The failing statement, shortened to what fits on a screen.
    pub statement: String,
    /// Number of the statement in its body, from 1.
    pub statement_index: u32,
    /// Statements in the body.
    pub statement_total: u32,
    /// The revision file.
    pub path: String,
    /// Line in the revision file, from 1; 0 where it is not known.
    pub line: u32,
    /// Column in that line, in characters from 1; 0 where it is not known.
    pub column_number: u32,
}

/// A failure as it stands in a run's log: code, cause, state of the target and the way on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The reason of the [`crate::Code`].
    pub reason: String,
    /// The cause in one line.
    pub message: String,
    /// The revision concerned, empty where none is.
    pub revision: String,
    /// What state the target is in, in one line.
    pub state: String,
    /// The next command, or what to do.
    pub next: String,
    /// What the database said.
    pub sql: Option<SqlFault>,
}

/// A session that holds what we wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocker {
    /// Process or connection id on the server.
    pub pid: i64,
    /// Database user.
    pub user: String,
    /// Application name, where the engine knows one.
    pub application: String,
    /// Its current or last statement, shortened.
    pub query: String,
    /// Age of its transaction in milliseconds.
    pub age_ms: u64,
    /// What it holds, where that is known: a table's name.
    pub object: String,
}

/// One thing that happened in a run. The fields' names say what they hold; times are in the unit of their suffix,
/// indexes count from 1, `rows` are version rows.
#[expect(missing_docs, reason = "the fields' names and the line above say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The run was accepted.
    RunAccepted { run_kind: RunKind, project: String, target: String, goal: Vec<String>, actor: String },
    /// The run moved to another state before its end.
    StateChanged { state: RunState },
    /// Another run holds the target.
    Waiting { holder: String, actor: String, since_ms: u64, detail: String },
    /// The migration lock is held.
    Locked { waited_ms: u64 },
    /// What will be done, decided under the lock.
    PlanReady { from: Vec<String>, to: Vec<String>, steps: u32 },
    /// Nothing to do; `ahead` names rows beyond the goal, `foreign` rows of other branches.
    NothingToDo { rows: Vec<String>, ahead: Vec<String>, foreign: Vec<String> },
    /// A revision's body begins.
    StepStarted {
        index: u32,
        total: u32,
        revision: String,
        direction: Direction,
        from: Vec<String>,
        to: Vec<String>,
        message: String,
        statements: u32,
        transactional: bool,
    },
    /// A statement has been running for a while.
    StatementRunning { index: u32, total: u32, line: u32, summary: String, elapsed_ms: u64, progress: String },
    /// A statement is done. `rows` is what the engine reports as affected.
    StatementFinished { index: u32, total: u32, line: u32, summary: String, rows: u64, duration_us: u64 },
    /// Somebody holds what the statement needs.
    Blocked { index: u32, total: u32, blockers: Vec<Blocker>, attempt: u32, max_attempts: u32 },
    /// The step was rolled back and will be tried again.
    Retrying { attempt: u32, max_attempts: u32, reason: String, message: String, pause_ms: u64 },
    /// The server said something.
    Notice { severity: String, sqlstate: String, message: String, detail: String, hint: String },
    /// We have something to say.
    Warning { reason: String, message: String },
    /// A revision that was cut off before goes on, and why that is right.
    Resumed { revision: String, statement: u32, total: u32, evidence: String },
    /// A revision's body and its version rows are done.
    StepFinished {
        index: u32,
        total: u32,
        revision: String,
        statements: u32,
        duration_us: u64,
        rows: Vec<String>,
    },
    /// A revision failed.
    StepFailed { index: u32, total: u32, revision: String, failure: Failure },
    /// Somebody asked to stop.
    CancelRequested { actor: String, reason: String },
    /// A revision's body is to be executed by a client, and none has offered to.
    ExecutorWanted {
        index: u32,
        total: u32,
        revision: String,
        direction: Direction,
        language: String,
        wait_ms: u64,
    },
    /// The end, in a terminal state.
    RunFinished {
        state: RunState,
        rows: Vec<String>,
        applied: u32,
        duration_ms: u64,
        failure: Option<Failure>,
    },
}

/// An event of a run's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Dense number within the run, from 1.
    pub seq: u64,
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
    /// What.
    pub what: EventKind,
}
