//! Steps outside of a transaction (rule R12): what was done is written down statement by statement, so that a step
//! that was cut off goes on where it stopped.
//!
//! On SQLite almost everything runs in a transaction, and then the statement and its DONE row are one. VACUUM does
//! not; it changes nothing that can be seen, so running it again is always right. Pragmas, ATTACH and DETACH are
//! not journalled: they are run again on the way to the resume point.

use super::apply;
use super::backend;
use super::error::{self, clean, refused};
use super::place::Place;
use super::resume::{self, Doing};
use super::session::SqliteSession;
use super::statement::run_statement;
use super::transaction;
use super::version_table::VersionTable;
use super::{foreign_keys, query};
use crate::edge::Edge;
use crate::journal::{self as rows, progress};
use crate::work::Tell;
use crate::{
    Applied, ApplyFault, BackendState, JournalRow, JournalState, Outcome, ScriptStatement, TargetError, Work,
};
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

const SQLITE: DialectName = DialectName::Sqlite;

/// The rows of that version table in the order of the statements; the table must be there.
pub(super) async fn read(
    conn: &mut SqliteConnection,
    table: &VersionTable,
    place: &Place,
) -> Result<Vec<JournalRow>, TargetError> {
    let fail = |e: sqlx::Error| refused(&e, "reading the journal", place);
    let rows = query::rows(conn, rows::select(SQLITE, rows::TABLE, &table.name)).await.map_err(fail)?;
    let mut journal = Vec::with_capacity(rows.len());
    for row in &rows {
        let cells: Result<Vec<String>, _> = (0..row.len()).map(|cell| text(row, cell)).collect();
        let cells = cells.map_err(fail)?;
        journal.push(rows::read(|cell| cells.get(cell).map(String::as_str))?);
    }
    Ok(journal)
}

/// A cell as text, whatever it is stored as.
fn text(row: &SqliteRow, cell: usize) -> Result<String, sqlx::Error> {
    row.try_get_unchecked(cell)
}

/// How far a step came, for the error that stops it.
struct Progress {
    /// Statements with a DONE row, those of an earlier attempt included.
    done: u32,
    /// Statements executed now.
    executed: u32,
    /// The INTENT row of the statement at work.
    intent: Option<JournalRow>,
}

/// Does a step statement by statement, or the rest of one that was cut off.
pub(super) async fn apply(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    apply::remember(session, work).await?;
    let journal = open(session, work).await?;
    tell.edge(Edge::Compared).await;
    let plan = resume::decide(work, &journal).map_err(|e| cut_off(&journal, e))?;
    if let Some(evidence) = &plan.evidence {
        tell.event(EventKind::Resumed {
            revision: work.revision.clone(),
            statement: plan.from,
            total: work.script.total(),
            evidence: evidence.clone(),
        });
        tell.edge(Edge::Decided).await;
    }
    let asked = work.script.foreign_keys;
    if let Some(on) = asked {
        let set = query::run(&mut session.conn, foreign_keys::set(on)).await;
        set.map_err(|e| clean(refused(&e, "setting foreign_keys", &session.place), error::is_busy(&e)))?;
    }
    let mut progress = Progress { done: plan.done, executed: 0, intent: None };
    let applied = statements(session, work, &plan.doings, tell, &mut progress).await;
    session.restore_foreign_keys(asked).await;
    match applied {
        Ok(rows) => Ok(Applied { statements: progress.executed, rows, ..Applied::default() }),
        Err(fault) => Err(settle(session, work, fault, &progress).await),
    }
}

/// Compares the version rows, makes what is missing, and reads the journal: one transaction.
async fn open(session: &mut SqliteSession, work: &Work) -> Result<Vec<JournalRow>, ApplyFault> {
    let rows = transaction::begin(session, "").await?;
    let opened: Result<_, TargetError> = async {
        transaction::compare(session, work, rows).await?;
        let fail = |e: sqlx::Error| refused(&e, "opening the journal", &session.place);
        query::run(&mut session.conn, rows::create(SQLITE, rows::TABLE)).await.map_err(fail)?;
        let journal = read(&mut session.conn, &session.table, &session.place).await?;
        orphans(session, &journal).await?;
        Ok(journal)
    }
    .await;
    match opened {
        Ok(journal) => transaction::end(session).await.map(|()| journal),
        Err(error) => {
            session.rollback().await;
            let retryable = error.code == Code::LockTimeout;
            Err(clean(error, retryable))
        }
    }
}

