//! PostgreSQL 13 and later.
//!
//! Sessions use the tokio-postgres driver: it sends no start-up settings besides encoding and application name,
//! so that a session looks as in psql and RESET returns to what role, database and server say (rule R6 of the run
//! engine); notices are messages of their own; COPY, cancel keys and error positions are there.
//!
//! Differences to psql that remain on work sessions: `application_name`; `lock_timeout`, `statement_timeout` and
//! the idle and transaction timeouts; `client_connection_check_interval`; the `tcp_keepalives_*`; `search_path`
//! where the target names a schema; and `client_encoding`, which is always UTF8.

mod alone;
mod apply;
mod cancel;
mod connect;
mod copy;
mod error;
mod evidence;
mod examine;
mod executed;
mod index;
mod inspect;
mod journalled;
mod keys;
mod leftover;
mod lock;
mod parameter;
mod quote;
mod rehearsal;
mod resume;
mod session;
mod standing;
mod statement;
mod transaction;
mod value;
mod version_table;
mod warm;
mod watch;
mod wire;

use crate::examine::Examined;
use crate::url::PostgresUrl;
use crate::{
    Backend, BackendState, Capabilities, JournalRow, LockAttempt, Session, SessionOptions, Standing, Target,
    TargetError, TargetSpec, TransactionOutcome, Work, tls,
};
use crate::{InspectOptions, Inspected, SchemaCopy, Scratch, ScratchOptions};
use async_trait::async_trait;
use migrated_core::DialectName;
use migrated_core::event::Blocker;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A PostgreSQL database.
#[derive(Clone)]
pub(crate) struct PostgresTarget {
    url: PostgresUrl,
    spec: TargetSpec,
    tls: MakeRustlsConnect,
    key: String,
    display: String,
}

impl PostgresTarget {
    /// A target; reads the certificate files that the URL names, connects to nothing.
    pub(crate) fn new(url: PostgresUrl, spec: TargetSpec) -> Result<PostgresTarget, TargetError> {
        let tls = MakeRustlsConnect::new(tls::client_config(&url)?);
        let schema = spec.version_table.schema.as_deref().or(spec.schema.as_deref()).unwrap_or_default();
        let key = format!("{}?schema={schema}&version_table={}", url.key(), spec.version_table.name);
        Ok(PostgresTarget { tls, key, display: url.display(), url, spec })
    }
}

#[async_trait]
impl Target for PostgresTarget {
    fn dialect(&self) -> DialectName {
        DialectName::Postgres
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
        inspect::furniture(self).await
    }

    async fn scratch(&self, options: &ScratchOptions) -> Result<Box<dyn Scratch>, TargetError> {
        inspect::scratch(self, options).await
    }

    /// A transaction holds a rehearsal.
    async fn schema_copy(&self) -> Result<Option<Box<dyn SchemaCopy>>, TargetError> {
        Ok(None)
    }

    async fn drop_leftovers(&self) -> Result<(), TargetError> {
        Ok(())
    }

    async fn ground(&self) -> Result<Option<String>, TargetError> {
        inspect::ground(self).await.map(Some)
    }

    async fn connect(&self, options: &SessionOptions) -> Result<Box<dyn Session>, TargetError> {
        Ok(Box::new(session::PostgresSession::open(self, options).await?))
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

    async fn transaction_outcome(&self, xid: &str) -> Result<TransactionOutcome, TargetError> {
        watch::transaction_outcome(self, xid).await
    }
}
