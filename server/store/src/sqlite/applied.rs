//! What stands applied on which target, and with which content.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::codec::{At, to_json};
use crate::columns;
use crate::{AppliedRecord, Result};

pub(super) async fn list(store: &SqliteStore, target_key: &str) -> Result<Vec<AppliedRecord>> {
    let rows = sqlx::query(
        "SELECT project, revision, token_hash, body_hash, run, applied_at FROM applied
         WHERE target_key = ? ORDER BY revision",
    )
    .bind(target_key)
    .fetch_all(store.read().await?.conn())
    .await
    .map_err(fault)?;
    rows.iter().map(columns::applied).collect()
}

pub(super) async fn record_all(
    store: &SqliteStore,
    target_key: &str,
    put: &[AppliedRecord],
    remove: &[String],
) -> Result<()> {
    let mut tx = store.write(Durability::Power).await?;
    let recorded = record_in(tx.conn(), target_key, put, remove).await;
    tx.finish(recorded).await
}

async fn record_in(
    conn: &mut SqliteConnection,
    target_key: &str,
    put: &[AppliedRecord],
    remove: &[String],
) -> Result<()> {
    // Removal first: what is both removed and put was applied again.
    if !remove.is_empty() {
        sqlx::query(
            "DELETE FROM applied WHERE target_key = ? AND revision IN (SELECT value FROM json_each(?))",
        )
        .bind(target_key)
        .bind(to_json(At("applied", "revision"), remove)?)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    }
    for applied in put {
        sqlx::query(
            "INSERT OR REPLACE INTO applied
                 (target_key, revision, project, token_hash, body_hash, run, applied_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(target_key)
        .bind(&applied.revision)
        .bind(&applied.project)
        .bind(applied.token_hash.as_slice())
        .bind(applied.body_hash.as_slice())
        .bind(&applied.run)
        .bind(applied.at)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    }
    Ok(())
}

pub(super) async fn anywhere(
    store: &SqliteStore,
    project: &str,
    revisions: &[String],
) -> Result<Vec<(String, String)>> {
    sqlx::query_as(
        "SELECT target_key, revision FROM applied
         WHERE project = ? AND revision IN (SELECT value FROM json_each(?)) ORDER BY target_key, revision",
    )
    .bind(project)
    .bind(to_json(At("applied", "revision"), revisions)?)
    .fetch_all(store.read().await?.conn())
    .await
    .map_err(fault)
}
