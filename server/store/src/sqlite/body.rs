//! Bodies: content-addressed files and what was parsed from them.

use std::collections::HashSet;

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::codec::{At, from_json, header_text, to_json};
use crate::digest::digest;
use crate::{Body, Hash, Result, StoreError};

/// Bodies that share a transaction: enough to spread the cost of its sync, little enough that an upload does not
/// hold up the writer for long.
const BATCH_BYTES: usize = 4 << 20;

pub(super) async fn missing(store: &SqliteStore, hashes: &[Hash]) -> Result<Vec<Hash>> {
    let at = At("body", "hash");
    // One statement and one row each way: asking hash by hash costs a round trip to SQLite's thread each.
    let places: String = sqlx::query_scalar(
        "SELECT json_group_array(asked.key) FROM json_each(?) AS asked
         WHERE NOT EXISTS (SELECT 1 FROM body WHERE hash = unhex(asked.value))",
    )
    .bind(to_json(at, &hashes.iter().map(hex::encode).collect::<Vec<_>>())?)
    .fetch_one(store.read().await?.conn())
    .await
    .map_err(fault)?;
    let mut seen = HashSet::new();
    let places: Vec<usize> = from_json(at, &places)?;
    Ok(places
        .into_iter()
        .filter_map(|place| hashes.get(place))
        .filter(|h| seen.insert(**h))
        .copied()
        .collect())
}

pub(super) async fn put(store: &SqliteStore, bodies: &[Body], at: i64) -> Result<()> {
    if let Some(wrong) = bodies.iter().find(|body| digest(&body.bytes) != body.hash) {
        return Err(StoreError::BodyMismatch { hash: hex::encode(wrong.hash) });
    }
    let mut rest = bodies;
    while !rest.is_empty() {
        let mut bytes = 0;
        let more = rest.iter().take_while(|body| {
            let room = bytes < BATCH_BYTES;
            bytes += body.bytes.len();
            room
        });
        let (batch, later) = rest.split_at(more.count());
        let mut tx = store.write(Durability::Power).await?;
        let stored = put_in(tx.conn(), batch, at).await;
        tx.finish(stored).await?;
        rest = later;
    }
    Ok(())
}

async fn put_in(conn: &mut SqliteConnection, bodies: &[Body], at: i64) -> Result<()> {
    for body in bodies {
        let there = sqlx::query("UPDATE body SET touched_at = max(touched_at, ?) WHERE hash = ?")
            .bind(at)
            .bind(body.hash.as_slice())
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
        if there.rows_affected() > 0 {
            continue;
        }
        let id = sqlx::query("INSERT INTO body (hash, revision, header, touched_at) VALUES (?, ?, ?, ?)")
            .bind(body.hash.as_slice())
            .bind(&body.header.revision)
            .bind(header_text(At("body", "header"), &body.header)?)
            .bind(at)
            .execute(&mut *conn)
            .await
            .map_err(fault)?
            .last_insert_rowid();
        sqlx::query("INSERT INTO body_bytes (body, bytes) VALUES (?, ?)")
            .bind(id)
            .bind(body.bytes.as_slice())
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

pub(super) async fn get(store: &SqliteStore, hash: &Hash) -> Result<Option<Vec<u8>>> {
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT bytes FROM body_bytes WHERE body = (SELECT id FROM body WHERE hash = ?)")
            .bind(hash.as_slice())
            .fetch_optional(store.read().await?.conn())
            .await
            .map_err(fault)?;
    match bytes {
        // These bytes are about to be run against somebody's database.
        Some(bytes) if digest(&bytes) != *hash => Err(At("body_bytes", "bytes")
            .corrupt(format_args!("the bytes are not those of the hash {}", hex::encode(hash)))),
        bytes => Ok(bytes),
    }
}
