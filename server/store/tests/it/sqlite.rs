//! What is particular to SQLite, and its run of the contract.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use migrated_store::{SqliteOptions, SqliteStore, Store};

use crate::contract::{Place, contract};

/// A file in a folder of its own.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

#[async_trait]
impl Place for File {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        File { path: folder.path().join("store.db"), _folder: folder }
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.path, SqliteOptions::default()).await.expect("it opens"))
    }
}

contract!(File);
