//! Connections: a pool, for this is our own database and no target, and transactions that are settled even where their
//! caller goes away.
//!
//! Every commit is durable on the server (`synchronous_commit`), that of events too: unlike a SQLite store, the server
//! can end without the daemon, whose logs would then go on behind a gap.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, Postgres};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::fault::fault;
use super::lease::{self, Leasing};
use super::telling::Telling;
use super::{backend, migrate, step_note};
use crate::together::Queue;
use crate::{Lease, Result, StoreError};

/// How a PostgreSQL store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The schema that holds the store. It is made when missing, and belongs to the store alone.
    pub schema: String,
    /// Most connections. One more listens for what other daemons tell.
    pub connections: u32,
    /// How long a call may wait for a connection.
    pub connect_timeout: Duration,
    /// How long the store belongs to daemons that may still be at work: a run whose daemon gave no sign of life for
    /// that long may be taken over.
    pub lease: Duration,
    /// Name of this daemon, as others are told it.
    pub owner: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        PostgresOptions {
            schema: "migrated".to_owned(),
            connections: 8,
            connect_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(10),
            owner: format!("pid {}", std::process::id()),
        }
    }
}

/// The revision store in a PostgreSQL database, for any number of daemons.
#[derive(Debug)]
pub struct PostgresStore {
    pub(super) pool: PgPool,
    /// Backends that wait to be recorded together.
    pub(super) backends: Queue<backend::OfRun>,
    /// Notes on steps that wait to be written together.
    pub(super) notes: Queue<step_note::OfRun>,
    /// Transactions whose callers went away, being ended.
    settling: Arc<Mutex<Vec<JoinHandle<()>>>>,
    pub(super) leasing: Leasing,
    pub(super) telling: Telling,
}

/// The key of the advisory lock that collection holds alone, and every write that makes something needed shares:
/// what is looked at as unneeded stays so until it is gone.
const NEEDS: i64 = 0x6d69_6772_0000_0001;
/// The key of the advisory lock of uploads: two that bring the same bodies in another order would wait for each other.
const UPLOADS: i64 = 0x6d69_6772_0000_0002;

/// What a transaction keeps from others, besides the rows that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// Nothing.
    Nobody,
    /// Collection.
    Collecting,
    /// Collection and other uploads.
    Uploads,
    /// Everything that needs manifests or bodies.
    Needs,
}

impl Against {
    fn begin(self) -> String {
        let shared = format!("BEGIN; SELECT pg_catalog.pg_advisory_xact_lock_shared({NEEDS})");
        match self {
            Against::Nobody => "BEGIN".to_owned(),
            Against::Collecting => shared,
            Against::Uploads => format!("{shared}, pg_catalog.pg_advisory_xact_lock({UPLOADS})"),
            Against::Needs => format!("BEGIN; SELECT pg_catalog.pg_advisory_xact_lock({NEEDS})"),
        }
    }
}

