//! What engines told of scripts.

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::codec::to_i64;
use crate::digest::digest;
use crate::{Hash, Result};

/// A use within that time of the last one is not written down: who asks often should not write each time.
const SAME_USE: i64 = 60_000_000;

pub(super) async fn get(store: &SqliteStore, key: &Hash, at: i64) -> Result<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>, Vec<u8>, i64)> =
        sqlx::query_as("SELECT told, digest, used_at FROM known_schema WHERE key = ?")
            .bind(key.as_slice())
            .fetch_optional(store.read().await?.conn())
            .await
            .map_err(fault)?;
    // What a fault of the disk has changed is not known: it is asked again, and put in its place.
    let Some((told, _, used_at)) = found.filter(|(told, sum, _)| *sum == digest(told)) else {
        return Ok(None);
    };
    if at.saturating_sub(used_at) > SAME_USE {
        let mut tx = store.write(Durability::Process).await?;
        let used = sqlx::query("UPDATE known_schema SET used_at = max(used_at, ?) WHERE key = ?")
            .bind(at)
            .bind(key.as_slice())
            .execute(tx.conn())
            .await
            .map(drop)
            .map_err(fault);
        tx.finish(used).await?;
    }
    Ok(Some(told))
}

pub(super) async fn put(store: &SqliteStore, key: &Hash, told: &[u8], at: i64, limit: u64) -> Result<()> {
    if told.len() as u64 > limit {
        return Ok(());
    }
    let mut tx = store.write(Durability::Process).await?;
    let done = async {
        let conn = tx.conn();
        let kept = "INSERT OR REPLACE INTO known_schema (key, told, digest, used_at) VALUES (?, ?, ?, ?)";
        sqlx::query(kept)
            .bind(key.as_slice())
            .bind(told)
            .bind(digest(told).as_slice())
            .bind(at)
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
        // From the last used on, up to the limit; what was put just now stands in front of what was used with it.
        let gone = "DELETE FROM known_schema WHERE key IN (SELECT key FROM (SELECT key, sum(length(told)) OVER \
                    (ORDER BY used_at DESC, key = ? DESC, key ROWS UNBOUNDED PRECEDING) AS held FROM known_schema) \
                    WHERE held > ?)";
        sqlx::query(gone).bind(key.as_slice()).bind(to_i64(limit)).execute(&mut *conn).await.map_err(fault)?;
        Ok(())
    }
    .await;
    tx.finish(done).await
}
