//! The databases that migrated migrates: connect, read where they stand, lock, apply one step.
//!
//! A [`Target`] is cheap and holds no connection. Every [`Session`] is a connection of its own (rule R5 of the
//! run engine); nothing is ever pooled.

pub mod edge;
mod ending;
mod error;
mod examine;
mod executed;
mod inspect;
pub mod journal;
mod mysql;
mod patience;
mod postgres;
mod rehearsal;
mod session;
mod spec;
pub mod sqlite;
mod standing;
mod stop;
mod tls;
pub mod url;
pub mod version_table;
mod work;

pub use error::{ApplyFault, Outcome, TargetError};
pub use examine::{Examined, Fate, StatementFate};
pub use executed::{
    Answer, Array, Asked, BATCH_BYTES, ClientStatement, Executor, ResultColumn, Value, no_journal_of_clients,
};
pub use inspect::{InspectOptions, Inspected, Scratch, ScratchOptions};
pub use patience::Retries;
pub use rehearsal::SchemaCopy;
pub use session::{
    Backend, BackendState, Canceller, Holder, LockAttempt, MigrationLock, Session, SessionOptions,
};
pub use spec::{SessionMode, TargetSpec, VersionTable};
pub use standing::{Capabilities, JournalRow, JournalState, Standing, TransactionOutcome, VersionColumn};
pub use work::{Applied, ObjectRef, Script, ScriptStatement, Tell, Transaction, Treatment, Work};

use async_trait::async_trait;
use migrated_core::{DialectName, event::Blocker};
use std::sync::Arc;
use url::DatabaseUrl;

/// A target for a database URL. Connects to nothing yet.
///
/// # Errors
/// [`migrated_core::Code::TargetUrlInvalid`] where the URL, or a certificate file that it names, cannot be read;
/// [`migrated_core::Code::MemoryTarget`] for SQLite in memory.
pub fn open(spec: &TargetSpec) -> Result<Arc<dyn Target>, TargetError> {
    match DatabaseUrl::parse(&spec.url)? {
        DatabaseUrl::Postgres(url) => Ok(Arc::new(postgres::PostgresTarget::new(url, spec.clone())?)),
        DatabaseUrl::Sqlite(url) => sqlite::open_path(url.path, spec),
        DatabaseUrl::Mysql(url) => Ok(Arc::new(mysql::MysqlTarget::new(url, spec.clone())?)),
    }
}

/// A database, and where in it the version table stands.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// Which dialect it speaks.
    fn dialect(&self) -> DialectName;

    /// Normalised host, port, database, schema and version table: equal keys are the same place (rule R7).
    fn key(&self) -> &str;

    /// How it is shown: without password.
    fn display(&self) -> &str;

    /// What the engine can do.
    fn capabilities(&self) -> Capabilities;

    /// Connects, looks, disconnects. Takes no lock and changes nothing, so it never creates the version table.
    async fn standing(&self) -> Result<Standing, TargetError>;

    /// Creates the version table where it is missing, tolerating a lost race. `true` where it was made.
    async fn ensure_version_table(&self) -> Result<bool, TargetError>;

    /// Forgets what the journal knows of a revision that was cut off: somebody has said by a stamp where the target
    /// stands. Without a journal nothing happens.
    async fn forget_journal(&self) -> Result<(), TargetError>;

    /// What became of each statement of a revision that was cut off (`work`: as it stands now, `work.run` the run that
    /// was cut off), by the journal and the catalog. Takes no lock, ends nobody's work and changes nothing.
    async fn examine(&self, work: &Work) -> Result<Examined, TargetError>;

    /// Notes in the journal what a person found out about the statement of an INTENT row. To be called with the
    /// migration lock held.
    async fn judge(&self, row: &JournalRow, took_effect: bool) -> Result<(), TargetError>;

    /// Tries once to take the migration lock (rule R8); never blocks in the database.
    async fn try_lock(&self, run: &str) -> Result<LockAttempt, TargetError>;

    /// Reads the schema, in a number of queries that does not depend on how much there is. Never writes.
    async fn inspect(&self, options: &InspectOptions) -> Result<Inspected, TargetError>;

    /// What a scratch database beside this target starts with, as [`Target::inspect`] would tell it and much sooner.
    async fn furniture(&self) -> Result<ScratchOptions, TargetError>;

    /// Makes a throw-away database on the same server (a temporary file for SQLite) that a script sees as it sees
    /// the target: the same default schema, collation, character set and settings.
    ///
    /// # Errors
    /// [`migrated_core::Code::ScratchRequired`] where the role may not make one.
    async fn scratch(&self, options: &ScratchOptions) -> Result<Box<dyn Scratch>, TargetError>;

    /// Makes an empty throw-away database on the same server, for a copy of the schema in which a run is rehearsed. `None`
    /// where a transaction holds a rehearsal ([`Session::begin_rehearsal`]).
    ///
    /// # Errors
    /// [`migrated_core::Code::ScratchRequired`] where the role may not make one.
    async fn schema_copy(&self) -> Result<Option<Box<dyn SchemaCopy>>, TargetError>;

    /// Drops what throw-away databases a dead daemon left on the server, where the engine makes any for rehearsals. Those
    /// in use are left alone.
    async fn drop_leftovers(&self) -> Result<(), TargetError>;

    /// All that decides what a script makes in a scratch database here: the server, its settings as this role and
    /// database have them, and what a script may count on. Where two texts are the same, one script makes the same.
    /// `None` where making it is as cheap as knowing it.
    async fn ground(&self) -> Result<Option<String>, TargetError>;

    /// Opens a work session: fresh, with the settings that the engine's own shell would show (rule R6) and
    /// its catalog caches warmed.
    async fn connect(&self, options: &SessionOptions) -> Result<Box<dyn Session>, TargetError>;

    /// Who holds what this backend waits for; empty where it does not wait.
    async fn blockers(&self, backend: &Backend) -> Result<Vec<Blocker>, TargetError>;

    /// How far a long statement of this backend has come, in the server's own words; `None` where it does not tell.
    async fn progress(&self, backend: &Backend) -> Result<Option<String>, TargetError>;

    /// Whether a recorded backend is still there: pid and start time must both match (rule R4).
    async fn backend_state(&self, backend: &Backend) -> Result<BackendState, TargetError>;

    /// Ends a recorded backend of ours: cancel, wait up to `grace`, terminate, verify. Pid, start time and our
    /// application name are matched in the same statement. Returns what it is after that.
    async fn end_backend(
        &self,
        backend: &Backend,
        grace: std::time::Duration,
    ) -> Result<BackendState, TargetError>;

    /// How the transaction of that id ended, where the engine can tell (PostgreSQL: `pg_xact_status`).
    async fn transaction_outcome(&self, xid: &str) -> Result<TransactionOutcome, TargetError>;
}
