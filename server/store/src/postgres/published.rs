//! The published graph of a project.

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use super::{audit, manifest, project};
use crate::codec::{At, to_i64, to_u64};
use crate::columns::Columns;
use crate::{AuditRecord, Hash, Published, Result, StoreError};

pub(super) async fn get(store: &PostgresStore, project: &str) -> Result<Published> {
    let row = sqlx::query(
        "SELECT published.version, manifest.digest
         FROM published JOIN manifest ON manifest.id = published.manifest WHERE published.project = $1",
    )
    .bind(project)
    .fetch_optional(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(Published::default()) };
    Ok(Published {
        version: row.count(At("published", "version"))?,
        digest: Some(row.hash(At("manifest", "digest"))?),
    })
}

pub(super) async fn publish(
    store: &PostgresStore,
    project: &str,
    expected: u64,
    digest: &Hash,
    entry: &AuditRecord,
) -> Result<u64> {
    let mut tx = store.write(Against::Collecting).await?;
    let published = publish_in(tx.conn(), project, expected, digest, entry).await;
    tx.finish(published).await
}

async fn publish_in(
    conn: &mut PgConnection,
    project: &str,
    expected: u64,
    digest: &Hash,
    entry: &AuditRecord,
) -> Result<u64> {
    // The row of the project is what publishers wait for each other at; what is published is read after that.
    let there: Option<i64> =
        sqlx::query_scalar("SELECT version FROM project WHERE name = $1 FOR NO KEY UPDATE")
            .bind(project)
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    if there.is_none() {
        return Err(StoreError::NotFound { what: project::what(project) });
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT version FROM published WHERE project = $1")
        .bind(project)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    let found = to_u64(At("published", "version"), found.unwrap_or(0))?;
    if found != expected {
        return Err(StoreError::Conflict {
            what: format!("the published graph of {}", project::what(project)),
            expected,
            found,
        });
    }
    if !manifest::touch_in(conn, project, digest, entry.at).await? {
        return Err(StoreError::ManifestUnknown { digest: hex::encode(digest) });
    }
    sqlx::query(
        "INSERT INTO published (project, version, manifest, published_at)
         SELECT $1, $2, id, $3 FROM manifest WHERE project = $1 AND digest = $4
         ON CONFLICT (project) DO UPDATE SET version = excluded.version, manifest = excluded.manifest,
             published_at = excluded.published_at",
    )
    .bind(project)
    .bind(to_i64(found + 1))
    .bind(entry.at)
    .bind(digest.as_slice())
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    audit::insert(conn, entry).await?;
    Ok(found + 1)
}
