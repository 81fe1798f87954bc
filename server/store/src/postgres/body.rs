//! Bodies: content-addressed files and what was parsed from them.

use std::collections::HashSet;

use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use crate::codec::{At, header_text};
use crate::digest::digest;
use crate::{Body, Hash, Result, StoreError};

/// Bodies that share a transaction: enough to spread the cost of its commit, little enough that an upload does not
/// hold up others for long.
const BATCH_BYTES: usize = 4 << 20;

pub(super) async fn missing(store: &PostgresStore, hashes: &[Hash]) -> Result<Vec<Hash>> {
    let asked: Vec<&[u8]> = hashes.iter().map(Hash::as_slice).collect();
    let places: Vec<i64> = sqlx::query_scalar(
        "SELECT place FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (hash, place)
         WHERE NOT EXISTS (SELECT FROM body WHERE body.hash = asked.hash) ORDER BY place",
    )
    .bind(asked)
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    let mut seen = HashSet::new();
    let places = places.into_iter().filter_map(|place| usize::try_from(place - 1).ok());
    Ok(places.filter_map(|place| hashes.get(place)).filter(|h| seen.insert(**h)).copied().collect())
}

pub(super) async fn put(store: &PostgresStore, bodies: &[Body], at: i64) -> Result<()> {
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
        let mut tx = store.write(Against::Uploads).await?;
        let stored = put_in(tx.conn(), batch, at).await;
        tx.finish(stored).await?;
        rest = later;
    }
    Ok(())
}

async fn put_in(conn: &mut PgConnection, bodies: &[Body], at: i64) -> Result<()> {
    let hashes: Vec<&[u8]> = bodies.iter().map(|body| body.hash.as_slice()).collect();
    let known: Vec<Vec<u8>> = sqlx::query_scalar(
        "UPDATE body SET touched_at = greatest(touched_at, $1) WHERE hash = ANY ($2) RETURNING hash",
    )
    .bind(at)
    .bind(hashes)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let mut seen: HashSet<&[u8]> = known.iter().map(Vec::as_slice).collect();
    let new: Vec<&Body> = bodies.iter().filter(|body| seen.insert(body.hash.as_slice())).collect();
    if new.is_empty() {
        return Ok(());
    }
    let headers =
        new.iter().map(|body| header_text(At("body", "header"), &body.header)).collect::<Result<Vec<_>>>()?;
    sqlx::query(
        "WITH made AS (
             INSERT INTO body (hash, revision, header, touched_at)
             SELECT hash, revision, header, $1
             FROM unnest($2::bytea[], $3::text[], $4::text[]) WITH ORDINALITY
                  AS new (hash, revision, header, place)
             ORDER BY place
             RETURNING id, hash)
         INSERT INTO body_bytes (body, bytes)
         SELECT made.id, new.bytes
         FROM made JOIN unnest($2::bytea[], $5::bytea[]) AS new (hash, bytes) ON new.hash = made.hash",
    )
    .bind(at)
    .bind(new.iter().map(|body| body.hash.as_slice()).collect::<Vec<_>>())
    .bind(new.iter().map(|body| body.header.revision.as_str()).collect::<Vec<_>>())
    .bind(headers)
    .bind(new.iter().map(|body| body.bytes.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
    .map_err(fault)
}

pub(super) async fn get(store: &PostgresStore, hash: &Hash) -> Result<Option<Vec<u8>>> {
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT bytes FROM body_bytes WHERE body = (SELECT id FROM body WHERE hash = $1)")
            .bind(hash.as_slice())
            .fetch_optional(&mut *store.read().await?)
            .await
            .map_err(fault)?;
    match bytes {
        // These bytes are about to be run against somebody's database.
        Some(bytes) if digest(&bytes) != *hash => Err(At("body_bytes", "bytes")
            .corrupt(format_args!("the bytes are not those of the hash {}", hex::encode(hash)))),
        bytes => Ok(bytes),
    }
}
