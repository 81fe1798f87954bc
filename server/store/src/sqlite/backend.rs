//! Which backend works on which step.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use super::run;
use crate::together::{self, Queue, Together};
use crate::{BackendRecord, Result, StoreError};

/// A backend to be recorded for a run.
#[derive(Clone, Debug)]
pub(super) struct OfRun {
    run: String,
    backend: BackendRecord,
}

pub(super) async fn put(store: &SqliteStore, run: &str, backend: &BackendRecord) -> Result<()> {
    together::write(store, OfRun { run: run.to_owned(), backend: backend.clone() }).await
}

impl Together for OfRun {
    type Store = SqliteStore;

    fn queue(store: &SqliteStore) -> &Queue<OfRun> {
        &store.backends
    }

    async fn write(store: &SqliteStore, all: &[OfRun]) -> Result<Vec<Result<()>>> {
        let mut tx = store.write(Durability::Power).await?;
        let outcomes = write_in(tx.conn(), all).await;
        tx.finish(outcomes).await
    }
}

async fn write_in(conn: &mut SqliteConnection, all: &[OfRun]) -> Result<Vec<Result<()>>> {
    let mut outcomes = Vec::with_capacity(all.len());
    for OfRun { run, backend } in all {
        let written = sqlx::query(
            "UPDATE step SET backend_pid = ?, backend_start = ? WHERE run = ? AND position BETWEEN ? AND ?",
        )
        .bind(backend.pid)
        .bind(&backend.start)
        .bind(run)
        .bind(backend.first)
        .bind(backend.last)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
        outcomes.push(match written.rows_affected() {
            0 => Err(StoreError::NotFound { what: run::what(run) }),
            _ => Ok(()),
        });
    }
    Ok(outcomes)
}
