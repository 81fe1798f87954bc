//! One step in a transaction: compare and set, the statements, the version rows, COMMIT.
//!
//! Round trips: one for BEGIN with the comparison, one a statement, one for the version rows with the transaction
//! id, one for COMMIT.

use super::copy;
use super::error::{self, Place};
use super::journalled::AS_OURSELVES;
use super::session::{PostgresSession, notice};
use super::version_table;
use super::wire::{Answer, WireError};
use crate::version_table::{after, compare, one_row};
use crate::{Applied, ApplyFault, Outcome, ScriptStatement, TargetError, Tell, Treatment, Work};
use migrated_core::dialect::{StatementKind, classify};
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use std::time::Instant;
use tokio_postgres::error::DbError;

/// When the current transaction began, in microseconds: no other transaction of this session has the same.
const STARTED: &str = "(extract(epoch FROM pg_catalog.now())*1000000)::bigint";

/// What a revision may have changed about who we are; both go back to what they were after connecting.
pub(super) const OURSELVES: &str = "RESET SESSION AUTHORIZATION;RESET ROLE;";

/// The one transaction of a run.
pub(super) struct RunTransaction {
    /// Its [`STARTED`].
    started: String,
    /// Whether a step was applied in it: then the next one must not see what that one left in the session.
    used: bool,
}

/// Why a step stopped.
pub(super) struct Stop {
    pub(super) error: TargetError,
    pub(super) retryable: bool,
    /// The connection is gone; the server rolls back by itself.
    pub(super) fatal: bool,
    /// A statement ended our transaction: what came before it is committed or lost, and nobody can tell.
    pub(super) escaped: bool,
}

impl Stop {
    pub(super) fn refused(error: TargetError) -> Stop {
        Stop { error, retryable: false, fatal: false, escaped: false }
    }

    pub(super) fn outside(error: &WireError, doing: &str) -> Stop {
        Stop {
            error: error::outside(error, doing),
            retryable: error::is_retryable(error),
            fatal: error.is_fatal(),
            escaped: false,
        }
    }
}

/// Does a step in a transaction of its own.
pub(super) async fn step(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    ready(session, work).await.map_err(clean)?;
    let begun = begin(session, work, "BEGIN;", tell).await;
    let started = match begun {
        Ok(started) => started,
        Err(stop) => return Err(roll_back(session, stop, None).await),
    };
    let mut done = 0;
    let written = async {
        statements(session, work, tell, &mut done).await?;
        write_rows(session, work, &started, "").await
    }
    .await;
    let xid = match written {
        Ok(xid) => xid,
        Err(stop) => return Err(roll_back(session, stop, Some(done)).await),
    };
    commit(session, xid, tell).await?;
    Ok(Applied { statements: done, rows: after(&work.expected_rows, &work.changes) })
}

/// Does a step in the transaction that [`begin_run`] began.
pub(super) async fn in_run(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let Some(run) = &mut session.run else {
        let error = TargetError::new(Code::Internal, "a step of a run's transaction before that was begun");
        return Err(clean(error));
    };
    no_transaction_control(work).map_err(clean)?;
    let first = !std::mem::replace(&mut run.used, true);
    let started = run.started.clone();
    let (mut begun, mut done) = (false, 0);
    let outcome = async {
        let before = if first { String::new() } else { session.reassert() };
        begin(session, work, &before, tell).await?;
        begun = true;
        statements(session, work, tell, &mut done).await?;
        write_rows(session, work, &started, "").await
    }
    .await;
    match outcome {
        Ok(_) => Ok(Applied { statements: done, rows: after(&work.expected_rows, &work.changes) }),
        Err(stop) => {
            session.run = None;
            Err(roll_back(session, stop, begun.then_some(done)).await)
        }
    }
}

/// Begins the transaction of a run.
pub(super) async fn begin_run(session: &mut PostgresSession) -> Result<(), TargetError> {
    make_version_table(session).await?;
    let text = format!("BEGIN;SELECT {STARTED}");
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "beginning the run's transaction")),
    };
    let started = answers.last().and_then(|a| a.first(0)).unwrap_or_default().to_owned();
    session.run = Some(RunTransaction { started, used: false });
    Ok(())
}

/// Commits the transaction of a run.
pub(super) async fn commit_run(session: &mut PostgresSession, tell: &dyn Tell) -> Result<(), ApplyFault> {
    let Some(run) = session.run.take() else {
        return Err(clean(TargetError::new(Code::Internal, "no run's transaction is open")));
    };
    let text = format!("{};SELECT {XID}", guard(&run.started));
    let xid = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers.last().and_then(|a| a.first(0)).map(str::to_owned),
        Err((before, e)) => {
            let stop = stopped_inside(&before, &e, "committing the run");
            return Err(roll_back(session, stop, Some(0)).await);
        }
    };
    commit(session, xid, tell).await
}

const XID: &str = "pg_catalog.pg_current_xact_id_if_assigned()::text";

