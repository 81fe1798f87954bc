//! The steps of a run.

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use super::run;
use crate::codec;
use crate::columns;
use crate::{Result, StepRecord};

pub(super) async fn put(store: &PostgresStore, run: &str, steps: &[StepRecord]) -> Result<()> {
    let lease = store.lease_id();
    let mut tx = store.write(Against::Collecting).await?;
    let stored = put_in(tx.conn(), run, steps, &lease).await;
    tx.finish(stored).await
}

async fn put_in(conn: &mut PgConnection, run: &str, steps: &[StepRecord], lease: &str) -> Result<()> {
    // The row of the run is what a takeover waits for, and what waits for a takeover.
    let ours: Option<String> =
        sqlx::query_scalar("SELECT id FROM run WHERE id = $1 AND lease = $2 FOR NO KEY UPDATE")
            .bind(run)
            .bind(lease)
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    if ours.is_none() {
        return Err(run::why_not(conn, run).await?);
    }
    sqlx::query(
        "INSERT INTO step (run, position, revision, direction, body_hash, token_hash, state, backend_pid,
                           backend_start, xid, started_at, finished_at)
         SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[],
                                             $8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::bigint[])
         ON CONFLICT (run, position) DO UPDATE SET revision = excluded.revision, direction = excluded.direction,
             body_hash = excluded.body_hash, token_hash = excluded.token_hash, state = excluded.state,
             backend_pid = excluded.backend_pid, backend_start = excluded.backend_start, xid = excluded.xid,
             started_at = excluded.started_at, finished_at = excluded.finished_at",
    )
    .bind(run)
    .bind(steps.iter().map(|s| i64::from(s.index)).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.revision.as_str()).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| codec::direction_word(s.direction)).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.body_hash.as_ref().map(|h| h.as_slice())).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.token_hash.as_ref().map(|h| h.as_slice())).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| codec::step_state_word(s.state)).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.backend_pid).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.backend_start.as_deref()).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.xid.as_deref()).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.started_at).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.finished_at).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
    .map_err(fault)
}

pub(super) async fn list(store: &PostgresStore, run: &str) -> Result<Vec<StepRecord>> {
    let rows = sqlx::query(
        "SELECT position, revision, direction, body_hash, token_hash, state, backend_pid, backend_start, xid,
                started_at, finished_at
         FROM step WHERE run = $1 ORDER BY position",
    )
    .bind(run)
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(columns::step).collect()
}
