//! The audit log.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::columns;
use crate::{AuditRecord, Result};

pub(super) async fn add(store: &SqliteStore, entry: &AuditRecord) -> Result<()> {
    let mut tx = store.write(Durability::Power).await?;
    let added = insert(tx.conn(), entry).await;
    tx.finish(added).await
}

pub(super) async fn insert(conn: &mut SqliteConnection, entry: &AuditRecord) -> Result<()> {
    sqlx::query("INSERT INTO audit (at, actor, action, project, detail) VALUES (?, ?, ?, ?, ?)")
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(&entry.project)
        .bind(&entry.detail)
        .execute(conn)
        .await
        .map(drop)
        .map_err(fault)
}

pub(super) async fn list(store: &SqliteStore, project: &str, limit: u32) -> Result<Vec<AuditRecord>> {
    let rows = sqlx::query(
        "SELECT at, actor, action, project, detail FROM audit WHERE project = ? ORDER BY id DESC LIMIT ?",
    )
    .bind(project)
    .bind(limit)
    .fetch_all(store.read().await?.conn())
    .await
    .map_err(fault)?;
    rows.iter().map(columns::audit).collect()
}
