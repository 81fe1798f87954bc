//! The steps of a run.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use super::connection::{Durability, SqliteStore};
use super::fault::{fault, is_dangling};
use super::row::{get, get_hash_opt, get_u32};
use super::run;
use crate::codec::{self, At, to_json};
use crate::{Result, StepNote, StepRecord, StepState, StoreError};

/// A step as the statement below reads it: by position, which costs less than by name.
#[derive(Serialize)]
struct Row<'a>(
    u32,
    &'a str,
    &'static str,
    Option<String>,
    Option<String>,
    &'static str,
    Option<i64>,
    Option<&'a str>,
    Option<&'a str>,
    Option<i64>,
    Option<i64>,
);

pub(super) async fn put(store: &SqliteStore, run: &str, steps: &[StepRecord]) -> Result<()> {
    let rows: Vec<Row<'_>> = steps
        .iter()
        .map(|step| {
            Row(
                step.index,
                &step.revision,
                codec::direction_word(step.direction),
                step.body_hash.map(hex::encode),
                step.token_hash.map(hex::encode),
                codec::step_state_word(step.state),
                step.backend_pid,
                step.backend_start.as_deref(),
                step.xid.as_deref(),
                step.started_at,
                step.finished_at,
            )
        })
        .collect();
    let rows = to_json(At("step", "run"), &rows)?;
    let mut tx = store.write(Durability::Power).await?;
    let stored = sqlx::query(
        "INSERT OR REPLACE INTO step (run, position, revision, direction, body_hash, token_hash, state,
                                      backend_pid, backend_start, xid, started_at, finished_at)
         SELECT ?, value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), unhex(value ->> 4), value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10
         FROM json_each(?)",
    )
    .bind(run)
    .bind(rows)
    .execute(tx.conn())
    .await
    .map(drop)
    .map_err(|e| match is_dangling(&e) {
        true => StoreError::NotFound { what: run::what(run) },
        false => fault(e),
    });
    tx.finish(stored).await
}

/// What the notes on one step come to.
#[derive(Serialize)]
struct NoteRow<'a> {
    position: u32,
    state: &'static str,
    /// The step began anew: what was known of its transaction no longer holds.
    begun: Option<i64>,
    xid: Option<&'a str>,
    ended: Option<i64>,
}

impl<'a> NoteRow<'a> {
    fn of(note: &'a StepNote) -> NoteRow<'a> {
        let (mut begun, mut ended) = (None, None);
        match note.state {
            StepState::Planned => {}
            StepState::Started => begun = Some(note.at),
            StepState::Done | StepState::Failed => ended = Some(note.at),
        }
        let state = codec::step_state_word(note.state);
        NoteRow { position: note.index, state, begun, xid: note.xid.as_deref(), ended }
    }

    /// Both, `self` first.
    fn then(self, later: NoteRow<'a>) -> NoteRow<'a> {
        let begun = later.begun.or(self.begun);
        let xid = if later.begun.is_some() { later.xid } else { later.xid.or(self.xid) };
        NoteRow { begun, xid, ..later }
    }
}

pub(super) async fn note(store: &SqliteStore, run: &str, notes: &[StepNote]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<u32, NoteRow<'_>> = BTreeMap::new();
    for note in notes {
        let row = match rows.remove(&note.index) {
            Some(earlier) => earlier.then(NoteRow::of(note)),
            None => NoteRow::of(note),
        };
        rows.insert(note.index, row);
    }
    let rows: Vec<NoteRow<'_>> = rows.into_values().collect();
    let rows = to_json(At("step", "state"), &rows)?;
    sqlx::query(
        "UPDATE step SET state = n.state, finished_at = n.ended, started_at = coalesce(n.begun, started_at),
             xid = CASE WHEN n.begun IS NULL THEN coalesce(n.xid, step.xid) ELSE n.xid END
         FROM (SELECT value ->> 'position' AS position, value ->> 'state' AS state, value ->> 'begun' AS begun,
                      value ->> 'xid' AS xid, value ->> 'ended' AS ended FROM json_each(?)) AS n
         WHERE step.run = ? AND step.position = n.position",
    )
    .bind(rows)
    .bind(run)
    .execute(store.write_alone(Durability::Process).await?.conn())
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn list(store: &SqliteStore, run: &str) -> Result<Vec<StepRecord>> {
    let rows = sqlx::query("SELECT * FROM step WHERE run = ? ORDER BY position")
        .bind(run)
        .fetch_all(store.read().await?.conn())
        .await
        .map_err(fault)?;
    rows.iter().map(record).collect()
}

fn record(row: &SqliteRow) -> Result<StepRecord> {
    let at = |column| At("step", column);
    Ok(StepRecord {
        index: get_u32(row, at("position"))?,
        revision: get(row, at("revision"))?,
        direction: codec::direction(at("direction"), get(row, at("direction"))?)?,
        body_hash: get_hash_opt(row, at("body_hash"))?,
        token_hash: get_hash_opt(row, at("token_hash"))?,
        state: codec::step_state(at("state"), get(row, at("state"))?)?,
        backend_pid: get(row, at("backend_pid"))?,
        backend_start: get(row, at("backend_start"))?,
        xid: get(row, at("xid"))?,
        started_at: get(row, at("started_at"))?,
        finished_at: get(row, at("finished_at"))?,
    })
}
