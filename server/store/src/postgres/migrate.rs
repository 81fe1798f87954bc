//! Brings the store's own schema up to date when a daemon opens it: whoever comes first does it, the others wait.

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection, Executor};

use super::connection::quoted;
use super::fault::fault;
use crate::migration::{Migration, embedded};
use crate::{Result, StoreError};

/// In order of version. One that was released never changes.
pub(crate) const MIGRATIONS: &[Migration] = &[
    embedded!("postgres", 1, "0001", "store", readable_from 1),
    embedded!("postgres", 2, "0002", "known_schema", readable_from 1),
    embedded!("postgres", 3, "0003", "share", readable_from 1),
];

/// The key of the advisory lock under which the schema changes; its second half is hashed from the schema's name.
const KEY: i32 = 0x6d69_6773;

/// How long another daemon's migration is waited for, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);

/// Applies what is missing, in one transaction under a lock of the schema's own. The lock is tried again and again
/// rather than waited for: a daemon that waits in the database could not be told to stop.
///
/// A store of a newer release opens as long as its last migrations say that this release can still work with it
/// (they only add); otherwise [`StoreError::TooNew`].
pub(super) async fn migrate(pool: &PgPool, schema: &str) -> Result<()> {
    let mut conn = pool.acquire().await.map_err(fault)?;
    let encoding: String = sqlx::query_scalar("SELECT pg_catalog.current_setting('server_encoding')")
        .fetch_one(&mut *conn)
        .await
        .map_err(fault)?;
    if encoding != "UTF8" {
        let told = format!("its database is encoded in {encoding}; make one WITH ENCODING 'UTF8'");
        return Err(StoreError::Unavailable(told));
    }
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    if let Some((found, readable_from)) = standing(&mut conn, schema).await? {
        if readable_from > known {
            return Err(StoreError::TooNew { found, known });
        }
        if found >= known {
            return Ok(());
        }
    }
    let looks = PATIENCE.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        // Dropped without a commit, it rolls back.
        let mut tx = conn.begin().await.map_err(fault)?;
        let ours: bool =
            sqlx::query_scalar("SELECT pg_catalog.pg_try_advisory_xact_lock($1, pg_catalog.hashtext($2))")
                .bind(KEY)
                .bind(schema)
                .fetch_one(&mut *tx)
                .await
                .map_err(fault)?;
        if ours {
            bring_up(&mut tx, schema, known).await?;
            return tx.commit().await.map_err(fault);
        }
        tx.rollback().await.map_err(fault)?;
        tokio::time::sleep(LOOK).await;
    }
    Err(StoreError::Unavailable(format!(
        "another daemon has been changing its schema for {} s",
        PATIENCE.as_secs()
    )))
}

/// The newest migration in the store, and the oldest release that can work with it; `None` where there is no store.
async fn standing(conn: &mut PgConnection, schema: &str) -> Result<Option<(i64, i64)>> {
    // Asked of the catalog's rows: to_regclass answers from this session's cache, which still lacks what another daemon
    // made a moment ago.
    let there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = 'store_migration')",
    )
    .bind(schema)
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    if !there {
        return Ok(None);
    }
    let table = format!("{}.store_migration", quoted(schema));
    let sql = format!("SELECT coalesce(max(version), 0), coalesce(max(readable_from), 0) FROM {table}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(conn).await.map(Some).map_err(fault)
}

async fn bring_up(conn: &mut PgConnection, schema: &str, known: i64) -> Result<()> {
    let found = match standing(conn, schema).await? {
        Some((found, readable_from)) if readable_from > known => {
            return Err(StoreError::TooNew { found, known });
        }
        Some((found, _)) => found,
        None => {
            make(conn, schema).await?;
            0
        }
    };
    // DDL on a store that others work with must not wait behind them for ever, nor keep them waiting.
    conn.execute("SET LOCAL lock_timeout TO '5s'; SET LOCAL statement_timeout TO 0").await.map_err(fault)?;
    for migration in MIGRATIONS.iter().filter(|m| m.version > found) {
        conn.execute(sqlx::raw_sql(migration.sql)).await.map_err(fault)?;
        sqlx::query("INSERT INTO store_migration (version, name, readable_from) VALUES ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.readable_from)
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
        tracing::info!(version = migration.version, name = migration.name, "revision store migrated");
    }
    Ok(())
}

/// Makes the schema where it is missing, and the table that tells a store from anything else.
async fn make(conn: &mut PgConnection, schema: &str) -> Result<()> {
    let (there, used): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1),
                EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1)",
    )
    .bind(schema)
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    if used {
        let told =
            format!("the schema {} holds something else; name another one (store.schema)", quoted(schema));
        return Err(StoreError::Unavailable(told));
    }
    if !there {
        let sql = format!("CREATE SCHEMA {}", quoted(schema));
        conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.map_err(fault)?;
    }
    conn.execute(
        "CREATE TABLE store_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, readable_from BIGINT NOT NULL)",
    )
    .await
    .map(drop)
    .map_err(fault)
}
