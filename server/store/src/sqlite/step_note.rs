//! What became of steps, as it is noted while a run goes on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::connection::{Durability, SqliteStore};
use super::fault::fault;
use super::together::{self, Queue, Together};
use crate::codec::{self, At, to_json};
use crate::{Result, StepNote, StepState};

/// Notes on the steps of a run.
#[derive(Clone, Debug)]
pub(super) struct OfRun {
    run: String,
    notes: Vec<StepNote>,
}

/// What the notes on one step come to: run, position, state; when it began anew, for then what was known of its
/// transaction no longer holds; its transaction; when it ended.
#[derive(Serialize)]
struct Row<'a>(&'a str, u32, &'static str, Option<i64>, Option<&'a str>, Option<i64>);

impl<'a> Row<'a> {
    fn of(run: &'a str, note: &'a StepNote) -> Row<'a> {
        let (mut begun, mut ended) = (None, None);
        match note.state {
            StepState::Planned => {}
            StepState::Started => begun = Some(note.at),
            StepState::Done | StepState::Failed => ended = Some(note.at),
        }
        Row(run, note.index, codec::step_state_word(note.state), begun, note.xid.as_deref(), ended)
    }

    /// Both, `self` first.
    fn then(self, later: Row<'a>) -> Row<'a> {
        let xid = if later.3.is_some() { later.4 } else { later.4.or(self.4) };
        Row(later.0, later.1, later.2, later.3.or(self.3), xid, later.5)
    }
}

pub(super) async fn put(store: &SqliteStore, run: &str, notes: &[StepNote]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    together::write(store, OfRun { run: run.to_owned(), notes: notes.to_vec() }).await
}

impl Together for OfRun {
    fn queue(store: &SqliteStore) -> &Queue<OfRun> {
        &store.notes
    }

    async fn write(store: &SqliteStore, all: &[OfRun]) -> Result<Vec<Result<()>>> {
        let rows = to_json(At("step", "state"), &rows(all))?;
        sqlx::query(
            "UPDATE step SET state = n.state, finished_at = n.ended, started_at = coalesce(n.begun, started_at),
                 xid = CASE WHEN n.begun IS NULL THEN coalesce(n.xid, step.xid) ELSE n.xid END
             FROM (SELECT value ->> 0 AS run, value ->> 1 AS position, value ->> 2 AS state, value ->> 3 AS begun,
                          value ->> 4 AS xid, value ->> 5 AS ended FROM json_each(?)) AS n
             WHERE step.run = n.run AND step.position = n.position",
        )
        .bind(rows)
        .execute(store.write_alone(Durability::Process).await?.conn())
        .await
        .map_err(fault)?;
        Ok(all.iter().map(|_| Ok(())).collect())
    }
}

/// One row a step: an UPDATE would take any one of several.
fn rows(all: &[OfRun]) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<(&str, u32), Row<'_>> = BTreeMap::new();
    for OfRun { run, notes } in all {
        for note in notes {
            let row = Row::of(run, note);
            let row = match rows.remove(&(run.as_str(), note.index)) {
                Some(earlier) => earlier.then(row),
                None => row,
            };
            rows.insert((run, note.index), row);
        }
    }
    rows.into_values().collect()
}
