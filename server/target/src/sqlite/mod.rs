//! SQLite: one file, one writer at a time, DDL in transactions.
//!
//! Sessions look like those of SQLite's own shell (rule R6): `foreign_keys` is off unless the target says
//! otherwise, the journal mode is never touched, and the only setting that is ours is `busy_timeout`. What remains
//! different comes with the bundled build of SQLite and is listed in the test that compares all pragmas.

mod apply;
mod backend;
mod cancel;
mod connect;
mod error;
mod examine;
mod executed;
mod foreign_keys;
mod inspect;
mod journalled;
mod lock;
mod meaning;
mod place;
mod query;
mod reset;
mod resume;
mod session;
mod standing;
mod statement;
mod transaction;
mod version_table;
mod watch;
mod whole;

use crate::examine::Examined;
use crate::{
    Backend, BackendState, Capabilities, JournalRow, LockAttempt, Session, SessionOptions, Standing, Target,
    TargetError, TargetSpec, TransactionOutcome, Work,
};
use crate::{InspectOptions, Inspected, SchemaCopy, Scratch, ScratchOptions};
use async_trait::async_trait;
use connect::{Opened, Opening};
use error::refused;
use migrated_core::event::Blocker;
use migrated_core::{Code, DialectName};
use place::{Found, Place};
use session::SqliteSession;
use sqlx::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use version_table::VersionTable;

/// The target of a database file. The path must be absolute; nothing is opened yet, and the file may be missing.
///
/// # Errors
/// [`Code::TargetUrlInvalid`] for a relative path or one that is not UTF-8, [`Code::MemoryTarget`] for
/// `:memory:`, [`Code::InvalidRequest`] where the spec names a schema, which SQLite does not have.
pub fn open_path(path: impl AsRef<Path>, spec: &TargetSpec) -> Result<Arc<dyn Target>, TargetError> {
    let place = Place::new(path.as_ref())?;
    for schema in [&spec.schema, &spec.version_table.schema].into_iter().flatten() {
        if !schema.eq_ignore_ascii_case("main") {
            return Err(TargetError::new(
                Code::InvalidRequest,
                format!("SQLite has no schemas: {schema:?} cannot be one"),
            )
            .help("leave the schema out of the settings of this target"));
        }
    }
    let table = VersionTable::new(&spec.version_table.name);
    // SQLite folds the case of ASCII letters in names.
    let key = format!("sqlite:{}#{}", place.real().display(), table.name.to_ascii_lowercase());
    let display = format!("sqlite:///{}", place.shown());
    Ok(Arc::new(SqliteTarget {
        place,
        table,
        key,
        display,
        lock_timeout: spec.lock_timeout,
        foreign_keys: spec.sqlite_foreign_keys,
    }))
}

struct SqliteTarget {
    place: Place,
    table: VersionTable,
    key: String,
    display: String,
    lock_timeout: Duration,
    foreign_keys: bool,
}

impl SqliteTarget {
    async fn open(&self, run: &str, create: bool) -> Result<Opened, TargetError> {
        connect::open(&Opening {
            place: &self.place,
            foreign_keys: self.foreign_keys,
            busy_timeout: self.lock_timeout,
            create,
            run,
        })
        .await
    }
}