impl PostgresStore {
    /// Opens or makes the store in a schema of the database at `url` (`postgres://…`), brings its schema up to date
    /// and begins this daemon's lease.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server cannot be reached, refuses, or has something else in that schema;
    /// [`StoreError::TooNew`]; [`StoreError::Full`].
    pub async fn open(url: &str, options: PostgresOptions) -> Result<PostgresStore> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|e| StoreError::Unavailable(format!("its URL cannot be read: {e}")))?
            .application_name(&format!("migrated store {}", options.schema))
            .disable_statement_logging();
        let settings = settings(&options.schema);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(2))
            .min_connections(1)
            .acquire_timeout(options.connect_timeout)
            .after_connect(move |conn, _| {
                let settings = settings.clone();
                Box::pin(
                    async move { conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(settings))).await.map(drop) },
                )
            })
            .connect_lazy_with(connect.clone());
        migrate::migrate(&pool, &options.schema).await?;
        let leasing = lease::begin(&pool, &options).await?;
        let telling = Telling::start(&pool, connect, &options.schema);
        let (backends, notes) = (Queue::default(), Queue::default());
        Ok(PostgresStore { pool, backends, notes, settling: Arc::default(), leasing, telling })
    }

    /// Gives the lease back and closes the connections, once the writes under way are done.
    pub(super) async fn close_all(&self) -> Result<()> {
        if self.pool.is_closed() {
            return Ok(());
        }
        self.settled().await;
        self.telling.stop().await;
        let given_back = self.leasing.end(&self.pool).await;
        self.pool.close().await;
        given_back
    }

    /// Begins a transaction.
    pub(super) async fn write(&self, against: Against) -> Result<Write> {
        self.settled().await;
        let conn = self.pool.acquire().await.map_err(fault)?;
        let mut write = Write { conn: Some(conn), settling: Arc::clone(&self.settling) };
        write.conn().execute(sqlx::raw_sql(sqlx::AssertSqlSafe(against.begin()))).await.map_err(fault)?;
        Ok(write)
    }

    /// A connection for one statement, which is a transaction by itself.
    pub(super) async fn write_alone(&self) -> Result<Write> {
        self.settled().await;
        let conn = self.pool.acquire().await.map_err(fault)?;
        Ok(Write { conn: Some(conn), settling: Arc::clone(&self.settling) })
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<PoolConnection<Postgres>> {
        self.pool.acquire().await.map_err(fault)
    }

    /// This daemon's lease, as of now.
    pub(super) fn lease_id(&self) -> String {
        self.leasing.lease.borrow().id.clone()
    }

    pub(super) fn lease_watch(&self) -> watch::Receiver<Lease> {
        self.leasing.lease.clone()
    }

    /// Waits until transactions that were left in the middle have ended, one way or the other.
    async fn settled(&self) {
        loop {
            let Some(one) = self.settling.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                return;
            };
            // A task that was aborted with its runtime leaves its connection to be dropped, which ends it as well.
            let _ = one.await;
        }
    }
}

/// What every connection of the store is set to, whatever role and database say.
fn settings(schema: &str) -> String {
    format!(
        "SET search_path TO {}; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
         SET client_min_messages TO warning; SET lock_timeout TO '10s'; SET statement_timeout TO '60s'; \
         SET idle_in_transaction_session_timeout TO '5s'; \
         SELECT pg_catalog.set_config('synchronous_commit', 'on', false) \
         WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
        quoted(schema)
    )
}

/// A name as an identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A transaction. Dropped without [`Write::finish`], it is rolled back, or found committed, before the next begins.
pub(super) struct Write {
    conn: Option<PoolConnection<Postgres>>,
    settling: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Write {
    pub(super) fn conn(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("there until it is finished")
    }

    /// Commits where the work went well and rolls back where it did not.
    pub(super) async fn finish<T>(mut self, work: Result<T>) -> Result<T> {
        let work = match work {
            Ok(value) => self.conn().execute(sqlx::raw_sql("COMMIT")).await.map(|_| value).map_err(fault),
            Err(error) => match self.conn().execute(sqlx::raw_sql("ROLLBACK")).await {
                Ok(_) => Err(error),
                Err(_) => {
                    self.broken();
                    Err(error)
                }
            },
        };
        if work.is_ok() {
            self.conn = None;
        }
        work
    }

    /// Gives the connection of a statement back that was a transaction by itself.
    pub(super) fn done(mut self) {
        self.conn = None;
    }

    /// A connection that cannot even roll back is not used again.
    fn broken(&mut self) {
        drop(self.conn.take().map(PoolConnection::detach));
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(conn.detach());
            return;
        };
        let settle = async move {
            // Whatever is still under way on the connection, a COMMIT too, is waited for first. Outside of a transaction
            // this does nothing.
            if conn.execute(sqlx::raw_sql("ROLLBACK")).await.is_err() {
                drop(conn.detach());
            }
        };
        let settling = runtime.spawn(settle);
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).push(settling);
    }
}