/// A query that fails (22012) outside of the transaction that began at `started`.
fn guard(started: &str) -> String {
    format!("SELECT 1/({STARTED}={started})::int")
}

/// What must be there before a transaction begins.
pub(super) async fn ready(session: &mut PostgresSession, work: &Work) -> Result<(), TargetError> {
    no_transaction_control(work)?;
    if session.place.exists {
        return Ok(());
    }
    if !work.expected_rows.is_empty() {
        // A session that was opened ahead saw the target before an earlier step made the table; if it is gone after
        // all, reading its rows tells.
        session.place.exists = true;
        return Ok(());
    }
    make_version_table(session).await
}

/// Nobody should get this far with such a statement (rule R10); a step that ends its own transaction is too bad
/// to rely on that.
fn no_transaction_control(work: &Work) -> Result<(), TargetError> {
    for (index, statement) in (1..).zip(&work.script.statements) {
        let text = &work.script.text[statement.range.clone()];
        let meaning = classify(DialectName::Postgres, text);
        if meaning.kind == StatementKind::TransactionControl {
            let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
            let place = Place { path: &work.path, statement, text, index, total };
            return Err(TargetError::new(
                Code::TransactionControl,
                format!("{} in a revision whose transactions are ours", meaning.label),
            )
            .sql(place.fault()));
        }
    }
    Ok(())
}

async fn make_version_table(session: &mut PostgresSession) -> Result<(), TargetError> {
    if !session.place.exists {
        version_table::create(&mut session.wire, &session.place).await?;
        session.place.exists = true;
    }
    Ok(())
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
        "{before}SELECT {STARTED},pg_catalog.pg_current_xact_id()::text;{}",
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
    Ok(ours.first(0).unwrap_or_default().to_owned())
}

/// The stop for version rows that cannot be read: a table that is gone holds none of the rows that are expected.
pub(super) fn reading_rows(session: &PostgresSession, work: &Work, error: &WireError) -> Stop {
    let table = session.place.qualified();
    let mut stop = Stop::outside(error, &format!("reading the rows of {table}"));
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
        Err((_, e)) => return Err(Stop::outside(&e, "beginning a transaction")),
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
    let text = format!("{};{AS_OURSELVES}{text}", guard(started));
    match session.wire.query(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err((before, e)) => Err(stopped_inside(&before, &e, doing)),
    }
}

/// The stop for a failed text that began with [`guard`].
fn stopped_inside(before: &[Answer], error: &WireError, doing: &str) -> Stop {
    let mut stop = Stop::outside(error, doing);
    if before.is_empty() && error.db().is_some_and(|db| db.code().code() == "22012") {
        stop.error = escaped_error();
        stop.escaped = true;
        stop.retryable = false;
    }
    stop
}

/// Executes a revision's statements, each alone.
async fn statements(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
    done: &mut u32,
) -> Result<(), Stop> {
    for (index, statement) in (1..).zip(&work.script.statements) {
        if statement.treatment != Treatment::Hoisted {
            execute(session, work, index, statement, tell).await?;
            *done += 1;
        }
    }
    Ok(())
}

/// Executes one statement and tells about it.
pub(super) async fn execute(
    session: &mut PostgresSession,
    work: &Work,
    index: u32,
    statement: &ScriptStatement,
    tell: &dyn Tell,
) -> Result<(), Stop> {
    cancelled(session)?;
    let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
    let text = &work.script.text[statement.range.clone()];
    tell.statement_started(index);
    let begun = Instant::now();
    let outcome = match &statement.copy_data {
        Some(data) => copy::run(session, text, &work.script.text, data.clone(), tell).await,
        None => session.tell_execute(text, tell).await,
    };
    match outcome {
        Ok(rows) => {
            tell.event(EventKind::StatementFinished {
                index,
                total,
                line: statement.line,
                summary: statement.summary.clone(),
                rows,
                duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            });
            Ok(())
        }
        Err(e) => {
            let place = Place { path: &work.path, statement, text, index, total };
            let error = error::inside(&e, &place);
            Err(Stop { error, retryable: error::is_retryable(&e), fatal: e.is_fatal(), escaped: false })
        }
    }
}

/// Writes the version rows and checks each row count. `also` is sent with them. Gives the transaction's id.
pub(super) async fn write_rows(
    session: &mut PostgresSession,
    work: &Work,
    started: &str,
    also: &str,
) -> Result<Option<String>, Stop> {
    cancelled(session)?;
    let mut text = format!("{};{OURSELVES}{also}", guard(started));
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
    match session.tell_execute("COMMIT", tell).await {
        Ok(_) => Ok(()),
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

/// Stops where somebody asked to, between statements: there the server has nothing to cancel.
pub(super) fn cancelled(session: &PostgresSession) -> Result<(), Stop> {
    match session.canceller.was_asked() {
        true => Err(Stop::refused(TargetError::new(Code::Cancelled, "cancelled"))),
        false => Ok(()),
    }
}

fn clean(error: TargetError) -> ApplyFault {
    ApplyFault { error, outcome: Outcome::Clean, retryable: false }
}
