//! Brings the store's own schema up to date when it is opened.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};

use super::fault::fault;
use crate::migration::{Migration, embedded};
use crate::{Result, StoreError};

/// In order of version. One that was released never changes.
pub(crate) const MIGRATIONS: &[Migration] = &[
    embedded!("sqlite", 1, "0001", "store", readable_from 1),
    embedded!("sqlite", 2, "0002", "known_schema", readable_from 1),
    embedded!("sqlite", 3, "0003", "share", readable_from 1),
];

/// `migr` in ASCII: tells our files from other applications' (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x6d69_6772;

/// Refuses another application's database. Reads only.
pub(super) async fn check_owner(conn: &mut SqliteConnection) -> Result<()> {
    let (application, tables): (i64, i64) = sqlx::query_as(
        "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id",
    )
    .fetch_one(conn)
    .await
    .map_err(fault)?;
    match (application, tables) {
        (APPLICATION_ID, _) | (0, 0) => Ok(()),
        _ => Err(StoreError::Unavailable("the file is another application's database".to_owned())),
    }
}

/// Applies what is missing, in one transaction under SQLite's write lock.
///
/// A store of a newer release opens as long as its last migrations say that this release can still work with it
/// (they only add); otherwise [`StoreError::TooNew`].
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<()> {
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    // Dropped without a commit, it rolls back: the connection is given up as well in that case.
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
    check_owner(&mut tx).await?;
    let mark = format!("PRAGMA application_id = {APPLICATION_ID}");
    tx.execute(sqlx::AssertSqlSafe(mark)).await.map_err(fault)?;
    tx.execute(
        "CREATE TABLE IF NOT EXISTS store_migration (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL, readable_from INTEGER NOT NULL) STRICT",
    )
    .await
    .map_err(fault)?;
    let (found, readable_from): (i64, i64) = sqlx::query_as(
        "SELECT coalesce(max(version), 0), coalesce(max(readable_from), 0) FROM store_migration",
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(fault)?;
    if readable_from > known {
        return Err(StoreError::TooNew { found, known });
    }
    for migration in MIGRATIONS.iter().filter(|m| m.version > found) {
        tx.execute(sqlx::raw_sql(migration.sql)).await.map_err(fault)?;
        sqlx::query("INSERT INTO store_migration (version, name, readable_from) VALUES (?, ?, ?)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.readable_from)
            .execute(&mut *tx)
            .await
            .map_err(fault)?;
        tracing::info!(version = migration.version, name = migration.name, "revision store migrated");
    }
    tx.commit().await.map_err(fault)
}
