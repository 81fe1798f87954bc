//! A revision that is not one transaction (rule R12).
//!
//! What the server can run in a transaction runs in one together with its DONE row; what commits by itself gets an
//! INTENT row before and DONE after; the version rows, the end of the journal and, where it can be, the last
//! statement share a transaction.

use super::alone::alone;
use super::apply::{self, Stop, cancelled, execute};
use super::resume::resume;
use super::session::PostgresSession;
use super::standing::{journal_exists, journal_rows, journal_table};
use super::version_table;
use super::wire::Answer;
use crate::version_table::{after, compare};
use crate::{
    Applied, ApplyFault, JournalRow, JournalState, Outcome, ScriptStatement, TargetError, Tell, Treatment,
    Work, journal,
};
use migrated_core::{Code, DialectName};

/// For the rest of the transaction, undoes a SET ROLE of the revision: the journal is ours.
pub(super) const AS_OURSELVES: &str = "SET LOCAL SESSION AUTHORIZATION DEFAULT;SELECT pg_catalog.set_config('role',\
    coalesce((SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name='role'),'none'),true);";

pub(super) const PG: DialectName = DialectName::Postgres;

/// How far the revision has come.
#[derive(Default)]
pub(super) struct Progress {
    /// Journalled statements that are done, of earlier attempts too.
    pub(super) done: u32,
    /// Statements executed now.
    pub(super) executed: u32,
    /// Set where more is known than the number.
    pub(super) evidence: Option<String>,
    /// Whether `migrated_journal` was made or found.
    pub(super) journal: bool,
}

/// Does a revision, or what is left of it.
pub(super) async fn apply(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let mut progress = Progress::default();
    match run(session, work, tell, &mut progress).await {
        Ok(()) => {
            drop_if_empty(session).await;
            let rows = after(&work.expected_rows, &work.changes);
            Ok(Applied { statements: progress.executed, rows })
        }
        Err(Failure::Decided(fault)) => Err(fault),
        Err(Failure::Stopped(stop)) => Err(settle(session, stop, progress).await),
    }
}

/// Why a revision stopped.
pub(super) enum Failure {
    /// What is left follows from the progress.
    Stopped(Stop),
    /// It is already said what is left.
    Decided(ApplyFault),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Failure::Stopped(stop)
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let fatal = error.code == Code::ConnectionLost;
        Failure::Stopped(Stop { fatal, ..Stop::refused(error) })
    }
}

/// What is left after a stop: nothing where no statement is done, else a part.
async fn settle(session: &mut PostgresSession, stop: Stop, progress: Progress) -> ApplyFault {
    let partial = progress.done > 0 || progress.evidence.is_some() || stop.escaped;
    if !partial {
        if progress.journal && !stop.fatal {
            // What an INTENT without effect left behind. If this fails, the next run finds it without effect.
            let table = journal_table(&session.place);
            let text = format!("{AS_OURSELVES}{}", journal::clear(PG, &table, &session.place.name));
            if session.wire.execute(&text, &mut |_| {}).await.is_ok() {
                drop_if_empty(session).await;
            }
        }
        return ApplyFault { error: stop.error, outcome: Outcome::Clean, retryable: stop.retryable };
    }
    let evidence = progress.evidence.unwrap_or_else(|| match stop.fatal {
        true => "the connection was lost; the journal tells the next run what is done".into(),
        false => "the statement after them had no effect".into(),
    });
    let outcome = Outcome::Partial { done: progress.done, evidence };
    ApplyFault { error: stop.error, outcome, retryable: false }
}

async fn run(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    apply::ready(session, work).await?;
    let rows = open(session, work, progress).await?;
    let next = resume(session, work, &rows, tell, progress).await?;
    if !progress.journal && work.script.statements.iter().any(journal::is_journalled) {
        make_journal(session).await?;
        progress.journal = true;
    }
    // After SET ROLE the last statement runs as somebody who may not be allowed to write the version rows.
    let last = match work.script.statements.iter().any(|s| s.treatment == Treatment::SessionOnly) {
        true => u32::MAX,
        false => u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX),
    };
    for (number, statement) in (1..).zip(&work.script.statements) {
        let session_only = statement.treatment == Treatment::SessionOnly;
        if statement.treatment == Treatment::Hoisted || (number < next && !session_only) {
            continue;
        }
        match &statement.treatment {
            Treatment::Hoisted => {}
            Treatment::SessionOnly => {
                execute(session, work, number, statement, tell).await?;
            }
            Treatment::Transactional if number == last => {
                let started = begin(session, work, tell).await?;
                if let Err(stop) = execute(session, work, number, statement, tell).await {
                    return Err(undo(session, stop, Some(0)).await);
                }
                progress.executed += 1;
                return finish(session, work, tell, &started, progress).await;
            }
            Treatment::Transactional => {
                transactional(session, work, number, statement, tell, progress).await?
            }
            Treatment::Alone { objects } => {
                alone(session, work, number, statement, objects, None, tell, progress).await?;
            }
            Treatment::ConcurrentIndex { index, table } => {
                let objects = [index.clone(), table.clone()];
                let built = Some((index, table));
                alone(session, work, number, statement, &objects, built, tell, progress).await?;
            }
        }
        progress.executed += u32::from(number >= next);
    }
    ask(session, apply::OURSELVES, "becoming ourselves again").await?;
    let started = begin(session, work, tell).await?;
    finish(session, work, tell, &started, progress).await
}

