//! Which backend works on which step, and which one holds the migration lock.

use std::collections::HashSet;

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use super::run;
use crate::event_log::no_run;
use crate::together::{self, Queue, Together};
use crate::{BackendRecord, Result};

/// A backend to be recorded for a run.
#[derive(Clone, Debug)]
pub(super) struct OfRun {
    run: String,
    backend: BackendRecord,
}

pub(super) async fn put(store: &PostgresStore, run: &str, backend: &BackendRecord) -> Result<()> {
    together::write(store, OfRun { run: run.to_owned(), backend: backend.clone() }).await
}

impl Together for OfRun {
    type Store = PostgresStore;

    fn queue(store: &PostgresStore) -> &Queue<OfRun> {
        &store.backends
    }

    async fn write(store: &PostgresStore, all: &[OfRun]) -> Result<Vec<Result<()>>> {
        let lease = store.lease_id();
        let mut tx = store.write(Against::Nobody).await?;
        let outcomes = write_in(tx.conn(), all, &lease).await;
        tx.finish(outcomes).await
    }
}

async fn write_in(conn: &mut PgConnection, all: &[OfRun], lease: &str) -> Result<Vec<Result<()>>> {
    let runs: HashSet<&str> = all.iter().map(|one| one.run.as_str()).collect();
    // In one order for everybody, so that two daemons cannot wait for each other.
    let ours: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM run WHERE id = ANY ($1) AND lease = $2 ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(runs.into_iter().collect::<Vec<_>>())
    .bind(lease)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let written: Vec<(String, i64)> = sqlx::query_as(
        "UPDATE step SET backend_pid = b.pid, backend_start = b.start
         FROM (SELECT DISTINCT ON (n.run, s.position) n.run, s.position, n.pid, n.start
               FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) WITH ORDINALITY
                    AS n (run, first, last, pid, start, place)
               JOIN step AS s ON s.run = n.run AND s.position BETWEEN n.first AND n.last
               WHERE n.run = ANY ($6)
               ORDER BY n.run, s.position, n.place DESC) AS b
         WHERE step.run = b.run AND step.position = b.position
         RETURNING step.run, step.position",
    )
    .bind(all.iter().map(|one| one.run.as_str()).collect::<Vec<_>>())
    .bind(all.iter().map(|one| i64::from(one.backend.first)).collect::<Vec<_>>())
    .bind(all.iter().map(|one| i64::from(one.backend.last)).collect::<Vec<_>>())
    .bind(all.iter().map(|one| one.backend.pid).collect::<Vec<_>>())
    .bind(all.iter().map(|one| one.backend.start.as_str()).collect::<Vec<_>>())
    .bind(&ours)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let written: HashSet<(&str, i64)> = written.iter().map(|(run, at)| (run.as_str(), *at)).collect();
    let mut outcomes = Vec::with_capacity(all.len());
    for OfRun { run, backend } in all {
        outcomes.push(match written.contains(&(run.as_str(), i64::from(backend.first))) {
            true => Ok(()),
            false if ours.contains(run) => Err(no_run(run)),
            false => Err(run::why_not(conn, run).await?),
        });
    }
    Ok(outcomes)
}

/// Records which session in the target holds the migration lock for a run.
pub(super) async fn put_lock(store: &PostgresStore, run: &str, pid: i64, start: &str) -> Result<()> {
    let mut alone = store.write_alone().await?;
    let written = sqlx::query("UPDATE run SET lock_pid = $3, lock_start = $4 WHERE id = $1 AND lease = $2")
        .bind(run)
        .bind(store.lease_id())
        .bind(pid)
        .bind(start)
        .execute(alone.conn())
        .await
        .map_err(fault)?;
    if written.rows_affected() == 0 {
        return Err(run::why_not(alone.conn(), run).await?);
    }
    alone.done();
    Ok(())
}