#[async_trait]
impl Target for SqliteTarget {
    fn dialect(&self) -> DialectName {
        DialectName::Sqlite
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn display(&self) -> &str {
        &self.display
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { transactional_ddl: true, session_reset: true }
    }

    async fn standing(&self) -> Result<Standing, TargetError> {
        if self.place.look()? == Found::Nothing {
            return standing::nothing(&self.place).await;
        }
        let mut opened = self.open("", false).await?;
        let standing = standing::read(&mut opened, &self.table, &self.place).await;
        close(opened.conn).await;
        standing
    }

    async fn ensure_version_table(&self) -> Result<bool, TargetError> {
        let mut opened = self.open("", true).await?;
        let made = ensure(&mut opened, &self.table, &self.place).await;
        close(opened.conn).await;
        made
    }

    async fn forget_journal(&self) -> Result<(), TargetError> {
        let mut opened = self.open("", true).await?;
        let text = crate::journal::clear(DialectName::Sqlite, crate::journal::TABLE, &self.table.name);
        let cleared = match query::run(&mut opened.conn, text).await {
            Ok(()) => Ok(()),
            Err(e) if error::is_no_such_table(&e) => Ok(()),
            Err(e) => Err(refused(&e, "emptying the journal", &self.place)),
        };
        close(opened.conn).await;
        cleared
    }

    async fn examine(&self, work: &Work) -> Result<Examined, TargetError> {
        examine::look(self, work).await
    }

    async fn judge(&self, row: &JournalRow, took_effect: bool) -> Result<(), TargetError> {
        examine::judge(self, row, took_effect).await
    }

    async fn try_lock(&self, run: &str) -> Result<LockAttempt, TargetError> {
        lock::try_lock(&self.place, &self.table.name, run)
    }

    async fn inspect(&self, options: &InspectOptions) -> Result<Inspected, TargetError> {
        inspect::inspect(self, options).await
    }

    async fn furniture(&self) -> Result<ScratchOptions, TargetError> {
        Ok(ScratchOptions::default())
    }

    async fn scratch(&self, options: &ScratchOptions) -> Result<Box<dyn Scratch>, TargetError> {
        inspect::scratch(self, options).await
    }

    /// A scratch database is in memory, and its schema kept as it was written.
    /// A transaction holds a rehearsal.
    async fn schema_copy(&self) -> Result<Option<Box<dyn SchemaCopy>>, TargetError> {
        Ok(None)
    }

    async fn drop_leftovers(&self) -> Result<(), TargetError> {
        Ok(())
    }

    async fn ground(&self) -> Result<Option<String>, TargetError> {
        Ok(None)
    }

    async fn connect(&self, options: &SessionOptions) -> Result<Box<dyn Session>, TargetError> {
        let opened = self.open(&options.run, true).await?;
        Ok(Box::new(SqliteSession::new(
            opened,
            self.place.clone(),
            self.table.clone(),
            self.foreign_keys,
            self.lock_timeout,
        )))
    }

    async fn blockers(&self, _backend: &Backend) -> Result<Vec<Blocker>, TargetError> {
        Ok(watch::holders(&self.place.real()))
    }

    async fn progress(&self, _backend: &Backend) -> Result<Option<String>, TargetError> {
        Ok(None)
    }

    async fn backend_state(&self, backend: &Backend) -> Result<BackendState, TargetError> {
        Ok(backend::state(backend))
    }

    async fn end_backend(&self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        Ok(backend::end(backend, grace).await)
    }

    /// A commit of SQLite is over when the call returns, and there are no transaction ids to ask for.
    async fn transaction_outcome(&self, _xid: &str) -> Result<TransactionOutcome, TargetError> {
        Ok(TransactionOutcome::Unknown)
    }
}

/// Closes a connection. There is nothing to do about a failure: the file is whole either way.
async fn close(conn: sqlx::SqliteConnection) {
    if let Err(error) = conn.close().await {
        tracing::debug!(%error, "closing a SQLite connection");
    }
}

async fn ensure(opened: &mut Opened, table: &VersionTable, place: &Place) -> Result<bool, TargetError> {
    let conn = &mut opened.conn;
    let fail = |e: sqlx::Error| refused(&e, "creating the version table", place);
    // Looking first spares the write lock in the usual case.
    match query::rows(conn, table.sql.select()).await {
        Ok(_) => return Ok(false),
        Err(e) if error::is_no_such_table(&e) => {}
        Err(e) => return Err(fail(e)),
    }
    query::run(conn, "BEGIN IMMEDIATE").await.map_err(fail)?;
    // Now nobody else can create it; somebody may have done so before we held the lock.
    let made = match query::rows(conn, table.sql.select()).await {
        Ok(_) => Ok(false),
        Err(e) if error::is_no_such_table(&e) => query::run(conn, table.sql.create()).await.map(|()| true),
        Err(e) => Err(e),
    };
    match made {
        Ok(made) => query::run(conn, "COMMIT").await.map(|()| made).map_err(fail),
        Err(e) => {
            // Closing the connection rolls back as well.
            let _ = query::run(conn, "ROLLBACK").await;
            Err(fail(e))
        }
    }
}