/// Compares the version rows and reads the journal.
async fn open(
    session: &mut PostgresSession,
    work: &Work,
    progress: &mut Progress,
) -> Result<Vec<JournalRow>, Failure> {
    cancelled(session)?;
    let text = format!("{};{}", version_table::select(&session.place), journal_exists(&session.place));
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(apply::reading_rows(session, work, &e).into()),
    };
    let mut journal = Vec::new();
    if answers.last().and_then(|a| a.first(0)) == Some("t") {
        let text = journal::select(PG, &journal_table(&session.place), &session.place.name);
        let answers = ask(session, &text, "reading the journal").await?;
        journal = journal_rows(answers.last().unwrap_or(&Answer::default()))?;
        progress.journal = true;
    }
    if !journal.is_empty() {
        let done = journal.iter().filter(|row| row.state == JournalState::Done).count();
        progress.done = u32::try_from(done).unwrap_or(u32::MAX);
        progress.evidence = Some("nothing was done now; the journal is as an earlier attempt left it".into());
    }
    compare(&version_table::rows(answers.first()), &work.expected_rows)?;
    Ok(journal)
}

/// A statement in a transaction with its DONE row: exactly once.
async fn transactional(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let started = apply::begin_bare(session).await?;
    let row = row(session, work, number, statement, JournalState::Done, String::new());
    let insert = journal::insert(PG, &journal_table(&session.place), &session.place.name, &row);
    let outcome = async {
        execute(session, work, number, statement, tell).await?;
        apply::inside(session, &started, &insert, "writing the journal").await
    }
    .await;
    if let Err(stop) = outcome {
        return Err(undo(session, stop, Some(0)).await);
    }
    match session.tell_execute("COMMIT", tell).await {
        Ok(_) => {
            progress.done += 1;
            progress.evidence = None;
            Ok(())
        }
        Err(e) => {
            if e.is_fatal() {
                progress.evidence = Some(format!(
                    "the connection died while statement {number} was committed; the journal tells"
                ));
            }
            Err(Stop::outside(&e, &format!("committing statement {number}")).into())
        }
    }
}

pub(super) fn row(
    session: &PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    state: JournalState,
    definitions: String,
) -> JournalRow {
    JournalRow {
        revision: work.revision.clone(),
        direction: work.direction,
        statement: number,
        hash: statement.hash.clone(),
        state,
        definitions,
        run: work.run.clone(),
        backend: format!("{} {}", session.backend.pid, session.backend.start),
    }
}

/// Begins the last transaction: the version rows are compared once more, now locked.
async fn begin(session: &mut PostgresSession, work: &Work, tell: &dyn Tell) -> Result<String, Failure> {
    match apply::begin(session, work, "BEGIN;", tell).await {
        Ok(started) => Ok(started),
        Err(stop) => Err(undo(session, stop, None).await),
    }
}

/// Writes the version rows, ends the journal, commits.
async fn finish(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
    started: &str,
    progress: &Progress,
) -> Result<(), Failure> {
    let clear = match progress.journal {
        true => format!("{};", journal::clear(PG, &journal_table(&session.place), &session.place.name)),
        false => String::new(),
    };
    let xid = match apply::write_rows(session, work, started, &clear).await {
        Ok(xid) => xid,
        Err(stop) => return Err(undo(session, stop, Some(0)).await),
    };
    apply::commit(session, xid, tell).await.map_err(|fault| match fault.outcome {
        Outcome::Clean => Failure::Stopped(Stop { retryable: fault.retryable, ..Stop::refused(fault.error) }),
        _ => Failure::Decided(fault),
    })
}

/// Rolls the open transaction back.
async fn undo(session: &mut PostgresSession, stop: Stop, executed: Option<u32>) -> Failure {
    let fault = apply::roll_back(session, stop, executed).await;
    match fault.outcome {
        Outcome::Clean => {
            let fatal = fault.error.code == Code::ConnectionLost;
            Failure::Stopped(Stop { retryable: fault.retryable, fatal, ..Stop::refused(fault.error) })
        }
        _ => Failure::Decided(fault),
    }
}

async fn make_journal(session: &mut PostgresSession) -> Result<(), Failure> {
    let text = journal::create(PG, &journal_table(&session.place));
    match session.wire.execute(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err(e) if version_table::lost_race(&e) => Ok(()),
        Err(e) => Err(Stop::outside(&e, "creating the journal").into()),
    }
}

/// Drops the journal where nobody has a row in it. An empty one means the same, so a failure does not matter.
async fn drop_if_empty(session: &mut PostgresSession) {
    let table = journal_table(&session.place);
    let look = format!(
        "BEGIN;SET LOCAL lock_timeout='200ms';LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\
         SELECT EXISTS(SELECT FROM {table})"
    );
    let empty = match session.wire.query(&look, &mut |_| {}).await {
        Ok(answers) => answers.last().and_then(|a| a.first(0)) == Some("f"),
        Err((_, e)) if e.is_fatal() => return,
        Err(_) => false,
    };
    let end = if empty { format!("DROP TABLE {table};COMMIT") } else { "ROLLBACK".into() };
    if session.wire.execute(&end, &mut |_| {}).await.is_err() {
        let _ = session.wire.execute("ROLLBACK", &mut |_| {}).await;
    }
}

pub(super) async fn ask(
    session: &mut PostgresSession,
    text: &str,
    doing: &str,
) -> Result<Vec<Answer>, Failure> {
    match session.wire.query(text, &mut |_| {}).await {
        Ok(answers) => Ok(answers),
        Err((_, e)) => Err(Stop::outside(&e, doing).into()),
    }
}
