//! The event log of a run. A row holds a whole group, as it was appended.

use migrated_core::event::Event;
use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::{fault, is_duplicate};
use super::lease::not_owner;
use crate::codec::{At, from_json, to_i64, to_json, to_u64};
use crate::event_log::{EVENTS, PRUNE_RUNS, dense, no_run, out_of_turn, what};
use crate::{Result, StoreError};

pub(super) async fn append(store: &PostgresStore, run: &str, events: &[Event]) -> Result<()> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
    dense(run, events)?;
    let lease = store.lease_id();
    let mut alone = store.write_alone().await?;
    // One statement compares and sets; only where it sets nothing a second one asks why. Of two that see the same end
    // of the log, the second finds the first number taken.
    let appended = sqlx::query(
        "INSERT INTO event (run, last_seq, first_seq, events)
         SELECT id, $2, $3, $4 FROM run WHERE id = $1 AND lease = $5 AND $3 =
             coalesce((SELECT max(last_seq) FROM event WHERE event.run = run.id), events_pruned) + 1
         FOR KEY SHARE OF run",
    )
    .bind(run)
    .bind(to_i64(last.seq))
    .bind(to_i64(first.seq))
    .bind(to_json(EVENTS, events)?)
    .bind(&lease)
    .execute(alone.conn())
    .await;
    let appended = match appended {
        Ok(done) => done.rows_affected() > 0,
        Err(e) if is_duplicate(&e) => false,
        Err(e) => return Err(fault(e)),
    };
    if !appended {
        return Err(why_not(alone.conn(), run, first.seq, &lease).await?);
    }
    alone.done();
    store.telling.run(run);
    Ok(())
}

/// Why a group that begins with `first` was not appended.
async fn why_not(conn: &mut PgConnection, run: &str, first: u64, lease: &str) -> Result<StoreError> {
    let stored: Option<(i64, bool)> = sqlx::query_as(
        "SELECT coalesce((SELECT max(last_seq) FROM event WHERE event.run = run.id), events_pruned), lease = $2
         FROM run WHERE id = $1",
    )
    .bind(run)
    .bind(lease)
    .fetch_optional(conn)
    .await
    .map_err(fault)?;
    Ok(match stored {
        None => no_run(run),
        Some((_, false)) => not_owner(what(run)),
        Some((stored, true)) => out_of_turn(run, first, to_u64(At("event", "last_seq"), stored)?),
    })
}

pub(super) async fn list(store: &PostgresStore, run: &str, after: u64, limit: u32) -> Result<Vec<Event>> {
    let mut conn = store.read().await?;
    // The events first and the mark of pruning second: were it the other way round, events could be pruned in
    // between and a gap handed out as if nothing were missing.
    let mut events = Vec::new();
    let mut last = after;
    let limit = limit as usize;
    while events.len() < limit {
        let rows = sqlx::query(
            "SELECT events FROM event WHERE run = $1 AND last_seq > $2 AND first_seq <= $3
             ORDER BY last_seq LIMIT 64",
        )
        .bind(run)
        .bind(to_i64(last))
        .bind(to_i64(after.saturating_add(limit as u64)))
        .fetch_all(&mut *conn)
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
        if rows.len() < 64 {
            break;
        }
    }
    events.truncate(limit);
    let pruned: Option<i64> = sqlx::query_scalar("SELECT events_pruned FROM run WHERE id = $1")
        .bind(run)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    let Some(pruned) = pruned else { return Err(no_run(run)) };
    let pruned = to_u64(At("run", "events_pruned"), pruned)?;
    if after < pruned {
        return Err(StoreError::EventsPruned { first: pruned + 1 });
    }
    Ok(events)
}

pub(super) async fn prune(store: &PostgresStore, before: i64) -> Result<u64> {
    let mut total = 0;
    loop {
        let mut tx = store.write(Against::Nobody).await?;
        let pruned = prune_some(tx.conn(), before).await;
        match tx.finish(pruned).await? {
            0 => return Ok(total),
            events => total += events,
        }
    }
}

async fn prune_some(conn: &mut PgConnection, before: i64) -> Result<u64> {
    // Runs that another daemon prunes at the same time are its own to prune.
    let runs: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM run WHERE finished_at < $1 AND state NOT IN ('QUEUED', 'LOCKING', 'RUNNING')
             AND EXISTS (SELECT FROM event WHERE event.run = run.id)
         ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(before)
    .bind(PRUNE_RUNS)
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    sqlx::query(
        "UPDATE run SET events_pruned = (SELECT max(last_seq) FROM event WHERE event.run = run.id)
         WHERE id = ANY ($1) AND EXISTS (SELECT FROM event WHERE event.run = run.id)",
    )
    .bind(&runs)
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    let events: i64 = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM event USING run
                       WHERE event.run = ANY ($1) AND run.id = event.run AND event.last_seq <= run.events_pruned
                       RETURNING event.last_seq - event.first_seq + 1 AS events)
         SELECT coalesce(sum(events), 0)::bigint FROM gone",
    )
    .bind(&runs)
    .fetch_one(conn)
    .await
    .map_err(fault)?;
    to_u64(At("event", "last_seq"), events)
}
