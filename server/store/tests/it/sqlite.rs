//! What is particular to SQLite, and its run of the contract.

mod crash;
mod file;
mod full;
mod memory;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use migrated_store::{SqliteOptions, SqliteStore, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::contract::{Place, contract};

/// A file in a folder of its own.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

#[async_trait]
impl Place for File {
    async fn new() -> Option<Self> {
        Some(File::made())
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.path, SqliteOptions::default()).await.expect("it opens"))
    }
}

impl File {
    fn made() -> File {
        let folder = tempfile::tempdir().expect("a temporary folder");
        File { path: folder.path().join("store.db"), _folder: folder }
    }

    /// Runs statements on the file behind the store's back.
    async fn tamper(&self, sql: &'static str) {
        let mut conn: SqliteConnection = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .connect()
            .await
            .expect("opens");
        sqlx::raw_sql(sql).execute(&mut conn).await.expect("runs");
        conn.close().await.expect("closes");
    }

    /// What SQLite itself finds wrong with the file: `ok` where nothing is.
    async fn integrity(&self) -> String {
        let mut conn: SqliteConnection =
            SqliteConnectOptions::new().filename(&self.path).connect().await.expect("opens");
        let dangling: Vec<sqlx::sqlite::SqliteRow> =
            sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut conn).await.expect("runs");
        assert!(dangling.is_empty(), "{} dangling references", dangling.len());
        let found = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut conn).await.expect("runs");
        conn.close().await.expect("closes");
        found
    }
}

contract!(File);
