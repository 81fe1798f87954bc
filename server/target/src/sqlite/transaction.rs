//! The transaction around a step: its beginning with the version rows, their change, and its end.

use super::error::{self, clean, refused};
use super::query;
use super::session::SqliteSession;
use crate::edge::{Edge, under_way};
use crate::work::Tell;
use crate::{ApplyFault, Outcome, TargetError, Work};
use migrated_core::Code;
use migrated_core::revision::RowChange;
use std::time::{Duration, Instant};

/// Between two tries of a COMMIT that met readers: nothing tells when they are done.
const COMMIT_PAUSE: Duration = Duration::from_millis(10);

/// Begins a transaction that may write at once, and reads the version rows in it; `None` where there is no version
/// table. `first` is text to be run before.
pub(super) async fn begin(
    session: &mut SqliteSession,
    first: &str,
) -> Result<Option<Vec<String>>, ApplyFault> {
    let text = format!("{first}BEGIN IMMEDIATE;{}", session.table.sql.select());
    // BEGIN may wait for another writer, where the progress handler is not asked. A cancel needs not wait with it:
    // nothing has been done, and the connection is given up.
    let interrupt = std::sync::Arc::clone(&session.interrupt);
    let begun = tokio::select! {
        biased;
        begun = query::rows(&mut session.conn, text) => begun,
        () = interrupt.cancelled() => {
            session.broken = true;
            return Err(clean(TargetError::new(Code::Cancelled, "cancelled before the first statement"), false));
        }
    };
    match begun {
        Err(e) if error::is_no_such_table(&e) => Ok(None),
        Err(e) => {
            session.rollback().await;
            let retryable = error::is_busy(&e);
            Err(clean(refused(&e, "beginning a transaction", &session.place), retryable))
        }
        Ok(rows) => match version_rows(session, Ok(rows)) {
            Ok(rows) => Ok(rows),
            Err(fault) => {
                session.rollback().await;
                Err(fault)
            }
        },
    }
}

pub(super) fn version_rows(
    session: &SqliteSession,
    rows: Result<Vec<sqlx::sqlite::SqliteRow>, sqlx::Error>,
) -> Result<Option<Vec<String>>, ApplyFault> {
    match rows.and_then(|rows| query::texts(&rows)) {
        Ok(rows) => Ok(Some(rows)),
        Err(e) if error::is_no_such_table(&e) => Ok(None),
        Err(e) => Err(clean(refused(&e, "reading the version table", &session.place), error::is_busy(&e))),
    }
}

/// The version rows are compared as a whole; a missing table stands for no rows, and is made.
pub(super) async fn compare(
    session: &mut SqliteSession,
    work: &Work,
    rows: Option<Vec<String>>,
) -> Result<(), TargetError> {
    let make = rows.is_none();
    let mut found = rows.unwrap_or_default();
    let mut expected = work.expected_rows.clone();
    found.sort();
    expected.sort();
    if found != expected {
        let list = |rows: &[String]| if rows.is_empty() { "no rows".to_owned() } else { rows.join(", ") };
        return Err(TargetError::new(
            Code::VersionRowsChanged,
            format!(
                "the version table of {} holds {}, but the plan expects {}",
                session.place.shown(),
                list(&found),
                list(&expected)
            ),
        )
        .help("somebody else changed it meanwhile: run again, and a new plan is made"));
    }
    if make {
        let made = query::run(&mut session.conn, session.table.sql.create()).await;
        made.map_err(|e| refused(&e, "creating the version table", &session.place))?;
    }
    Ok(())
}

/// An expression that fails: the smallest number has no absolute value. With it, what has to hold before COMMIT is
/// checked in SQL, where it costs no round trip.
pub(super) const FAILS: &str = "abs(-9223372036854775807 - 1)";

/// The changes of the version rows, each followed by its check, and all rows after them.
pub(super) fn rows_text(session: &SqliteSession, changes: &[RowChange]) -> String {
    let mut text = String::new();
    for change in changes {
        text.push_str(&session.table.sql.change(change));
        text.push_str(&format!(";SELECT CASE changes() WHEN 1 THEN 1 ELSE {FAILS} END;"));
    }
    text.push_str(&session.table.sql.select());
    text
}

/// Why the version rows were not written, where `done` of the statements for them ended well.
pub(super) fn not_written(
    session: &SqliteSession,
    changes: &[RowChange],
    done: usize,
    e: &sqlx::Error,
) -> TargetError {
    let miscounted = e.as_database_error().is_some_and(|e| e.message() == "integer overflow");
    // Two statements for each change.
    match changes.get(done / 2).filter(|_| miscounted) {
        Some(change) => TargetError::new(
            Code::VersionRowsChanged,
            format!("{} did not change exactly one version row", described(change)),
        )
        .help("the revision itself changes the version table: leave that to migrated"),
        None => refused(e, "writing the version rows", &session.place),
    }
}

