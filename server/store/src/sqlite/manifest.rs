//! Manifests: which bodies a folder consists of.
//!
//! Entries are rows, since the collector and the foreign keys work on rows, but they travel as one value each way:
//! written by one statement from one JSON text, read back as one text of lines that SQLite puts together. Row by
//! row, 10,000 revisions cost several times as much on the way from SQLite's thread to ours.

use std::borrow::Cow;
use std::collections::HashSet;

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use super::project;
use crate::codec::{At, StoredHeader, from_json, hash_from_hex, to_json};
use crate::{Hash, Manifest, ManifestRevision, Result, StoreError};

/// A manifest's use is noted to the hour: a client that comes every second must not cost a write each time.
const USE_GRAIN_MICROS: i64 = 3_600_000_000;

pub(super) async fn put(store: &SqliteStore, project: &str, manifest: &Manifest, at: i64) -> Result<()> {
    let mut tx = store.write(Durability::Power).await?;
    let stored = put_in(tx.conn(), project, manifest, at).await;
    tx.finish(stored).await
}

async fn put_in(conn: &mut SqliteConnection, project: &str, manifest: &Manifest, at: i64) -> Result<()> {
    if touch_in(conn, project, &manifest.digest, at).await? {
        return Ok(());
    }
    let id = sqlx::query("INSERT INTO manifest (project, digest, used_at) VALUES (?, ?, ?)")
        .bind(project)
        .bind(manifest.digest.as_slice())
        .bind(at)
        .execute(&mut *conn)
        .await
        .map_err(|e| match super::fault::is_dangling(&e) {
            true => StoreError::NotFound { what: project::what(project) },
            false => fault(e),
        })?
        .last_insert_rowid();
    let entries: Vec<(&str, String)> =
        manifest.entries.iter().map(|(path, hash)| (path.as_str(), hex::encode(hash))).collect();
    let stored = sqlx::query(
        "INSERT INTO manifest_entry (manifest, position, path, body)
         SELECT ?, entry.key, entry.value ->> 0, body.id
         FROM json_each(?) AS entry CROSS JOIN body ON body.hash = unhex(entry.value ->> 1)",
    )
    .bind(id)
    .bind(to_json(At("manifest_entry", "path"), &entries)?)
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    if usize::try_from(stored.rows_affected()) != Ok(manifest.entries.len()) {
        return Err(StoreError::ManifestIncomplete { missing: count_missing(conn, manifest).await? });
    }
    sqlx::query(
        "INSERT INTO project_revision (project, body, path)
         SELECT ?, body, path FROM manifest_entry WHERE manifest = ?
         ON CONFLICT (project, body) DO UPDATE SET path = excluded.path WHERE path <> excluded.path",
    )
    .bind(project)
    .bind(id)
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn count_missing(conn: &mut SqliteConnection, manifest: &Manifest) -> Result<usize> {
    let wanted: HashSet<Hash> = manifest.entries.iter().map(|(_, hash)| *hash).collect();
    let hashes: Vec<String> = wanted.iter().map(hex::encode).collect();
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM json_each(?) AS asked
         WHERE NOT EXISTS (SELECT 1 FROM body WHERE hash = unhex(asked.value))",
    )
    .bind(to_json(At("body", "hash"), &hashes)?)
    .fetch_one(conn)
    .await
    .map_err(fault)?;
    Ok(usize::try_from(missing).unwrap_or(wanted.len()))
}

pub(super) async fn touch(store: &SqliteStore, project: &str, digest: &Hash, at: i64) -> Result<bool> {
    let used_at: Option<i64> =
        sqlx::query_scalar("SELECT used_at FROM manifest WHERE project = ? AND digest = ?")
            .bind(project)
            .bind(digest.as_slice())
            .fetch_optional(store.read().await?.conn())
            .await
            .map_err(fault)?;
    match used_at {
        None => Ok(false),
        Some(used_at) if at.saturating_sub(used_at) < USE_GRAIN_MICROS => Ok(true),
        Some(_) => {
            let mut tx = store.write(Durability::Process).await?;
            let touched = touch_in(tx.conn(), project, digest, at).await;
            tx.finish(touched).await
        }
    }
}

/// Notes a use of a manifest; `false` where it is not stored.
pub(super) async fn touch_in(
    conn: &mut SqliteConnection,
    project: &str,
    digest: &Hash,
    at: i64,
) -> Result<bool> {
    let done = sqlx::query("UPDATE manifest SET used_at = max(used_at, ?) WHERE project = ? AND digest = ?")
        .bind(at)
        .bind(project)
        .bind(digest.as_slice())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() > 0)
}

/// Whether a manifest is stored.
pub(super) async fn is_stored(conn: &mut SqliteConnection, project: &str, digest: &Hash) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM manifest WHERE project = ? AND digest = ?)")
        .bind(project)
        .bind(digest.as_slice())
        .fetch_one(conn)
        .await
        .map_err(fault)
}

pub(super) async fn get(
    store: &SqliteStore,
    project: &str,
    digest: &Hash,
) -> Result<Option<Vec<ManifestRevision>>> {
    // No row: not known. A row with NULL: an empty folder.
    let lines: Option<Option<String>> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT (SELECT {} FROM manifest_entry AS entry CROSS JOIN body ON body.id = entry.body
                 WHERE entry.manifest = manifest.id)
         FROM manifest WHERE project = ? AND digest = ?",
        lines("entry.position", "entry.path")
    )))
    .bind(project)
    .bind(digest.as_slice())
    .fetch_optional(store.read().await?.conn())
    .await
    .map_err(fault)?;
    lines.map(|lines| revisions(lines.as_deref().unwrap_or_default())).transpose()
}

pub(super) async fn known(
    store: &SqliteStore,
    project: &str,
    ids: &[String],
) -> Result<Vec<ManifestRevision>> {
    let lines = lines("-body.id", "known.path");
    let sql = match ids.is_empty() {
        true => format!(
            "SELECT {lines} FROM project_revision AS known CROSS JOIN body ON body.id = known.body
             WHERE known.project = ?"
        ),
        false => format!(
            "SELECT {lines} FROM body CROSS JOIN project_revision AS known ON known.body = body.id
             WHERE known.project = ? AND body.revision IN (SELECT value FROM json_each(?))"
        ),
    };
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(project);
    let query = if ids.is_empty() { query } else { query.bind(to_json(At("body", "revision"), ids)?) };
    let lines: Option<String> = query.fetch_one(store.read().await?.conn()).await.map_err(fault)?;
    revisions(lines.as_deref().unwrap_or_default())
}

/// The SQL of one text with a line for each revision: `[place, path, hash, header]`. No line end can stand within
/// one, since JSON writes control characters in another way.
fn lines(place: &str, path: &str) -> String {
    format!(
        r#"group_concat('[' || {place} || ',' || json_quote({path}) || ',"' || hex(body.hash) || '",'
                        || body.header || ']', char(10))"#
    )
}

/// Reads those lines, and puts them in the order of their places: letting SQLite sort the text costs half as much
/// again as the whole query, and they nearly always come in order.
fn revisions(lines: &str) -> Result<Vec<ManifestRevision>> {
    let at = At("body", "header");
    let mut placed: Vec<(i64, ManifestRevision)> = Vec::new();
    for line in lines.lines() {
        let (place, path, hash, header): (i64, String, Cow<'_, str>, StoredHeader<'_>) = from_json(at, line)?;
        let hash = hash_from_hex(At("body", "hash"), &hash)?;
        placed.push((place, ManifestRevision { path, hash, header: header.read(at)? }));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, revision)| revision).collect())
}
