//! What became of steps, as it is noted while a run goes on.

use super::connection::PostgresStore;
use super::fault::fault;
use crate::step_note::{Notes, Row, rows};
use crate::together::{self, Queue, Together};
use crate::{Result, StepNote};

/// Notes on the steps of a run.
#[derive(Clone, Debug)]
pub(super) struct OfRun(Notes);

pub(super) async fn put(store: &PostgresStore, run: &str, notes: &[StepNote]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    together::write(store, OfRun(Notes { run: run.to_owned(), notes: notes.to_vec() })).await
}

impl Together for OfRun {
    type Store = PostgresStore;

    fn queue(store: &PostgresStore) -> &Queue<OfRun> {
        &store.notes
    }

    /// Notes on a run that is another daemon's by now are passed over, like those on steps that are not there: that
    /// daemon finds out for itself what became of them.
    async fn write(store: &PostgresStore, all: &[OfRun]) -> Result<Vec<Result<()>>> {
        let rows: Vec<Row<'_>> = rows(all.iter().map(|one| &one.0));
        let mut alone = store.write_alone().await?;
        sqlx::query(
            "WITH ours AS MATERIALIZED (
                 SELECT id FROM run WHERE id = ANY ($1) AND lease = $7 ORDER BY id FOR NO KEY UPDATE)
             UPDATE step SET state = n.state, finished_at = n.ended,
                 started_at = coalesce(n.begun, step.started_at),
                 xid = CASE WHEN n.begun IS NULL THEN coalesce(n.xid, step.xid) ELSE n.xid END
             FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
                  AS n (run, position, state, begun, xid, ended)
             JOIN ours ON ours.id = n.run
             WHERE step.run = n.run AND step.position = n.position",
        )
        .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| i64::from(row.1)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.3).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.4).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.5).collect::<Vec<_>>())
        .bind(store.lease_id())
        .execute(alone.conn())
        .await
        .map_err(fault)?;
        alone.done();
        Ok(all.iter().map(|_| Ok(())).collect())
    }
}
