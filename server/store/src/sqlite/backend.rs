//! Which backend works on which step. Many runs record theirs at once, each before its step may begin; whoever
//! comes while a commit is being synced shares the next one, so that a fleet does not wait for a sync apiece.

use std::sync::{Mutex, PoisonError};

use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use super::run;
use crate::{BackendRecord, Result, StoreError};

/// Those that wait, and whose turn it is to write for all of them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    run: String,
    backend: BackendRecord,
    done: oneshot::Sender<Result<()>>,
}

pub(super) async fn put(store: &SqliteStore, run: &str, backend: &BackendRecord) -> Result<()> {
    loop {
        let (done, outcome) = oneshot::channel();
        let waiting = Waiting { run: run.to_owned(), backend: backend.clone(), done };
        store.backends.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        let turn = store.backends.turn.lock().await;
        let group =
            std::mem::take(&mut *store.backends.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if !group.is_empty() {
            write(store, group).await;
        }
        drop(turn);
        // No answer: the call that wrote for us was dropped in the middle.
        if let Ok(outcome) = outcome.await {
            return outcome;
        }
    }
}

async fn write(store: &SqliteStore, group: Vec<Waiting>) {
    let written = async {
        let mut tx = store.write(Durability::Power).await?;
        let found = put_in(tx.conn(), &group).await;
        tx.finish(found).await
    }
    .await;
    // Nobody may listen any more: who was dropped does not care.
    match written {
        Ok(found) => {
            for (waiting, found) in group.into_iter().zip(found) {
                let missing = || StoreError::NotFound { what: run::what(&waiting.run) };
                let _ = waiting.done.send(found.then_some(()).ok_or_else(missing));
            }
        }
        Err(e) => {
            for waiting in group {
                let _ = waiting.done.send(Err(e.clone()));
            }
        }
    }
}

/// Whether the steps of each were there.
async fn put_in(conn: &mut SqliteConnection, group: &[Waiting]) -> Result<Vec<bool>> {
    let mut found = Vec::with_capacity(group.len());
    for Waiting { run, backend, .. } in group {
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
        found.push(written.rows_affected() > 0);
    }
    Ok(found)
}