/// Writes the version rows, checks each count, and reads them back. One round trip.
pub(super) async fn write_rows(
    session: &mut SqliteSession,
    changes: &[RowChange],
) -> Result<Vec<String>, TargetError> {
    let text = rows_text(session, changes);
    let (mut given, failed) = query::batch_until(&mut session.conn, text).await;
    if let Some(e) = failed {
        return Err(not_written(session, changes, given.len(), &e));
    }
    let rows = given.pop().map(|(_, rows)| rows).unwrap_or_default();
    query::texts(&rows).map_err(|e| refused(&e, "writing the version rows", &session.place))
}

/// The same with COMMIT in the same round trip.
pub(super) async fn write_and_commit(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Vec<String>, ApplyFault> {
    if let Err(e) = session.not_cancelled() {
        session.rollback().await;
        return Err(clean(e, false));
    }
    tell.committing(None);
    let text = format!("{};COMMIT", rows_text(session, &work.changes));
    let armed = session.interrupt.arm(false);
    let sent = query::batch_until(&mut session.conn, text);
    let (given, failed) = under_way(tell.edge(Edge::CommitSent), sent).await;
    session.interrupt.arm(armed);
    let reading = work.changes.len() * 2;
    let Some((_, rows)) = given.get(reading) else {
        let e = failed.unwrap_or(sqlx::Error::RowNotFound);
        let error = not_written(session, &work.changes, given.len(), &e);
        session.rollback().await;
        return Err(clean(error, error::is_busy(&e)));
    };
    let rows = query::texts(rows);
    ended(session, failed.map_or(Ok(()), Err)).await?;
    tell.edge(Edge::Committed).await;
    rows.map_err(|e| clean(refused(&e, "reading the version rows", &session.place), false))
}

fn described(change: &RowChange) -> String {
    match change {
        RowChange::Insert(row) => format!("adding {row}"),
        RowChange::Delete(row) => format!("removing {row}"),
        RowChange::Update { from, to } => format!("changing {from} to {to}"),
    }
}

/// COMMIT.
pub(super) async fn end(session: &mut SqliteSession) -> Result<(), ApplyFault> {
    let armed = session.interrupt.arm(false);
    let first = query::run(&mut session.conn, "COMMIT").await;
    session.interrupt.arm(armed);
    ended(session, first).await
}

/// COMMIT of a transaction that a run's edges stand around; `after` is the one behind it.
pub(super) async fn end_told(
    session: &mut SqliteSession,
    after: Edge,
    tell: &dyn Tell,
) -> Result<(), ApplyFault> {
    under_way(tell.edge(Edge::CommitSent), end(session)).await?;
    tell.edge(after).await;
    Ok(())
}

/// What a COMMIT came to. Readers may keep SQLite from it; it then keeps the transaction, and the same COMMIT may be
/// tried again (lang_transaction.html).
pub(super) async fn ended(
    session: &mut SqliteSession,
    mut ended: Result<(), sqlx::Error>,
) -> Result<(), ApplyFault> {
    let armed = session.interrupt.arm(false);
    let began = Instant::now();
    while ended.as_ref().is_err_and(error::is_busy)
        && began.elapsed() < session.lock_timeout
        && !session.interrupt.is_cancelled()
    {
        tokio::time::sleep(COMMIT_PAUSE).await;
        ended = query::run(&mut session.conn, "COMMIT").await;
    }
    session.interrupt.arm(armed);
    let Err(e) = ended else { return Ok(()) };
    session.rollback().await;
    let outcome = if error::is_without_transaction(&e) {
        Outcome::Partial {
            done: 0,
            evidence: "the transaction was ended before its COMMIT, so some statements may have taken effect"
                .into(),
        }
    } else if error::extended_code(&e).is_none() || error::primary_code(&e) == Some(error::primary::IOERR) {
        // The thread or the disk failed: only the file itself can tell.
        session.broken = true;
        Outcome::Unknown { xid: None }
    } else {
        Outcome::Clean
    };
    let code_is_statement = e.as_database_error().is_some_and(|e| e.message().contains("constraint failed"));
    if error::is_stopped_commit(&e) {
        return Err(clean(TargetError::new(Code::Cancelled, "cancelled before COMMIT"), false));
    }
    let mut fault = refused(&e, "committing", &session.place);
    if code_is_statement {
        fault.code = Code::StatementFailed;
    }
    let retryable = error::is_busy(&e) && outcome == Outcome::Clean;
    Err(ApplyFault { error: fault, outcome, retryable })
}
