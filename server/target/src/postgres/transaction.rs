//! The transaction around a step: its beginning with the comparison of the version rows, its end with their change,
//! and what is left where it does not get there (rules R9 and R11).

use super::error;
use super::keys;
use super::session::PostgresSession;
use super::session::notice;
use super::statement::{cancelled, outside};
use super::version_table;
use super::wire::{Answer, WireError};
use crate::edge::{Edge, under_way};
use crate::stop::Stop;
use crate::version_table::{after, compare, one_row};
use crate::{ApplyFault, Outcome, TargetError, Tell, Work};
use migrated_core::Code;
use tokio_postgres::error::DbError;

/// When the current transaction began, in microseconds: no other transaction of this session has the same.
pub(super) const STARTED: &str = "(extract(epoch FROM pg_catalog.now())*1000000)::bigint";

/// What a revision may have changed about who we are; both go back to what they were after connecting.
pub(super) const OURSELVES: &str = "RESET SESSION AUTHORIZATION;RESET ROLE;";

/// For the rest of the transaction, undoes a SET ROLE of the revision: the journal is ours.
pub(super) const AS_OURSELVES: &str = "SET LOCAL SESSION AUTHORIZATION DEFAULT;SELECT pg_catalog.set_config('role',\
    coalesce((SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name='role'),'none'),true);";

pub(super) const XID: &str = "pg_catalog.pg_current_xact_id_if_assigned()::text";

/// A query that fails (22012) outside of the transaction that began at `started`.
pub(super) fn guard(started: &str) -> String {
    format!("SELECT 1/({STARTED}={started})::int")
}

/// Begins, locks and compares the version rows. Gives the transaction's start.
pub(super) async fn begin(
    session: &mut PostgresSession,
    work: &Work,
    before: &str,
    tell: &dyn Tell,
) -> Result<String, Stop> {
    cancelled(session)?;
    let text = format!(
        "{before}{}SELECT {STARTED},pg_catalog.pg_current_xact_id()::text;{}",
        keys::take_in_transaction(session),
        version_table::select_locked(&session.place, &work.expected_rows)
    );
    let answers = match session.wire.query(&text, &mut |message| tell.event(notice(&message))).await {
        Ok(answers) => answers,
        Err((_, e)) => {
            return Err(reading_rows(session, work, &e));
        }
    };
    let rows = version_table::rows(answers.last());
    compare(&rows, &work.expected_rows).map_err(Stop::refused)?;
    // LOCK, where it stands in between, answers without a row.
    let Some(ours) = answers.iter().rev().skip(1).find(|a| a.first(0).is_some()) else {
        return Err(Stop::refused(TargetError::new(
            Code::Internal,
            "the server does not tell of our transaction",
        )));
    };
    // Locking the rows needs an id anyway. Known this early, it is recorded while the statements run.
    tell.transaction(ours.first(1).unwrap_or_default());
    tell.edge(Edge::Compared).await;
    Ok(ours.first(0).unwrap_or_default().to_owned())
}

/// The stop for version rows that cannot be read: a table that is gone holds none of the rows that are expected.
pub(super) fn reading_rows(session: &PostgresSession, work: &Work, error: &WireError) -> Stop {
    if let Some(stop) = keys::refused(error) {
        return stop;
    }
    let table = session.place.qualified();
    let mut stop = outside(error, &format!("reading the rows of {table}"));
    if error.db().is_some_and(|db| db.code().code() == "42P01") {
        let gone = compare(&[], &work.expected_rows)
            .err()
            .unwrap_or_else(|| TargetError::new(Code::VersionRowsChanged, format!("{table} is gone")));
        stop.error = TargetError { sql: stop.error.sql, ..gone };
    }
    stop
}

/// Begins a transaction and nothing else. Gives its start.
pub(super) async fn begin_bare(session: &mut PostgresSession) -> Result<String, Stop> {
    cancelled(session)?;
    let answers = match session.wire.query(&format!("BEGIN;SELECT {STARTED}"), &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(outside(&e, "beginning a transaction")),
    };
    Ok(answers.last().and_then(|a| a.first(0)).unwrap_or_default().to_owned())
}

/// Executes `text` of ours inside of the transaction that began at `started`, and nowhere else.
pub(super) async fn inside(
    session: &mut PostgresSession,
    started: &str,
    text: &str,
    doing: &str,
) -> Result<(), Stop> {
    let text = format!("{};{AS_OURSELVES}{}{text}", guard(started), keys::held(session));
    match session.wire.query(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err((before, e)) => Err(stopped_inside(&before, &e, doing)),
    }
}

