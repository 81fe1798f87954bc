//! MySQL 8 and MariaDB 10.6 and later.
//!
//! DDL commits by itself here, so every revision is journalled (rule R12): see [`journalled`].
//!
//! What the driver sets on its sessions is undone, so that they look as in the shell (rule R6). Differences that
//! remain on work sessions: `lock_wait_timeout` and `innodb_lock_wait_timeout` are the target's; `wait_timeout`
//! is as long as the server allows, and there is neither a statement timeout nor an idle transaction timeout;
//! `autocommit` is on. The driver tells the server that it wants rows *found* rather than rows changed
//! (`CLIENT_FOUND_ROWS`), which cannot be taken back: `ROW_COUNT()` after an UPDATE counts rows that had the new
//! value already. And what stands between two statements of a revision is ours: `ROW_COUNT()` and `FOUND_ROWS()`
//! do not tell of the statement before; `LAST_INSERT_ID()` does.

mod ahead;
mod alone;
mod cancel;
mod connect;
mod engine;
mod error;
mod evidence;
mod examine;
mod executed;
mod inspect;
mod journalled;
mod lock;
mod opening;
mod quote;
mod rehearsal;
mod resume;
mod rights;
mod session;
mod standing;
mod statement;
mod transaction;
mod value;
mod version_table;
mod watch;
mod wire;

use crate::examine::Examined;
use crate::url::MysqlUrl;
use crate::{
    Backend, BackendState, Capabilities, JournalRow, LockAttempt, Session, SessionOptions, Standing, Target,
    TargetError, TargetSpec, TransactionOutcome, Work,
};
use crate::{InspectOptions, Inspected, SchemaCopy, Scratch, ScratchOptions};
use async_trait::async_trait;
use migrated_core::event::Blocker;
use migrated_core::{Code, DialectName};
use std::sync::Arc;
use std::time::Duration;

/// A MySQL or MariaDB database.
#[derive(Clone)]
pub(crate) struct MysqlTarget {
    url: MysqlUrl,
    spec: TargetSpec,
    /// The database that sessions use; in MySQL a schema is a database.
    database: String,
    key: String,
    display: String,
    /// What sessions are kept to, where this is the copy of a rehearsal.
    confines: Option<Arc<rehearsal::Confines>>,
}

impl MysqlTarget {
    /// A target; connects to nothing.
    pub(crate) fn new(mut url: MysqlUrl, spec: TargetSpec) -> Result<MysqlTarget, TargetError> {
        let Some(database) = spec.schema.clone().or_else(|| url.database.clone()) else {
            return Err(TargetError::new(Code::TargetUrlInvalid, "the database URL names no database")
                .help("mysql://user@host/database"));
        };
        if url.user.is_none() {
            let user = whoami::username().map_err(|_| {
                let why = "the database URL names no user, and this process has none";
                TargetError::new(Code::TargetUrlInvalid, why)
            })?;
            url.user = Some(user);
        }
        url.database = Some(database.clone());
        let home = spec.version_table.schema.as_deref().unwrap_or(&database);
        let key = format!("{}?schema={home}&version_table={}", url.key(), spec.version_table.name);
        Ok(MysqlTarget { key, display: url.display(), url, spec, database, confines: None })
    }
}

#[async_trait]
impl Target for MysqlTarget {
    fn dialect(&self) -> DialectName {
        DialectName::Mysql
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn display(&self) -> &str {
        &self.display
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { transactional_ddl: false, session_reset: false }
    }

    async fn standing(&self) -> Result<Standing, TargetError> {
        standing::read(self).await
    }

    async fn ensure_version_table(&self) -> Result<bool, TargetError> {
        version_table::ensure(self).await
    }

    async fn forget_journal(&self) -> Result<(), TargetError> {
        version_table::forget_journal(self).await
    }

    async fn examine(&self, work: &Work) -> Result<Examined, TargetError> {
        examine::look(self, work).await
    }

    async fn judge(&self, row: &JournalRow, took_effect: bool) -> Result<(), TargetError> {
        examine::judge(self, row, took_effect).await
    }

    async fn try_lock(&self, run: &str) -> Result<LockAttempt, TargetError> {
        lock::attempt(self, run).await
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

    async fn schema_copy(&self) -> Result<Option<Box<dyn SchemaCopy>>, TargetError> {
        rehearsal::copy(self).await.map(Some)
    }

    async fn drop_leftovers(&self) -> Result<(), TargetError> {
        rehearsal::sweep(self).await
    }

    async fn ground(&self) -> Result<Option<String>, TargetError> {
        inspect::ground(self).await.map(Some)
    }

    async fn connect(&self, options: &SessionOptions) -> Result<Box<dyn Session>, TargetError> {
        Ok(Box::new(session::MysqlSession::open(self, options).await?))
    }

    async fn blockers(&self, backend: &Backend) -> Result<Vec<Blocker>, TargetError> {
        watch::blockers(self, backend).await
    }

    async fn progress(&self, backend: &Backend) -> Result<Option<String>, TargetError> {
        watch::progress(self, backend).await
    }

    async fn backend_state(&self, backend: &Backend) -> Result<BackendState, TargetError> {
        cancel::look(self, backend).await
    }

    async fn end_backend(&self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        cancel::end(self, backend, grace).await
    }

    /// There are no transaction ids to ask for: the version rows and the journal tell.
    async fn transaction_outcome(&self, _xid: &str) -> Result<TransactionOutcome, TargetError> {
        Ok(TransactionOutcome::Unknown)
    }
}
