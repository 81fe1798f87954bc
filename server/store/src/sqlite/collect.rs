//! Taking away manifests that nobody uses and bodies that nothing refers to.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::Result;

/// Runs whose pin counts: those under way, and those that left something to be resolved until a later run on the
/// same target succeeded.
const PINNING_RUNS: &str = "SELECT run.id, run.project, run.graph FROM run
     WHERE run.state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
       AND NOT (run.state IN ('PARTIAL', 'UNKNOWN')
                AND EXISTS (SELECT 1 FROM run AS later WHERE later.target_key = run.target_key
                                AND later.id > run.id AND later.state = 'SUCCEEDED'))";

pub(super) async fn collect(store: &SqliteStore, before: i64) -> Result<(u64, u64)> {
    let mut tx = store.write(Durability::Power).await?;
    let collected = collect_in(tx.conn(), before).await;
    tx.finish(collected).await
}

async fn collect_in(conn: &mut SqliteConnection, before: i64) -> Result<(u64, u64)> {
    let unused: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "WITH pinning AS ({PINNING_RUNS})
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
    let mut gone: BTreeSet<i64> = unused.iter().copied().collect();
    for manifest in needed_by_applied(conn, &unused).await? {
        gone.remove(&manifest);
    }
    for manifest in &gone {
        sqlx::query("DELETE FROM manifest WHERE id = ?")
            .bind(manifest)
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    if !gone.is_empty() {
        sqlx::query(
            "DELETE FROM project_revision WHERE NOT EXISTS (
                 SELECT 1 FROM manifest_entry AS entry JOIN manifest ON manifest.id = entry.manifest
                 WHERE entry.body = project_revision.body AND manifest.project = project_revision.project)",
        )
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    }
    let bodies = sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM body
         WHERE touched_at < ?
           AND NOT EXISTS (SELECT 1 FROM manifest_entry WHERE manifest_entry.body = body.id)
           AND hash NOT IN (SELECT body_hash FROM applied)
           AND hash NOT IN (SELECT step.body_hash FROM ({PINNING_RUNS}) AS pinning
                            JOIN step ON step.run = pinning.id WHERE step.body_hash IS NOT NULL)"
    )))
    .bind(before)
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok((gone.len() as u64, bodies.rows_affected()))
}

/// Of `unused` (last used first), those to keep because a revision that stands applied is in no other manifest of
/// its project: without its manifest, its ancestors could no longer be told, and it could not be downgraded.
async fn needed_by_applied(conn: &mut SqliteConnection, unused: &[i64]) -> Result<Vec<i64>> {
    let unused_json = serde_json::Value::from(unused.to_vec()).to_string();
    let alone: Vec<(i64, i64)> = sqlx::query_as(
        "WITH unused AS MATERIALIZED (SELECT value AS id, key AS age FROM json_each(?)),
              wanted AS MATERIALIZED (
                  SELECT DISTINCT applied.project, body.id AS body
                  FROM applied JOIN body ON body.hash = applied.body_hash)
         SELECT unused.id, wanted.body
         FROM wanted
         JOIN manifest_entry AS entry ON entry.body = wanted.body
         JOIN manifest ON manifest.id = entry.manifest AND manifest.project = wanted.project
         JOIN unused ON unused.id = manifest.id
         WHERE NOT EXISTS (
             SELECT 1 FROM manifest_entry AS other JOIN manifest AS kept ON kept.id = other.manifest
             WHERE other.body = wanted.body AND kept.project = wanted.project
               AND kept.id NOT IN (SELECT id FROM unused))
         ORDER BY unused.age",
    )
    .bind(unused_json)
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    let mut covered: BTreeSet<i64> = BTreeSet::new();
    let mut keep = Vec::new();
    for group in alone.chunk_by(|a, b| a.0 == b.0) {
        let before = covered.len();
        covered.extend(group.iter().map(|(_, body)| body));
        if covered.len() > before {
            keep.push(group[0].0);
        }
    }
    Ok(keep)
}
