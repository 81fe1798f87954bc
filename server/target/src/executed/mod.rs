//! Steps whose statements come from a client, one after the other, inside of the step.

mod converse;
mod meaning;
pub(crate) mod recorded;
mod rows;
mod value;

pub(crate) use converse::{Body, Done, Left, Statements, converse};
pub(crate) use meaning::Meaning;
pub(crate) use rows::Rows;
pub use value::{Array, Value};

use crate::TargetError;
use async_trait::async_trait;
use migrated_core::Code;

/// A statement of a client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientStatement {
    /// The client's name for it, told in its answers.
    pub id: u64,
    /// One statement, with the engine's own placeholders.
    pub sql: String,
    /// None: it has no parameters. Otherwise it is executed once with each set.
    pub parameters: Vec<Vec<Value>>,
    /// Not to be executed if the one before it failed or was skipped.
    pub after_success: bool,
    /// Most rows in an answer; 0: as many as make up about [`BATCH_BYTES`].
    pub batch_rows: u32,
}

/// About so many bytes of rows make up an answer.
pub const BATCH_BYTES: usize = 64 << 10;

/// What a client says in a step.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A statement to be executed.
    Statement(ClientStatement),
    /// The body is done.
    Done,
    /// The body failed, with [`migrated_core::Code::ExecutorFailed`].
    Failed(TargetError),
}

/// What came of a statement, or a part of its rows.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The client's name for the statement.
    pub id: u64,
    /// The last answer to it.
    pub complete: bool,
    /// The columns, in the first answer.
    pub columns: Vec<ResultColumn>,
    /// Rows, one after the other.
    pub rows: Vec<Vec<Value>>,
    /// Bytes of the rows, about.
    pub bytes: usize,
    /// Rows changed or given.
    pub row_count: Option<u64>,
    /// The key that the engine made for the last row.
    pub last_row_id: Option<i64>,
    /// It failed.
    pub error: Option<TargetError>,
    /// It was not executed, for the one before it failed.
    pub skipped: bool,
    /// It took effect in an earlier attempt.
    pub replayed: bool,
    /// The client did not want the rest of its rows.
    pub stopped: bool,
}

/// A column of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: String,
    /// Its type, in the engine's words.
    pub type_name: String,
    /// Its type's number, where the engine has one.
    pub type_code: u32,
}

/// The refusal of a client's body outside of a transaction on SQLite. Plans refuse it before anything runs.
pub fn no_journal_of_clients() -> TargetError {
    TargetError::new(
        Code::UnsupportedForm,
        "a revision that its client executes is one transaction on SQLite, and this one says `transaction: false`",
    )
    .help("take `transaction: false` off its header, and put what refuses a transaction into a revision of SQL")
}

/// A client that executes a body: what a step asks for its statements.
#[async_trait]
pub trait Executor: Send {
    /// What the client says next. Ends with an error when the client is gone, or the run is to stop.
    async fn next(&mut self) -> Result<Asked, TargetError>;
    /// Takes an answer, and waits until there is room for it. `false`: the client does not want the rest of the rows.
    async fn answer(&mut self, answer: Answer) -> Result<bool, TargetError>;
}
