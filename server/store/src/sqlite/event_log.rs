//! The event log of a run. A row holds a whole group, as it was appended: a group costs one insert, and a
//! thousand events that were told fifty at a time are twenty rows to read.

use migrated_core::event::Event;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use crate::codec::{At, from_json, to_i64, to_json, to_u64};
use crate::event_log::{EVENTS, PRUNE_RUNS, dense, no_run, out_of_turn};
use crate::{Result, StoreError};

pub(super) async fn append(store: &SqliteStore, run: &str, events: &[Event]) -> Result<()> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
    dense(run, events)?;
    let text = to_json(EVENTS, events)?;
    let mut writer = store.write_alone(Durability::Process).await?;
    // One statement compares and sets; only where it sets nothing a second one asks why.
    let appended = sqlx::query(
        "INSERT INTO event (run, last_seq, first_seq, events)
         SELECT id, ?, ?, ? FROM run WHERE id = ? AND ? =
             coalesce((SELECT max(last_seq) FROM event WHERE event.run = run.id), events_pruned) + 1",
    )
    .bind(to_i64(last.seq))
    .bind(to_i64(first.seq))
    .bind(text)
    .bind(run)
    .bind(to_i64(first.seq))
    .execute(writer.conn())
    .await
    .map_err(fault)?;
    match appended.rows_affected() {
        0 => Err(why_not(writer.conn(), run, first.seq).await?),
        _ => Ok(()),
    }
}

/// Why a group that begins with `first` was not appended.
async fn why_not(conn: &mut SqliteConnection, run: &str, first: u64) -> Result<StoreError> {
    let stored: Option<i64> = sqlx::query_scalar(
        "SELECT coalesce((SELECT max(last_seq) FROM event WHERE event.run = run.id), events_pruned)
         FROM run WHERE id = ?",
    )
    .bind(run)
    .fetch_optional(conn)
    .await
    .map_err(fault)?;
    let Some(stored) = stored else { return Ok(no_run(run)) };
    Ok(out_of_turn(run, first, to_u64(At("event", "last_seq"), stored)?))
}

pub(super) async fn list(store: &SqliteStore, run: &str, after: u64, limit: u32) -> Result<Vec<Event>> {
    let mut read = store.read().await?;
    // The events first and the mark of pruning second: were it the other way round, events could be pruned in
    // between and a gap handed out as if nothing were missing.
    let mut events = Vec::new();
    let mut last = after;
    let limit = limit as usize;
    while events.len() < limit {
        let rows = sqlx::query(
            "SELECT events FROM event WHERE run = ? AND last_seq > ? AND first_seq <= ? ORDER BY last_seq LIMIT 64",
        )
        .bind(run)
        .bind(to_i64(last))
        .bind(to_i64(after.saturating_add(limit as u64)))
        .fetch_all(read.conn())
        .await
        .map_err(fault)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let group: Vec<Event> = from_json(EVENTS, row.try_get("events").map_err(|e| EVENTS.corrupt(e))?)?;
            last = group.last().map_or(last, |event| event.seq);
            events.extend(group.into_iter().filter(|event| event.seq > after));
            if events.len() >= limit {
                break;
            }
        }
    }
    events.truncate(limit);
    let pruned: Option<i64> = sqlx::query_scalar("SELECT events_pruned FROM run WHERE id = ?")
        .bind(run)
        .fetch_optional(read.conn())
        .await
        .map_err(fault)?;
    let Some(pruned) = pruned else { return Err(no_run(run)) };
    let pruned = to_u64(At("run", "events_pruned"), pruned)?;
    if after < pruned {
        return Err(StoreError::EventsPruned { first: pruned + 1 });
    }
    Ok(events)
}

pub(super) async fn prune(store: &SqliteStore, before: i64) -> Result<u64> {
    let mut total = 0;
    loop {
        let mut tx = store.write(Durability::Power).await?;
        let pruned = prune_some(tx.conn(), before).await;
        match tx.finish(pruned).await? {
            0 => return Ok(total),
            events => total += events,
        }
    }
}

async fn prune_some(conn: &mut SqliteConnection, before: i64) -> Result<u64> {
    let runs: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM run WHERE finished_at < ? AND state NOT IN ('QUEUED', 'LOCKING', 'RUNNING')
             AND EXISTS (SELECT 1 FROM event WHERE event.run = run.id) LIMIT ?",
    )
    .bind(before)
    .bind(PRUNE_RUNS)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let runs = to_json(At("run", "id"), &runs)?;
    let events: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM event
         WHERE run IN (SELECT value FROM json_each(?))",
    )
    .bind(&runs)
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    sqlx::query(
        "UPDATE run SET events_pruned = (SELECT max(last_seq) FROM event WHERE event.run = run.id)
         WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(&runs)
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    sqlx::query("DELETE FROM event WHERE run IN (SELECT value FROM json_each(?))")
        .bind(&runs)
        .execute(conn)
        .await
        .map_err(fault)?;
    to_u64(At("event", "last_seq"), events)
}
