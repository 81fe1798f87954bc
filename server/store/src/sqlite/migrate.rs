//! Brings the store's own schema up to date when it is opened.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};

use super::fault::fault;
use crate::{Result, StoreError};

/// One step of the store's schema.
struct Migration {
    version: i64,
    name: &'static str,
    /// The oldest release, by the newest migration it knows, that can still work with the store afterwards.
    readable_from: i64,
    sql: &'static str,
}

/// In order of version. One that was released never changes.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "store",
        readable_from: 1,
        sql: include_str!("../../../../migrations/sqlite/0001_store.sql"),
    },
    Migration {
        version: 2,
        name: "known_schema",
        readable_from: 1,
        sql: include_str!("../../../../migrations/sqlite/0002_known_schema.sql"),
    },
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

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn migrations_are_numbered_without_gaps_and_readable_by_the_release_before() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(migration.version).ok(), Some(index + 1));
            assert!(migration.readable_from <= (migration.version - 1).max(1), "{}", migration.name);
        }
    }
}
