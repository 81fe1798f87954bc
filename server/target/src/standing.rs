//! Where a target stands, and what its engine can do.

use migrated_core::event::Direction;

/// What the engine behind a target can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// DDL can be rolled back.
    pub transactional_ddl: bool,
    /// A session can be brought back to how it was after connecting.
    pub session_reset: bool,
}

/// What [`crate::Target::standing`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Engine and version, as `PostgreSQL 15.18`.
    pub server: String,
    /// Version rows in the order that the database gives them; `None` where there is no version table.
    pub rows: Option<Vec<String>>,
    /// The version table's column; where the table does not exist, as it will be, if the engine tells that.
    pub column: Option<VersionColumn>,
    /// Rows of `migrated_journal`: a revision was cut off (rule R12). Empty means healthy.
    pub journal: Vec<JournalRow>,
    /// Rights that work would need and that are missing, one line each (rule R10).
    pub missing_rights: Vec<String>,
    /// Locks that one transaction can hold, where the engine has a fixed table of them (PostgreSQL).
    pub lock_table_size: Option<u64>,
}

/// What [`Standing::missing_rights`] says of a schema that is not there.
pub(crate) fn no_schema(name: &str) -> String {
    format!("schema {name}{NO_SCHEMA}")
}

const NO_SCHEMA: &str = " does not exist";

impl Standing {
    /// The schema that the target names and its database lacks: no right is missing then.
    pub fn missing_schema(&self) -> Option<&str> {
        self.missing_rights.iter().find_map(|line| line.strip_prefix("schema ")?.strip_suffix(NO_SCHEMA))
    }
}

/// The column `version_num`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionColumn {
    /// Longest id that fits, in characters; `None` where it is unbounded or not enforced.
    pub max_chars: Option<u32>,
    /// Whether ids that differ only in case are one under its collation.
    pub case_insensitive: bool,
    /// Whether trailing spaces are ignored by its collation.
    pub pads: bool,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Revision at work.
    pub revision: String,
    /// Which way.
    pub direction: Direction,
    /// Number of the statement, from 1.
    pub statement: u32,
    /// SHA-256 of the statement's tokens, in hex.
    pub hash: String,
    /// How far it came.
    pub state: JournalState,
    /// Definition hash of every object that the statement names, before it ran: `kind schema.name = hash`.
    pub definitions: String,
    /// Run that wrote the row.
    pub run: String,
    /// Backend that worked on it: pid and start, as in [`crate::Backend`].
    pub backend: String,
}

/// How far a journalled statement came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// About to be sent.
    Intent,
    /// Took effect.
    Done,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// It is durable.
    Committed,
    /// It left nothing.
    Aborted,
    /// It is still under way.
    InProgress,
    /// The engine cannot tell.
    Unknown,
}
