//! Taking away manifests that nobody uses and bodies that nothing refers to.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use crate::Result;
use crate::collecting::{BODIES_AT_ONCE, MANIFESTS_AT_ONCE, PINNING_RUNS, keep};

pub(super) async fn collect(store: &PostgresStore, before: i64) -> Result<(u64, u64)> {
    let (mut manifests, mut bodies) = (0, 0);
    loop {
        let mut tx = store.write(Against::Needs).await?;
        let gone = take_manifests(tx.conn(), before).await;
        match tx.finish(gone).await? {
            0 => break,
            gone => manifests += gone,
        }
    }
    loop {
        let mut tx = store.write(Against::Needs).await?;
        let gone = take_bodies(tx.conn(), before).await;
        match tx.finish(gone).await? {
            0 => return Ok((manifests, bodies)),
            gone => bodies += gone,
        }
    }
}

async fn take_manifests(conn: &mut PgConnection, before: i64) -> Result<u64> {
    let unused: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "WITH pinning AS MATERIALIZED ({PINNING_RUNS})
         SELECT id FROM manifest
         WHERE used_at < $1 AND NOT EXISTS (SELECT FROM published WHERE published.manifest = manifest.id)
           AND NOT EXISTS (SELECT FROM pinning WHERE pinning.project = manifest.project
                               AND pinning.graph = manifest.digest)
         ORDER BY used_at DESC, id DESC"
    )))
    .bind(before)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    if unused.is_empty() {
        return Ok(0);
    }
    let needed = needed_by_applied(conn, &unused).await?;
    let gone: Vec<i64> =
        unused.into_iter().filter(|id| !needed.contains(id)).take(MANIFESTS_AT_ONCE).collect();
    if gone.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query("DELETE FROM manifest WHERE id = ANY ($1)")
        .bind(&gone)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    sqlx::query(
        "DELETE FROM project_revision WHERE NOT EXISTS (
             SELECT FROM manifest_entry AS entry JOIN manifest ON manifest.id = entry.manifest
             WHERE entry.body = project_revision.body AND manifest.project = project_revision.project)",
    )
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(done.rows_affected())
}

async fn take_bodies(conn: &mut PgConnection, before: i64) -> Result<u64> {
    let done = sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM body WHERE id IN (
             SELECT id FROM body
             WHERE touched_at < $1
               AND NOT EXISTS (SELECT FROM manifest_entry WHERE manifest_entry.body = body.id)
               AND hash NOT IN (SELECT body_hash FROM applied)
               AND hash NOT IN (SELECT step.body_hash FROM ({PINNING_RUNS}) AS pinning
                                JOIN step ON step.run = pinning.id WHERE step.body_hash IS NOT NULL)
             LIMIT $2)"
    )))
    .bind(before)
    .bind(BODIES_AT_ONCE)
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(done.rows_affected())
}

/// Of `unused` (last used first), those to keep because a revision that stands applied is in no other manifest of
/// its project: without its manifest, its ancestors could no longer be told, and it could not be downgraded.
async fn needed_by_applied(conn: &mut PgConnection, unused: &[i64]) -> Result<BTreeSet<i64>> {
    let alone: Vec<(i64, i64)> = sqlx::query_as(
        "WITH unused AS MATERIALIZED (SELECT id, age FROM unnest($1::bigint[]) WITH ORDINALITY AS u (id, age)),
              alone AS MATERIALIZED (
                  SELECT DISTINCT applied.project, body.id AS body
                  FROM applied JOIN body ON body.hash = applied.body_hash
                  WHERE NOT EXISTS (
                      SELECT FROM manifest_entry AS entry JOIN manifest ON manifest.id = entry.manifest
                      WHERE entry.body = body.id AND manifest.project = applied.project
                        AND NOT EXISTS (SELECT FROM unused WHERE unused.id = manifest.id)))
         SELECT unused.id, alone.body
         FROM alone
         JOIN manifest_entry AS entry ON entry.body = alone.body
         JOIN manifest ON manifest.id = entry.manifest AND manifest.project = alone.project
         JOIN unused ON unused.id = manifest.id
         ORDER BY unused.age",
    )
    .bind(unused)
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    Ok(keep(&alone))
}
