//! Connections: one writer, a few readers, and how durable a commit is.
//!
//! The file is in WAL mode, so readers never wait for the writer. A durable commit syncs the WAL
//! (`synchronous = FULL`, <https://www.sqlite.org/pragma.html#pragma_synchronous>) and survives a power cut. A
//! commit of events does not sync (`NORMAL`): it is in the OS's hands, survives the end of the process however it
//! comes, and is synced along with the next durable commit, which syncs everything in front of it too. The one
//! writer switches between the two outside of transactions; the pragma reaches no disk, and is sent only when
//! the setting really changes.

use std::path::Path;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, Sqlite};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::fault::fault;
use super::lock::{self, StoreLock};
use super::migrate::{self, migrate};
use super::{backend, step_note};
use crate::together::Queue;
use crate::{Result, StoreError};

/// How a SQLite store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Reading connections, opened when needed. At least 1.
    pub readers: u32,
    /// How long to wait for a foreign process, such as a backup, that holds SQLite's own lock.
    pub busy_timeout: Duration,
    /// Most bytes that the database file may grow to; a write beyond is [`StoreError::Full`]. `None`: the
    /// device's limit.
    pub max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions { readers: 4, busy_timeout: Duration::from_secs(5), max_bytes: None }
    }
}

/// The revision store in a SQLite file, for one daemon.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Mutex<Option<Writer>>,
    /// `None` for a store in memory, which only its one connection can see.
    readers: Option<SqlitePool>,
    /// Backends that wait to be recorded together.
    pub(super) backends: Queue<backend::OfRun>,
    /// Notes on steps that wait to be written together.
    pub(super) notes: Queue<step_note::OfRun>,
}

#[derive(Debug)]
pub(super) struct Writer {
    conn: SqliteConnection,
    /// What the connection is set to; `None` while that is changing.
    durability: Option<Durability>,
    /// A transaction was begun and nothing has told yet that it ended.
    open: bool,
    _lock: Option<StoreLock>,
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A power cut.
    Power,
    /// The end of the process.
    Process,
}

const PAGE_BYTES: u64 = 4096;

impl SqliteStore {
    /// Opens or makes the store at `path`, whose folder must exist, takes its lock (`<path>.lock`) and brings
    /// its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where another process has it open (the message names it), where the file
    /// cannot be opened or is another application's; [`StoreError::TooNew`]; [`StoreError::Corrupt`];
    /// [`StoreError::Full`].
    pub async fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<SqliteStore> {
        let path = path.as_ref();
        let lock = lock::take(path)?;
        let base = base(&options).filename(path);
        let mut writer = base
            .clone()
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Full)
            // A large body leaves a large WAL behind: give the room back at the next checkpoint.
            .pragma("journal_size_limit", (16 << 20).to_string());
        if let Some(bytes) = options.max_bytes {
            writer = writer.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string());
        }
        let mut conn = writer.connect().await.map_err(fault)?;
        // Before the first pragma that would write to the file.
        migrate::check_owner(&mut conn).await?;
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut conn).await.map_err(fault)?;
        if mode != "wal" {
            let told = format!("{}: SQLite cannot keep a WAL here (journal mode {mode})", path.display());
            return Err(StoreError::Unavailable(told));
        }
        migrate(&mut conn).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(base.pragma("query_only", "ON"));
        Ok(SqliteStore::of(Writer::new(conn, Some(lock)), Some(readers)))
    }

    /// Makes an empty store that lives and dies with this value.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where SQLite cannot be started.
    pub async fn open_in_memory() -> Result<SqliteStore> {
        let mut conn = base(&SqliteOptions::default()).filename(":memory:").connect().await.map_err(fault)?;
        migrate(&mut conn).await?;
        Ok(SqliteStore::of(Writer::new(conn, None), None))
    }

    fn of(writer: Writer, readers: Option<SqlitePool>) -> SqliteStore {
        let (backends, notes) = (Queue::default(), Queue::default());
        SqliteStore { writer: Mutex::new(Some(writer)), readers, backends, notes }
    }

    /// Closes readers and writer, which folds the WAL into the file, and gives the lock back.
    pub(super) async fn close_all(&self) -> Result<()> {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        match self.writer.lock().await.take() {
            Some(writer) => writer.conn.close().await.map_err(fault),
            None => Ok(()),
        }
    }

    /// Begins a transaction of the one writer, in its turn.
    pub(super) async fn write(&self, durability: Durability) -> Result<Write<'_>> {
        let mut writer = self.writer().await?;
        writer.settle().await;
        writer.set(durability).await?;
        writer.open = true;
        writer.conn.execute("BEGIN IMMEDIATE").await.map_err(fault)?;
        Ok(Write { writer })
    }

    /// The writer, in its turn, for a statement that is a transaction by itself: no round trips to its thread for
    /// BEGIN and COMMIT.
    pub(super) async fn write_alone(&self, durability: Durability) -> Result<Alone<'_>> {
        let mut writer = self.writer().await?;
        writer.settle().await;
        writer.set(durability).await?;
        Ok(Alone { writer })
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<Read<'_>> {
        match &self.readers {
            Some(readers) => readers.acquire().await.map(Read::Pooled).map_err(fault),
            None => {
                let mut writer = self.writer().await?;
                writer.settle().await;
                Ok(Read::Shared(writer))
            }
        }
    }

    async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>> {
        MutexGuard::try_map(self.writer.lock().await, Option::as_mut)
            .map_err(|_| StoreError::Unavailable("it was closed".to_owned()))
    }
}

