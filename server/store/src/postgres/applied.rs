//! What stands applied on which target, and with which content.

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use crate::columns;
use crate::{AppliedRecord, Result};

pub(super) async fn list(store: &PostgresStore, target_key: &str) -> Result<Vec<AppliedRecord>> {
    let rows = sqlx::query(
        "SELECT project, revision, token_hash, body_hash, run, applied_at FROM applied
         WHERE target_key = $1 ORDER BY revision",
    )
    .bind(target_key)
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(columns::applied).collect()
}

pub(super) async fn record_all(
    store: &PostgresStore,
    target_key: &str,
    put: &[AppliedRecord],
    remove: &[String],
) -> Result<()> {
    let mut tx = store.write(Against::Collecting).await?;
    let recorded = record_in(tx.conn(), target_key, put, remove).await;
    tx.finish(recorded).await
}

async fn record_in(
    conn: &mut PgConnection,
    target_key: &str,
    put: &[AppliedRecord],
    remove: &[String],
) -> Result<()> {
    // Two daemons that record the same target at once would otherwise lock its rows in another order each.
    sqlx::query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))")
        .bind(target_key)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    // Removal first: what is both removed and put was applied again.
    if !remove.is_empty() {
        sqlx::query("DELETE FROM applied WHERE target_key = $1 AND revision = ANY ($2)")
            .bind(target_key)
            .bind(remove)
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    // One row a revision, the last: an INSERT that meets a row twice is refused.
    let mut last: Vec<&AppliedRecord> = put.iter().collect();
    last.reverse();
    let mut seen = std::collections::HashSet::new();
    last.retain(|one| seen.insert(one.revision.as_str()));
    if last.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO applied (target_key, revision, project, token_hash, body_hash, run, applied_at)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::bigint[])
         ON CONFLICT (target_key, revision) DO UPDATE SET project = excluded.project,
             token_hash = excluded.token_hash, body_hash = excluded.body_hash, run = excluded.run,
             applied_at = excluded.applied_at",
    )
    .bind(target_key)
    .bind(last.iter().map(|one| one.revision.as_str()).collect::<Vec<_>>())
    .bind(last.iter().map(|one| one.project.as_str()).collect::<Vec<_>>())
    .bind(last.iter().map(|one| one.token_hash.as_slice()).collect::<Vec<_>>())
    .bind(last.iter().map(|one| one.body_hash.as_slice()).collect::<Vec<_>>())
    .bind(last.iter().map(|one| one.run.as_str()).collect::<Vec<_>>())
    .bind(last.iter().map(|one| one.at).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
    .map_err(fault)
}

pub(super) async fn anywhere(
    store: &PostgresStore,
    project: &str,
    revisions: &[String],
) -> Result<Vec<(String, String)>> {
    sqlx::query_as(
        "SELECT target_key, revision FROM applied
         WHERE project = $1 AND revision = ANY ($2) ORDER BY target_key, revision",
    )
    .bind(project)
    .bind(revisions)
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)
}
