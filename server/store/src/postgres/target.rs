//! Targets made by RPC.

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::{fault, is_duplicate};
use crate::codec::{At, to_i64};
use crate::columns;
use crate::compare::compare;
use crate::{Result, StoreError, TargetRecord};

// Named one by one: a statement that was prepared with `*` fails once another release adds a column.
macro_rules! selected {
    ($rest:literal) => {
        concat!(
            "SELECT name, connection, database, default_schema, version_table, version_table_schema, protected, \
             created_at, version FROM target ",
            $rest
        )
    };
}

pub(super) async fn create(store: &PostgresStore, target: &TargetRecord) -> Result<()> {
    let mut tx = store.write(Against::Nobody).await?;
    let made = sqlx::query(
        "INSERT INTO target (connection, database, default_schema, version_table, version_table_schema, protected,
                             name, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
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

pub(super) async fn get_one(store: &PostgresStore, name: &str) -> Result<Option<TargetRecord>> {
    let row = sqlx::query(selected!("WHERE name = $1"))
        .bind(name)
        .fetch_optional(&mut *store.read().await?)
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::target).transpose()
}

pub(super) async fn list(store: &PostgresStore, after: &str, limit: u32) -> Result<Vec<TargetRecord>> {
    let rows = sqlx::query(selected!("WHERE name > $1 ORDER BY name LIMIT $2"))
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&mut *store.read().await?)
        .await
        .map_err(fault)?;
    rows.iter().map(columns::target).collect()
}

pub(super) async fn update(store: &PostgresStore, target: &TargetRecord, expected: u64) -> Result<u64> {
    let mut tx = store.write(Against::Nobody).await?;
    let changed = update_in(tx.conn(), target, expected).await;
    tx.finish(changed).await
}

async fn update_in(conn: &mut PgConnection, target: &TargetRecord, expected: u64) -> Result<u64> {
    let found = version(conn, &target.name).await?;
    let version = compare(what(&target.name), At("target", "version"), found, expected)?;
    sqlx::query(
        "UPDATE target SET connection = $1, database = $2, default_schema = $3, version_table = $4,
             version_table_schema = $5, protected = $6, version = $7 WHERE name = $8",
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

pub(super) async fn delete(store: &PostgresStore, name: &str, expected: u64) -> Result<bool> {
    let mut tx = store.write(Against::Nobody).await?;
    let deleted = delete_in(tx.conn(), name, expected).await;
    tx.finish(deleted).await
}

async fn delete_in(conn: &mut PgConnection, name: &str, expected: u64) -> Result<bool> {
    let found = version(conn, name).await?;
    if found.is_none() {
        return Ok(false);
    }
    compare(what(name), At("target", "version"), found, expected)?;
    sqlx::query("DELETE FROM target WHERE name = $1").bind(name).execute(conn).await.map_err(fault)?;
    Ok(true)
}

async fn version(conn: &mut PgConnection, name: &str) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT version FROM target WHERE name = $1 FOR UPDATE")
        .bind(name)
        .fetch_optional(conn)
        .await
        .map_err(fault)
}

fn what(name: &str) -> String {
    format!("target {name}")
}