/// The stop for a failed text that began with [`guard`].
pub(super) fn stopped_inside(before: &[Answer], error: &WireError, doing: &str) -> Stop {
    if let Some(stop) = keys::refused(error) {
        return stop;
    }
    let mut stop = outside(error, doing);
    if before.is_empty() && error.db().is_some_and(|db| db.code().code() == "22012") {
        stop.error = escaped_error();
        stop.escaped = true;
        stop.retryable = false;
    }
    stop
}

/// Writes the version rows and checks each row count. `also` is sent with them. Gives the transaction's id.
pub(super) async fn write_rows(
    session: &mut PostgresSession,
    work: &Work,
    started: &str,
    also: &str,
    tell: &dyn Tell,
) -> Result<Option<String>, Stop> {
    cancelled(session)?;
    let mut text = format!("{};{OURSELVES}{}{also}", guard(started), keys::held(session));
    for change in &work.changes {
        text.push_str(&version_table::edit(&session.place, change));
        text.push(';');
    }
    text.push_str(&version_table::select(&session.place));
    text.push_str(&format!(";SELECT {XID}"));
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((before, e)) => {
            let mut stop = stopped_inside(&before, &e, &format!("writing {}", session.place.qualified()));
            if e.db().is_some_and(|db| db.code().code() == "23505") {
                stop.error.code = Code::VersionRowsChanged;
            }
            return Err(stop);
        }
    };
    let [edits @ .., rows, xid] = answers.as_slice() else {
        return Err(Stop::refused(TargetError::new(
            Code::Internal,
            "the server answered less than it was asked",
        )));
    };
    let edits = &edits[edits.len().saturating_sub(work.changes.len())..];
    for (change, answer) in work.changes.iter().zip(edits) {
        one_row(change, answer.affected).map_err(Stop::refused)?;
    }
    let expected = after(&work.expected_rows, &work.changes);
    compare(&version_table::rows(Some(rows)), &expected).map_err(Stop::refused)?;
    tell.edge(Edge::RowsWritten).await;
    Ok(xid.first(0).map(str::to_owned))
}

/// Commits. Where the connection dies in it, nobody can tell how it ended (rule R1).
pub(super) async fn commit(
    session: &mut PostgresSession,
    xid: Option<String>,
    tell: &dyn Tell,
) -> Result<(), ApplyFault> {
    if let Err(error) = tell.recorded().await {
        return Err(roll_back(session, Stop::refused(error), None).await);
    }
    tell.committing(xid.as_deref());
    match under_way(tell.edge(Edge::CommitSent), session.tell_execute("COMMIT", tell)).await {
        Ok(_) => {
            tell.edge(Edge::Committed).await;
            Ok(())
        }
        Err(e) if e.is_fatal() => Err(ApplyFault {
            error: error::outside(&e, "the connection died inside COMMIT"),
            outcome: Outcome::Unknown { xid },
            retryable: false,
        }),
        Err(e) => {
            let mut error = error::outside(&e, "COMMIT");
            error.code = Code::StatementFailed;
            Err(ApplyFault { error, outcome: Outcome::Clean, retryable: error::is_retryable(&e) })
        }
    }
}

/// Rolls back after a stop and says what is left. `done` is `None` where nothing of the revision was executed yet:
/// then there may be no transaction, and that means nothing.
pub(super) async fn roll_back(session: &mut PostgresSession, stop: Stop, done: Option<u32>) -> ApplyFault {
    let mut escaped = stop.escaped;
    // Twice, because a cancel request that comes late may hit the first.
    for _ in 0..2 {
        if stop.fatal {
            break;
        }
        // Outside of a transaction the server warns (25P01): then a statement had ended ours.
        let mut warned = false;
        let mut look = |message: DbError| warned |= message.code().code() == "25P01";
        if session.wire.execute("ROLLBACK", &mut look).await.is_ok() {
            escaped |= warned && done.is_some();
            break;
        }
    }
    let done = done.unwrap_or(0);
    if escaped {
        let error = TargetError { sql: stop.error.sql, ..escaped_error() };
        let evidence = "a statement ended the transaction that was to hold the whole revision".to_owned();
        return ApplyFault { error, outcome: Outcome::Partial { done, evidence }, retryable: false };
    }
    ApplyFault { error: stop.error, outcome: Outcome::Clean, retryable: stop.retryable }
}

fn escaped_error() -> TargetError {
    TargetError::new(
        Code::TargetPartial,
        "a statement of the revision ended its transaction: what ran before it is committed or lost",
    )
    .help("compare the database with the revision, then stamp the revision that it stands at")
}
