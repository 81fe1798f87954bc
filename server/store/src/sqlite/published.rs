//! The published graph of a project.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use super::{audit, manifest, project};
use crate::codec::{At, to_i64, to_u64};
use crate::columns::Columns;
use crate::{AuditRecord, Hash, Published, Result, StoreError};

pub(super) async fn get(store: &SqliteStore, project: &str) -> Result<Published> {
    let row = sqlx::query(
        "SELECT published.version, manifest.digest
         FROM published JOIN manifest ON manifest.id = published.manifest WHERE published.project = ?",
    )
    .bind(project)
    .fetch_optional(store.read().await?.conn())
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(Published::default()) };
    Ok(Published {
        version: row.count(At("published", "version"))?,
        digest: Some(row.hash(At("manifest", "digest"))?),
    })
}

pub(super) async fn publish(
    store: &SqliteStore,
    project: &str,
    expected: u64,
    digest: &Hash,
    entry: &AuditRecord,
) -> Result<u64> {
    let mut tx = store.write(Durability::Power).await?;
    let published = publish_in(tx.conn(), project, expected, digest, entry).await;
    tx.finish(published).await
}

async fn publish_in(
    conn: &mut SqliteConnection,
    project: &str,
    expected: u64,
    digest: &Hash,
    entry: &AuditRecord,
) -> Result<u64> {
    let found: Option<Option<i64>> = sqlx::query_scalar(
        "SELECT published.version FROM project LEFT JOIN published ON published.project = project.name
         WHERE project.name = ?",
    )
    .bind(project)
    .fetch_optional(&mut *conn)
    .await
    .map_err(fault)?;
    let Some(found) = found else { return Err(StoreError::NotFound { what: project::what(project) }) };
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
         SELECT ?1, ?2, id, ?3 FROM manifest WHERE project = ?1 AND digest = ?4
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
