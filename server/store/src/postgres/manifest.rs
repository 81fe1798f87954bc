//! Manifests: which bodies a folder consists of.

use std::collections::HashSet;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::connection::{Against, PostgresStore};
use super::fault::{fault, is_dangling};
use super::project;
use crate::codec::{At, StoredHeader, from_json};
use crate::columns::Columns;
use crate::{Hash, Manifest, ManifestRevision, Result, StoreError};

/// A manifest's use is noted to the hour: a client that comes every second must not cost a write each time.
const USE_GRAIN_MICROS: i64 = 3_600_000_000;

pub(super) async fn put(store: &PostgresStore, project: &str, manifest: &Manifest, at: i64) -> Result<()> {
    let mut tx = store.write(Against::Uploads).await?;
    let stored = put_in(tx.conn(), project, manifest, at).await;
    tx.finish(stored).await
}

async fn put_in(conn: &mut PgConnection, project: &str, manifest: &Manifest, at: i64) -> Result<()> {
    if touch_in(conn, project, &manifest.digest, at).await? {
        return Ok(());
    }
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO manifest (project, digest, used_at) VALUES ($1, $2, $3) RETURNING id",
    )
    .bind(project)
    .bind(manifest.digest.as_slice())
    .bind(at)
    .fetch_one(&mut *conn)
    .await
    .map_err(|e| match is_dangling(&e) {
        true => StoreError::NotFound { what: project::what(project) },
        false => fault(e),
    })?;
    let stored = sqlx::query(
        "INSERT INTO manifest_entry (manifest, position, path, body)
         SELECT $1, entry.place - 1, entry.path, body.id
         FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS entry (path, hash, place)
         JOIN body ON body.hash = entry.hash",
    )
    .bind(id)
    .bind(manifest.entries.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>())
    .bind(manifest.entries.iter().map(|(_, hash)| hash.as_slice()).collect::<Vec<_>>())
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    if usize::try_from(stored.rows_affected()) != Ok(manifest.entries.len()) {
        return Err(StoreError::ManifestIncomplete { missing: count_missing(conn, manifest).await? });
    }
    sqlx::query(
        "INSERT INTO project_revision (project, body, path)
         SELECT DISTINCT ON (body) $1, body, path FROM manifest_entry WHERE manifest = $2
         ORDER BY body, position DESC
         ON CONFLICT (project, body) DO UPDATE SET path = excluded.path
             WHERE project_revision.path <> excluded.path",
    )
    .bind(project)
    .bind(id)
    .execute(conn)
    .await
    .map(drop)
    .map_err(fault)
}

async fn count_missing(conn: &mut PgConnection, manifest: &Manifest) -> Result<usize> {
    let wanted: HashSet<&[u8]> = manifest.entries.iter().map(|(_, hash)| hash.as_slice()).collect();
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM unnest($1::bytea[]) AS asked (hash)
         WHERE NOT EXISTS (SELECT FROM body WHERE body.hash = asked.hash)",
    )
    .bind(wanted.iter().copied().collect::<Vec<_>>())
    .fetch_one(conn)
    .await
    .map_err(fault)?;
    Ok(usize::try_from(missing).unwrap_or(wanted.len()))
}

pub(super) async fn touch(store: &PostgresStore, project: &str, digest: &Hash, at: i64) -> Result<bool> {
    let used_at: Option<i64> =
        sqlx::query_scalar("SELECT used_at FROM manifest WHERE project = $1 AND digest = $2")
            .bind(project)
            .bind(digest.as_slice())
            .fetch_optional(&mut *store.read().await?)
            .await
            .map_err(fault)?;
    match used_at {
        None => Ok(false),
        Some(used_at) if at.saturating_sub(used_at) < USE_GRAIN_MICROS => Ok(true),
        Some(_) => {
            let mut tx = store.write(Against::Collecting).await?;
            let touched = touch_in(tx.conn(), project, digest, at).await;
            tx.finish(touched).await
        }
    }
}

/// Notes a use of a manifest; `false` where it is not stored.
pub(super) async fn touch_in(conn: &mut PgConnection, project: &str, digest: &Hash, at: i64) -> Result<bool> {
    let done =
        sqlx::query("UPDATE manifest SET used_at = greatest(used_at, $1) WHERE project = $2 AND digest = $3")
            .bind(at)
            .bind(project)
            .bind(digest.as_slice())
            .execute(conn)
            .await
            .map_err(fault)?;
    Ok(done.rows_affected() > 0)
}

/// Whether a manifest is stored.
pub(super) async fn is_stored(conn: &mut PgConnection, project: &str, digest: &Hash) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM manifest WHERE project = $1 AND digest = $2)")
        .bind(project)
        .bind(digest.as_slice())
        .fetch_one(conn)
        .await
        .map_err(fault)
}

pub(super) async fn get(
    store: &PostgresStore,
    project: &str,
    digest: &Hash,
) -> Result<Option<Vec<ManifestRevision>>> {
    // One snapshot for both: no collection may come in between. An empty folder gives one row of nulls.
    let rows = sqlx::query(
        "SELECT entry.path, body.hash, body.header
         FROM manifest LEFT JOIN manifest_entry AS entry ON entry.manifest = manifest.id
              LEFT JOIN body ON body.id = entry.body
         WHERE manifest.project = $1 AND manifest.digest = $2 ORDER BY entry.position",
    )
    .bind(project)
    .bind(digest.as_slice())
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    let Some(first) = rows.first() else { return Ok(None) };
    if first.text_opt(At("manifest_entry", "path"))?.is_none() {
        return Ok(Some(Vec::new()));
    }
    rows.iter().map(revision).collect::<Result<_>>().map(Some)
}

pub(super) async fn known(
    store: &PostgresStore,
    project: &str,
    ids: &[String],
) -> Result<Vec<ManifestRevision>> {
    let rows = sqlx::query(
        "SELECT known.path, body.hash, body.header
         FROM project_revision AS known JOIN body ON body.id = known.body
         WHERE known.project = $1 AND ($2::text[] IS NULL OR body.revision = ANY ($2)) ORDER BY body.id DESC",
    )
    .bind(project)
    .bind((!ids.is_empty()).then_some(ids))
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(revision).collect()
}

fn revision(row: &PgRow) -> Result<ManifestRevision> {
    let at = At("body", "header");
    let header: StoredHeader<'_> = from_json(at, row.try_get("header").map_err(|e| at.corrupt(e))?)?;
    Ok(ManifestRevision {
        path: row.text(At("manifest_entry", "path"))?,
        hash: row.hash(At("body", "hash"))?,
        header: header.read(at)?,
    })
}
