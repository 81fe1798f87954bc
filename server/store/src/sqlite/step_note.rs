//! What became of steps, as it is noted while a run goes on.

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::codec::{At, to_json};
use crate::step_note::{Notes, rows};
use crate::together::{self, Queue, Together};
use crate::{Result, StepNote};

/// Notes on the steps of a run.
#[derive(Clone, Debug)]
pub(super) struct OfRun(Notes);

pub(super) async fn put(store: &SqliteStore, run: &str, notes: &[StepNote]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    together::write(store, OfRun(Notes { run: run.to_owned(), notes: notes.to_vec() })).await
}

impl Together for OfRun {
    type Store = SqliteStore;

    fn queue(store: &SqliteStore) -> &Queue<OfRun> {
        &store.notes
    }

    async fn write(store: &SqliteStore, all: &[OfRun]) -> Result<Vec<Result<()>>> {
        let rows = to_json(At("step", "state"), &rows(all.iter().map(|one| &one.0)))?;
        sqlx::query(
            "UPDATE step SET state = n.state, finished_at = n.ended, started_at = coalesce(n.begun, started_at),
                 xid = CASE WHEN n.begun IS NULL THEN coalesce(n.xid, step.xid) ELSE n.xid END
             FROM (SELECT value ->> 0 AS run, value ->> 1 AS position, value ->> 2 AS state, value ->> 3 AS begun,
                          value ->> 4 AS xid, value ->> 5 AS ended FROM json_each(?)) AS n
             WHERE step.run = n.run AND step.position = n.position",
        )
        .bind(rows)
        .execute(store.write_alone(Durability::Process).await?.conn())
        .await
        .map_err(fault)?;
        Ok(all.iter().map(|_| Ok(())).collect())
    }
}