fn base(options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

impl Writer {
    fn new(conn: SqliteConnection, lock: Option<StoreLock>) -> Writer {
        Writer { conn, durability: None, open: false, _lock: lock }
    }

    /// Ends what a caller that went away in the middle left open.
    async fn settle(&mut self) {
        if self.open {
            // It fails where SQLite has rolled back by itself (a full device) or the commit had been done: both
            // leave what is wanted, a connection without a transaction.
            let _ = self.conn.execute("ROLLBACK").await;
            self.open = false;
        }
    }

    async fn set(&mut self, durability: Durability) -> Result<()> {
        if self.durability != Some(durability) {
            self.durability = None;
            let pragma = match durability {
                Durability::Power => "PRAGMA synchronous = FULL",
                Durability::Process => "PRAGMA synchronous = NORMAL",
            };
            self.conn.execute(pragma).await.map_err(fault)?;
            self.durability = Some(durability);
        }
        Ok(())
    }
}

/// A transaction of the writer. Dropped without [`Write::finish`], the next one rolls it back first.
pub(super) struct Write<'a> {
    writer: MappedMutexGuard<'a, Writer>,
}

impl Write<'_> {
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.writer.conn
    }

    /// Commits where the work went well and rolls back where it did not.
    pub(super) async fn finish<T>(mut self, work: Result<T>) -> Result<T> {
        let work = match work {
            Ok(value) => self.writer.conn.execute("COMMIT").await.map(|_| value).map_err(fault),
            Err(error) => Err(error),
        };
        match work {
            Ok(value) => {
                self.writer.open = false;
                Ok(value)
            }
            Err(error) => {
                self.writer.settle().await;
                Err(error)
            }
        }
    }
}

/// The writer without a transaction.
pub(super) struct Alone<'a> {
    writer: MappedMutexGuard<'a, Writer>,
}

impl Alone<'_> {
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.writer.conn
    }
}

/// A connection for reading.
pub(super) enum Read<'a> {
    Pooled(PoolConnection<Sqlite>),
    Shared(MappedMutexGuard<'a, Writer>),
}

impl Read<'_> {
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        match self {
            Read::Pooled(conn) => conn,
            Read::Shared(writer) => &mut writer.conn,
        }
    }
}
