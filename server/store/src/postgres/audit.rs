//! The audit log.

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use crate::columns;
use crate::{AuditRecord, Result};

pub(super) async fn add(store: &PostgresStore, entry: &AuditRecord) -> Result<()> {
    let mut tx = store.write(Against::Nobody).await?;
    let added = insert(tx.conn(), entry).await;
    tx.finish(added).await
}

pub(super) async fn insert(conn: &mut PgConnection, entry: &AuditRecord) -> Result<()> {
    sqlx::query("INSERT INTO audit (at, actor, action, project, detail) VALUES ($1, $2, $3, $4, $5)")
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

pub(super) async fn list(store: &PostgresStore, project: &str, limit: u32) -> Result<Vec<AuditRecord>> {
    let rows = sqlx::query(
        "SELECT at, actor, action, project, detail FROM audit WHERE project = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(project)
    .bind(i64::from(limit))
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(columns::audit).collect()
}
