//! Projects.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::{fault, is_duplicate};
use crate::codec::{At, to_i64};
use crate::columns;
use crate::compare::compare;
use crate::{ProjectRecord, Result, StoreError};

pub(super) async fn create(store: &SqliteStore, project: &ProjectRecord) -> Result<()> {
    let mut tx = store.write(Durability::Power).await?;
    let made =
        sqlx::query("INSERT INTO project (name, description, created_at, version) VALUES (?, ?, ?, 1)")
            .bind(&project.name)
            .bind(&project.description)
            .bind(project.created_at)
            .execute(tx.conn())
            .await
            .map(drop)
            .map_err(|e| match is_duplicate(&e) {
                true => StoreError::AlreadyExists { what: what(&project.name) },
                false => fault(e),
            });
    tx.finish(made).await
}

pub(super) async fn get_one(store: &SqliteStore, name: &str) -> Result<Option<ProjectRecord>> {
    let row = sqlx::query("SELECT name, description, created_at, version FROM project WHERE name = ?")
        .bind(name)
        .fetch_optional(store.read().await?.conn())
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::project).transpose()
}

pub(super) async fn list(store: &SqliteStore, after: &str, limit: u32) -> Result<Vec<ProjectRecord>> {
    let rows = sqlx::query(
        "SELECT name, description, created_at, version FROM project WHERE name > ? ORDER BY name LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(store.read().await?.conn())
    .await
    .map_err(fault)?;
    rows.iter().map(columns::project).collect()
}

pub(super) async fn update(store: &SqliteStore, project: &ProjectRecord, expected: u64) -> Result<u64> {
    let mut tx = store.write(Durability::Power).await?;
    let changed = update_in(tx.conn(), project, expected).await;
    tx.finish(changed).await
}

async fn update_in(conn: &mut SqliteConnection, project: &ProjectRecord, expected: u64) -> Result<u64> {
    let found: Option<i64> = sqlx::query_scalar("SELECT version FROM project WHERE name = ?")
        .bind(&project.name)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    let version = compare(what(&project.name), At("project", "version"), found, expected)?;
    sqlx::query("UPDATE project SET description = ?, version = ? WHERE name = ?")
        .bind(&project.description)
        .bind(to_i64(version))
        .bind(&project.name)
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(version)
}

pub(super) async fn delete(store: &SqliteStore, name: &str) -> Result<bool> {
    let mut tx = store.write(Durability::Power).await?;
    let deleted = delete_in(tx.conn(), name).await;
    tx.finish(deleted).await
}

async fn delete_in(conn: &mut SqliteConnection, name: &str) -> Result<bool> {
    let by: Option<&'static str> = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM published WHERE project = ?1),
                EXISTS (SELECT 1 FROM run WHERE project = ?1),
                EXISTS (SELECT 1 FROM applied WHERE project = ?1)",
    )
    .bind(name)
    .fetch_one(&mut *conn)
    .await
    .map(|used: (bool, bool, bool)| match used {
        (true, _, _) => Some("published revisions"),
        (_, true, _) => Some("runs"),
        (_, _, true) => Some("applied revisions"),
        _ => None,
    })
    .map_err(fault)?;
    if let Some(by) = by {
        return Err(StoreError::InUse { what: what(name), by });
    }
    let done =
        sqlx::query("DELETE FROM project WHERE name = ?").bind(name).execute(conn).await.map_err(fault)?;
    Ok(done.rows_affected() > 0)
}

pub(super) fn what(name: &str) -> String {
    format!("project {name}")
}
