//! A statement that commits by itself, between its INTENT and its DONE (rule R12).

use super::ahead::announce;
use super::journalled::{MYSQL, Way};
use super::statement::{cancelled, execute, outside};
use super::transaction::{BEGIN, COMMIT, roll_back};
use super::{error, evidence};
use crate::edge::Edge;
use crate::journal::progress;
use crate::patience::Patience;
use crate::stop::{Failure, Stop};
use crate::{JournalRow, JournalState, ObjectRef, ScriptStatement, journal};
use migrated_core::dialect::ObjectKind;

/// A statement that commits by itself, after its INTENT. Its DONE is written with what comes next.
pub(super) async fn alone(
    way: &mut Way<'_>,
    number: u32,
    statement: &ScriptStatement,
    objects: &[ObjectRef],
) -> Result<(), Failure> {
    cancelled(way.session)?;
    let (work, tell) = (way.work, way.tell);
    let text = work.script.sql(statement);
    let before = evidence::definitions(way.session, objects, text, tell).await?;
    let row = match announced(way, number, &before) {
        Some(row) => row,
        None => {
            let row = progress::row(
                work,
                number,
                statement,
                JournalState::Intent,
                before.clone(),
                &way.session.backend,
            );
            intend(way, &row).await?;
            row
        }
    };
    let mut patience = Patience::new(work.retries);
    loop {
        let Err(stop) = execute(way.session, work, number, statement, tell).await else {
            way.progress.one_more();
            way.unrecorded.push(row);
            // DROP DATABASE may take the current one away.
            if objects.iter().any(|object| object.kind == ObjectKind::Database) {
                way.session.database = None;
            }
            // What nobody could tell afterwards is recorded at once.
            if objects.is_empty() {
                flush(way).await?;
            }
            return Ok(());
        };
        if stop.fatal {
            way.progress.lost_in(number);
            return Err(stop.into());
        }
        match evidence::definitions(way.session, objects, text, tell).await {
            Ok(now) => match evidence::left_by_failure(text, &before, &now) {
                None if try_again(&mut patience, way, &stop).await => continue,
                // Without effect, so without a trace.
                None => way.ahead.insert(0, row),
                Some(what) => way.progress.evidence = Some(format!("statement {number}: {what}")),
            },
            Err(_) => {
                way.progress.evidence = Some(format!("what statement {number} left could not be looked up"));
            }
        }
        return Err(stop.into());
    }
}

/// Whether to try again after a stop; if so, after a pause.
pub(super) async fn try_again(patience: &mut Patience, way: &Way<'_>, stop: &Stop) -> bool {
    patience.again(stop, &way.progress, &way.session.canceller.asked, way.tell).await
}

/// The INTENT that was written ahead, where what it says still holds: nothing made its object meanwhile.
fn announced(way: &mut Way<'_>, number: u32, now: &str) -> Option<JournalRow> {
    let row = way.ahead.first().filter(|row| row.statement == number)?;
    match now.lines().next() == Some(row.definitions.as_str()) {
        true => Some(way.ahead.remove(0)),
        false => None,
    }
}

/// Writes the INTENT of the next statement, and of those that can be announced with it.
async fn intend(way: &mut Way<'_>, row: &JournalRow) -> Result<(), Failure> {
    let (table, name) = (way.session.place.journal(), way.session.place.name.clone());
    let mut rows = Vec::new();
    if let Some(first) = way.ahead.first() {
        rows.push(journal::forget_from(MYSQL, &table, &name, first));
        way.ahead.clear();
    }
    let ahead = announce(way, row.statement).await?;
    rows.push(journal::insert(MYSQL, &table, &name, row));
    rows.extend(ahead.iter().map(|row| journal::insert(MYSQL, &table, &name, row)));
    record(way, rows).await?;
    way.ahead = ahead;
    way.tell.edge(Edge::IntentWritten).await;
    Ok(())
}

/// Records DONE of the statements before, where that is still due.
pub(super) async fn flush(way: &mut Way<'_>) -> Result<(), Failure> {
    record(way, Vec::new()).await
}

/// Writes what is due to the journal: DONE of the statements before, and `rows`. One commit.
async fn record(way: &mut Way<'_>, rows: Vec<String>) -> Result<(), Failure> {
    let (table, name) = (way.session.place.journal(), way.session.place.name.clone());
    let done = way.unrecorded.iter().map(|row| journal::done(MYSQL, &table, &name, row));
    let rows: Vec<String> = done.chain(rows).collect();
    let text = match rows.as_slice() {
        [] => return Ok(()),
        [one] => format!("{}{one}", way.session.guard()),
        rows => format!("{}{BEGIN};{};{COMMIT}", way.session.guard(), rows.join(";")),
    };
    match way.session.query(&text, way.tell).await {
        Ok(_) => {
            if !std::mem::take(&mut way.unrecorded).is_empty() {
                way.tell.edge(Edge::DoneWritten).await;
            }
            Ok(())
        }
        Err((_, e)) => {
            let stop = journal_stop(way, &e);
            Err(roll_back(way.session, stop).await.into())
        }
    }
}

/// Another version table's run may drop an empty journal between our look and our first row: then it is as if we
/// had not begun, and the next attempt makes it again.
pub(super) fn journal_stop(way: &mut Way<'_>, error: &sqlx::Error) -> Stop {
    let mut stop = outside(way.session, error, "writing the journal");
    if error::is_missing(error) {
        stop.retryable = true;
        way.progress.journal = false;
    }
    stop
}
