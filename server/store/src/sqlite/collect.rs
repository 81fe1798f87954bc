//! Taking away manifests that nobody uses and bodies that nothing refers to.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::Result;
use crate::codec::{At, to_json};
use crate::collecting::{BODIES_AT_ONCE, MANIFESTS_AT_ONCE, PINNING_RUNS, keep};

pub(super) async fn collect(store: &SqliteStore, before: i64) -> Result<(u64, u64)> {
    let (mut manifests, mut bodies) = (0, 0);
    loop {
        let mut tx = store.write(Durability::Power).await?;
        let gone = take_manifests(tx.conn(), before).await;
        match tx.finish(gone).await? {
            0 => break,
            gone => manifests += gone,
        }
    }
    loop {
        let mut tx = store.write(Durability::Power).await?;
        let gone = take_bodies(tx.conn(), before).await;
        match tx.finish(gone).await? {
            0 => return Ok((manifests, bodies)),
            gone => bodies += gone,
        }
    }
}

async fn take_manifests(conn: &mut SqliteConnection, before: i64) -> Result<u64> {
    let unused: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "WITH pinning AS MATERIALIZED ({PINNING_RUNS})
         SELECT id FROM manifest
         WHERE used_at < ? AND id NOT IN (SELECT manifest FROM published)
           AND NOT EXISTS (SELECT 1 FROM pinning WHERE pinning.project = manifest.project
                               AND pinning.graph = manifest.digest)
         ORDER BY used_at DESC, id DESC"
    )))
    .bind(before)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let needed = needed_by_applied(conn, &unused).await?;
    let gone: Vec<i64> =
        unused.into_iter().filter(|id| !needed.contains(id)).take(MANIFESTS_AT_ONCE).collect();
    if gone.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query("DELETE FROM manifest WHERE id IN (SELECT value FROM json_each(?))")
        .bind(to_json(At("manifest", "id"), &gone)?)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    sqlx::query(
        "DELETE FROM project_revision WHERE NOT EXISTS (
             SELECT 1 FROM manifest_entry AS entry CROSS JOIN manifest ON manifest.id = entry.manifest
             WHERE entry.body = project_revision.body AND manifest.project = project_revision.project)",
    )
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(done.rows_affected())
}

async fn take_bodies(conn: &mut SqliteConnection, before: i64) -> Result<u64> {
    let done = sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM body WHERE id IN (
             SELECT id FROM body
             WHERE touched_at < ?
               AND NOT EXISTS (SELECT 1 FROM manifest_entry WHERE manifest_entry.body = body.id)
               AND hash NOT IN (SELECT body_hash FROM applied)
               AND hash NOT IN (SELECT step.body_hash FROM ({PINNING_RUNS}) AS pinning
                                CROSS JOIN step ON step.run = pinning.id WHERE step.body_hash IS NOT NULL)
             LIMIT ?)"
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
async fn needed_by_applied(conn: &mut SqliteConnection, unused: &[i64]) -> Result<BTreeSet<i64>> {
    let alone: Vec<(i64, i64)> = sqlx::query_as(
        "WITH unused AS MATERIALIZED (SELECT value AS id, key AS age FROM json_each(?)),
              alone AS MATERIALIZED (
                  SELECT DISTINCT applied.project, body.id AS body
                  FROM applied CROSS JOIN body ON body.hash = applied.body_hash
                  WHERE NOT EXISTS (
                      SELECT 1 FROM manifest_entry AS entry CROSS JOIN manifest ON manifest.id = entry.manifest
                      WHERE entry.body = body.id AND manifest.project = applied.project
                        AND manifest.id NOT IN (SELECT id FROM unused)))
         SELECT unused.id, alone.body
         FROM alone
         CROSS JOIN manifest_entry AS entry ON entry.body = alone.body
         CROSS JOIN manifest ON manifest.id = entry.manifest AND manifest.project = alone.project
         CROSS JOIN unused ON unused.id = manifest.id
         ORDER BY unused.age",
    )
    .bind(to_json(At("manifest", "id"), unused)?)
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    Ok(keep(&alone))
}