/// Whoever wrote the last INTENT may still be at it: a session whose run was given up. It is ended first.
async fn orphans(session: &SqliteSession, journal: &[JournalRow]) -> Result<(), TargetError> {
    for row in journal.iter().filter(|row| row.state == JournalState::Intent) {
        let Some(orphan) = progress::writer(row, format!("migrated:{}", row.run)) else { continue };
        if orphan.start == session.backend.start {
            continue;
        }
        if let BackendState::Alive(what) = backend::end(&orphan, session.lock_timeout).await {
            return Err(TargetError::new(
                Code::LockTimeout,
                format!("{what} still works on statement {} of revision {}", row.statement, row.revision),
            ));
        }
    }
    Ok(())
}

/// The statements, and with the last one the version rows.
async fn statements(
    session: &mut SqliteSession,
    work: &Work,
    doings: &[Doing],
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<Vec<String>, ApplyFault> {
    let unchecked = work.script.foreign_keys == Some(false);
    let before = if unchecked {
        let before = foreign_keys::before(&mut session.conn).await;
        before.map_err(|e| clean(refused(&e, "checking foreign keys", &session.place), false))?
    } else {
        None
    };
    let last = doings.len();
    for ((index, number), (one, doing)) in
        (1u32..).zip(1usize..).zip(work.script.statements.iter().zip(doings))
    {
        match doing {
            Doing::Skip => {}
            Doing::Session => {
                run_statement(session, work, index, one, tell).await?;
                progress.executed += 1;
            }
            Doing::InTransaction => {
                begin_here(session).await?;
                in_transaction(run_statement(session, work, index, one, tell).await, session).await?;
                if number == last {
                    let finished = finish(session, work, unchecked, before, tell).await;
                    progress.executed += u32::from(finished.is_ok());
                    return finished;
                }
                let done = write(session, work, index, one, JournalState::Done).await;
                in_transaction(done, session).await?;
                transaction::end_told(session, Edge::DoneWritten, tell).await?;
                progress.executed += 1;
                progress.done += 1;
            }
            Doing::Alone => {
                let row = write(session, work, index, one, JournalState::Intent).await?;
                progress.intent = Some(row.clone());
                tell.edge(Edge::IntentWritten).await;
                run_statement(session, work, index, one, tell).await?;
                send(session, rows::done(SQLITE, rows::TABLE, &session.table.name, &row)).await?;
                progress.intent = None;
                progress.executed += 1;
                progress.done += 1;
                tell.edge(Edge::DoneWritten).await;
            }
        }
    }
    begin_here(session).await?;
    finish(session, work, unchecked, before, tell).await
}

/// Rolls back where a part of a transaction failed.
async fn in_transaction<T>(
    part: Result<T, ApplyFault>,
    session: &mut SqliteSession,
) -> Result<T, ApplyFault> {
    if part.is_err() {
        session.rollback().await;
    }
    part
}

async fn begin_here(session: &mut SqliteSession) -> Result<(), ApplyFault> {
    session.not_cancelled().map_err(|e| clean(e, false))?;
    transaction::begin(session, "").await.map(|_| ())
}

/// Ends the open transaction with the version rows and without the journal's.
async fn finish(
    session: &mut SqliteSession,
    work: &Work,
    unchecked: bool,
    before: Option<foreign_keys::Violations>,
    tell: &dyn Tell,
) -> Result<Vec<String>, ApplyFault> {
    let finished = async {
        if unchecked {
            foreign_keys::check(session, before).await?;
        }
        let rows = query::rows(&mut session.conn, session.table.sql.select()).await;
        let rows = transaction::version_rows(session, rows)?;
        transaction::compare(session, work, rows).await.map_err(|e| clean(e, false))?;
        let rows = transaction::write_rows(session, &work.changes).await.map_err(|e| clean(e, false))?;
        forget(session, rows::clear(SQLITE, rows::TABLE, &session.table.name)).await?;
        session.not_cancelled().map_err(|e| clean(e, false))?;
        Ok(rows)
    }
    .await;
    let rows = in_transaction(finished, session).await?;
    tell.edge(Edge::RowsWritten).await;
    tell.committing(None);
    transaction::end_told(session, Edge::Committed, tell).await?;
    Ok(rows)
}

/// Writes a row of the journal.
async fn write(
    session: &mut SqliteSession,
    work: &Work,
    index: u32,
    one: &ScriptStatement,
    state: JournalState,
) -> Result<JournalRow, ApplyFault> {
    // Nothing that SQLite does outside of a transaction changes a definition.
    let row = progress::row(work, index, one, state, String::new(), &session.backend);
    // The row of an earlier attempt may stand there.
    let table = &session.table.name;
    let text = format!(
        "{};{}",
        rows::forget(SQLITE, rows::TABLE, table, &row),
        rows::insert(SQLITE, rows::TABLE, table, &row)
    );
    send(session, text).await.map(|()| row)
}

async fn send(session: &mut SqliteSession, text: String) -> Result<(), ApplyFault> {
    let sent = query::run(&mut session.conn, text).await;
    sent.map_err(|e| clean(refused(&e, "writing the journal", &session.place), error::is_busy(&e)))
}

/// Removes rows, and the table where it is empty then.
async fn forget(session: &mut SqliteSession, delete: String) -> Result<(), ApplyFault> {
    let fail =
        |e: sqlx::Error| clean(refused(&e, "clearing the journal", &session.place), error::is_busy(&e));
    let text = format!("{delete};SELECT count(*) FROM {}", rows::TABLE);
    let left = query::rows(&mut session.conn, text).await.map_err(fail)?;
    let left: i64 = left.first().map_or(Ok(0), |row| row.try_get(0)).map_err(fail)?;
    if left == 0 {
        query::run(&mut session.conn, format!("DROP TABLE {}", rows::TABLE)).await.map_err(fail)?;
    }
    Ok(())
}

/// What a failure left. SQLite undoes a statement that fails, so only whole statements can have taken effect.
async fn settle(
    session: &mut SqliteSession,
    work: &Work,
    fault: ApplyFault,
    progress: &Progress,
) -> ApplyFault {
    if fault.outcome != Outcome::Clean {
        return fault;
    }
    // A cancelled session still has to write down how far it came.
    let armed = session.interrupt.arm(false);
    let cleared = clear(session, progress).await;
    session.interrupt.arm(armed);
    let done = progress.done;
    let outcome = match (done, cleared) {
        (0, Ok(())) => Outcome::Clean,
        (_, Ok(())) => Outcome::Partial {
            done,
            evidence: format!(
                "{done} of {} statements are recorded as done; the one that failed left nothing",
                work.script.statements.len()
            ),
        },
        (_, Err(why)) => Outcome::Partial {
            done,
            evidence: format!("{done} statements are recorded as done; the journal was not cleared: {why}"),
        },
    };
    ApplyFault { outcome, ..fault }
}

/// Takes the row of the statement that failed away, and the whole journal where nothing is done.
async fn clear(session: &mut SqliteSession, progress: &Progress) -> Result<(), ApplyFault> {
    let delete = match (progress.done, &progress.intent) {
        // Given up while it waited to begin a transaction, which may have begun since: nothing can be said to it. No
        // row was written, and an empty journal is a healthy one.
        (0, None) if session.broken => return Ok(()),
        (0, _) => rows::clear(SQLITE, rows::TABLE, &session.table.name),
        (_, Some(row)) => rows::forget(SQLITE, rows::TABLE, &session.table.name, row),
        (_, None) => return Ok(()),
    };
    send(session, "BEGIN IMMEDIATE".into()).await?;
    in_transaction(forget(session, delete).await, session).await?;
    transaction::end(session).await
}

/// A refusal before anything was done now; what earlier attempts did stays as it is.
fn cut_off(journal: &[JournalRow], error: TargetError) -> ApplyFault {
    let done = journal.iter().filter(|row| row.state == JournalState::Done).count();
    let outcome = Outcome::Partial {
        done: u32::try_from(done).unwrap_or(u32::MAX),
        evidence: "nothing was done now; the journal is as the earlier attempt left it".into(),
    };
    ApplyFault { error, outcome, retryable: false }
}
