//! Targets made by RPC.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::{fault, is_duplicate};
use crate::codec::{At, to_i64};
use crate::columns;
use crate::compare::compare;
use crate::{Result, StoreError, TargetRecord};

pub(super) async fn create(store: &SqliteStore, target: &TargetRecord) -> Result<()> {
    let mut tx = store.write(Durability::Power).await?;
    let made = sqlx::query(
        "INSERT INTO target (connection, database, default_schema, version_table, version_table_schema, protected,
                             name, created_at, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
    )
    .bind(&target.connection)
    .bind(&target.database)
    .bind(&target.schema)
    .bind(&target.version_table)
    .bind(&target.version_table_schema)
    .bind(target.protected)
    .bind(&target.name)
    .bind(target.created_at)
    .execute(tx.conn())
    .await
    .map(drop)
    .map_err(|e| match is_duplicate(&e) {
        true => StoreError::AlreadyExists { what: what(&target.name) },
        false => fault(e),
    });
    tx.finish(made).await
}

pub(super) async fn get_one(store: &SqliteStore, name: &str) -> Result<Option<TargetRecord>> {
    let row = sqlx::query("SELECT * FROM target WHERE name = ?")
        .bind(name)
        .fetch_optional(store.read().await?.conn())
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::target).transpose()
}

pub(super) async fn list(store: &SqliteStore, after: &str, limit: u32) -> Result<Vec<TargetRecord>> {
    let rows = sqlx::query("SELECT * FROM target WHERE name > ? ORDER BY name LIMIT ?")
        .bind(after)
        .bind(limit)
        .fetch_all(store.read().await?.conn())
        .await
        .map_err(fault)?;
    rows.iter().map(columns::target).collect()
}

pub(super) async fn update(store: &SqliteStore, target: &TargetRecord, expected: u64) -> Result<u64> {
    let mut tx = store.write(Durability::Power).await?;
    let changed = update_in(tx.conn(), target, expected).await;
    tx.finish(changed).await
}

async fn update_in(conn: &mut SqliteConnection, target: &TargetRecord, expected: u64) -> Result<u64> {
    let found = version(conn, &target.name).await?;
    let version = compare(what(&target.name), At("target", "version"), found, expected)?;
    sqlx::query(
        "UPDATE target SET connection = ?, database = ?, default_schema = ?, version_table = ?,
             version_table_schema = ?, protected = ?, version = ? WHERE name = ?",
    )
    .bind(&target.connection)
    .bind(&target.database)
    .bind(&target.schema)
    .bind(&target.version_table)
    .bind(&target.version_table_schema)
    .bind(target.protected)
    .bind(to_i64(version))
    .bind(&target.name)
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(version)
}

pub(super) async fn delete(store: &SqliteStore, name: &str, expected: u64) -> Result<bool> {
    let mut tx = store.write(Durability::Power).await?;
    let deleted = delete_in(tx.conn(), name, expected).await;
    tx.finish(deleted).await
}

async fn delete_in(conn: &mut SqliteConnection, name: &str, expected: u64) -> Result<bool> {
    let found = version(conn, name).await?;
    if found.is_none() {
        return Ok(false);
    }
    compare(what(name), At("target", "version"), found, expected)?;
    sqlx::query("DELETE FROM target WHERE name = ?").bind(name).execute(conn).await.map_err(fault)?;
    Ok(true)
}

async fn version(conn: &mut SqliteConnection, name: &str) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT version FROM target WHERE name = ?")
        .bind(name)
        .fetch_optional(conn)
        .await
        .map_err(fault)
}

fn what(name: &str) -> String {
    format!("target {name}")
}
