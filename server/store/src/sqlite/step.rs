//! The steps of a run.

use serde::Serialize;

use super::connection::{Durability, SqliteStore};
use super::fault::{fault, is_dangling};
use super::run;
use crate::codec::{self, At, to_json};
use crate::columns;
use crate::{Result, StepRecord, StoreError};

/// A step as the statement below reads it: by position, which costs less than by name.
#[derive(Serialize)]
struct Row<'a>(
    u32,
    &'a str,
    &'static str,
    Option<String>,
    Option<String>,
    &'static str,
    Option<i64>,
    Option<&'a str>,
    Option<&'a str>,
    Option<i64>,
    Option<i64>,
);

pub(super) async fn put(store: &SqliteStore, run: &str, steps: &[StepRecord]) -> Result<()> {
    let rows: Vec<Row<'_>> = steps
        .iter()
        .map(|step| {
            Row(
                step.index,
                &step.revision,
                codec::direction_word(step.direction),
                step.body_hash.map(hex::encode),
                step.token_hash.map(hex::encode),
                codec::step_state_word(step.state),
                step.backend_pid,
                step.backend_start.as_deref(),
                step.xid.as_deref(),
                step.started_at,
                step.finished_at,
            )
        })
        .collect();
    let rows = to_json(At("step", "run"), &rows)?;
    let mut tx = store.write(Durability::Power).await?;
    let stored = sqlx::query(
        "INSERT OR REPLACE INTO step (run, position, revision, direction, body_hash, token_hash, state,
                                      backend_pid, backend_start, xid, started_at, finished_at)
         SELECT ?, value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), unhex(value ->> 4), value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10
         FROM json_each(?)",
    )
    .bind(run)
    .bind(rows)
    .execute(tx.conn())
    .await
    .map(drop)
    .map_err(|e| match is_dangling(&e) {
        true => StoreError::NotFound { what: run::what(run) },
        false => fault(e),
    });
    tx.finish(stored).await
}

pub(super) async fn list(store: &SqliteStore, run: &str) -> Result<Vec<StepRecord>> {
    let rows = sqlx::query("SELECT * FROM step WHERE run = ? ORDER BY position")
        .bind(run)
        .fetch_all(store.read().await?.conn())
        .await
        .map_err(fault)?;
    rows.iter().map(columns::step).collect()
}
