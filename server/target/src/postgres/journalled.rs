//! A revision that is not one transaction (rule R12).
//!
//! What the server can run in a transaction runs in one together with its DONE row; what commits by itself gets an
//! INTENT row before and DONE after; the version rows, the end of the journal and, where it can be, the last
//! statement share a transaction.

use super::alone::alone;
use super::apply;
use super::keys;
use super::resume::{end_orphan, resume};
use super::session::PostgresSession;
use super::standing::{journal_exists, journal_rows, journal_table};
use super::statement::{cancelled, execute, outside};
use super::transaction::{self, AS_OURSELVES};
use super::version_table;
use super::wire::Answer;
use crate::edge::{Edge, under_way};
use crate::journal::progress::{self, Progress};
use crate::patience::Patience;
use crate::stop::{Failure, Stop, clean};
use crate::version_table::{after, compare};
use crate::{Applied, ApplyFault, JournalRow, JournalState, ScriptStatement, Tell, Treatment, Work, journal};
use migrated_core::DialectName;

pub(super) const PG: DialectName = DialectName::Postgres;

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
            keys::release(session).await;
            let rows = after(&work.expected_rows, &work.changes);
            Ok(Applied { statements: progress.executed, rows, ..Applied::default() })
        }
        Err(Failure::Decided(fault)) => Err(fault),
        Err(Failure::Stopped(stop)) => {
            let fatal = stop.fatal;
            let fault = settle(session, stop, progress).await;
            if !fatal {
                keys::release(session).await;
            }
            Err(fault)
        }
    }
}

/// What is left after a stop: nothing where no statement is done, else a part.
pub(super) async fn settle(session: &mut PostgresSession, stop: Stop, progress: Progress) -> ApplyFault {
    if !progress.is_partial() && !stop.escaped {
        if progress.journal && !stop.fatal {
            // What an INTENT without effect left behind. If this fails, the next run finds it without effect.
            let table = journal_table(&session.place);
            let text = format!("{AS_OURSELVES}{}", journal::clear(PG, &table, &session.place.name));
            if session.wire.execute(&text, &mut |_| {}).await.is_ok() {
                drop_if_empty(session).await;
            }
        }
        return ApplyFault { retryable: stop.retryable, ..clean(stop.error) };
    }
    ApplyFault { error: stop.error, outcome: progress.outcome(stop.fatal), retryable: false }
}

async fn run(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    apply::ready(session, work).await?;
    let (rows, ended) = open(session, work, progress).await?;
    tell.edge(Edge::Compared).await;
    let next = resume(session, work, &rows, &ended, tell, progress).await?;
    if !progress.journal && work.script.statements.iter().any(journal::is_journalled) {
        make_journal(session).await?;
        progress.journal = true;
        tell.edge(Edge::JournalMade).await;
    }
    // After SET ROLE the last statement runs as somebody who may not be allowed to write the version rows.
    let last = match work.script.statements.iter().any(|s| s.treatment == Treatment::SessionOnly) {
        true => u32::MAX,
        false => work.script.total(),
    };
    for (number, statement) in (1..).zip(&work.script.statements) {
        let session_only = statement.treatment == Treatment::SessionOnly;
        if statement.treatment == Treatment::Hoisted || (number < next && !session_only) {
            continue;
        }
        match &statement.treatment {
            Treatment::Hoisted | Treatment::LeftOut => {}
            Treatment::SessionOnly => {
                execute(session, work, number, statement, tell).await?;
            }
            Treatment::Transactional if number == last => {
                return patiently(session, work, Some((number, statement)), true, tell, progress).await;
            }
            Treatment::Transactional => {
                patiently(session, work, Some((number, statement)), false, tell, progress).await?;
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
    ask(session, transaction::OURSELVES, "becoming ourselves again").await?;
    patiently(session, work, None, true, tell, progress).await
}

/// A transaction: of a statement with its DONE row, or, at the end, of the version rows with the last statement. Tried
/// again where it could not get a lock.
async fn patiently(
    session: &mut PostgresSession,
    work: &Work,
    part: Option<(u32, &ScriptStatement)>,
    last: bool,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut patience = Patience::new(work.retries);
    loop {
        let outcome = match (last, part) {
            (true, part) => end(session, work, part, tell, progress).await,
            (false, Some((number, statement))) => {
                transactional(session, work, number, statement, tell, progress).await
            }
            (false, None) => return Ok(()),
        };
        match outcome {
            Err(Failure::Stopped(stop)) => {
                if !patience.again(&stop, progress, &session.canceller.asked, tell).await {
                    return Err(stop.into());
                }
            }
            other => return other,
        }
    }
}

/// The end: the last statement where it is part of it, the version rows, and no journal any more.
async fn end(
    session: &mut PostgresSession,
    work: &Work,
    part: Option<(u32, &ScriptStatement)>,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let started = begin(session, work, tell).await?;
    if let Some((number, statement)) = part
        && let Err(stop) = execute(session, work, number, statement, tell).await
    {
        return Err(undo(session, stop, Some(0)).await);
    }
    finish(session, work, tell, &started, progress).await?;
    progress.executed += u32::from(part.is_some());
    Ok(())
}

/// Takes the step key, compares the version rows and reads the journal. Gives also what is to be told of an orphan that
/// held the key and was ended for it.
pub(super) async fn open(
    session: &mut PostgresSession,
    work: &Work,
    progress: &mut Progress,
) -> Result<(Vec<JournalRow>, String), Failure> {
    let mut ended = String::new();
    loop {
        cancelled(session)?;
        let text = format!(
            "{};{}{};{}",
            keys::take(session),
            keys::held(session),
            version_table::select(&session.place),
            journal_exists(&session.place)
        );
        let answers = match session.wire.query(&text, &mut |_| {}).await {
            Ok(answers) => answers,
            Err((_, e)) => return Err(transaction::reading_rows(session, work, &e).into()),
        };
        let mut journal = Vec::new();
        let there = answers.last().and_then(|a| a.first(0)) == Some("t");
        if there {
            let text = journal::select(PG, &journal_table(&session.place), &session.place.name);
            let answers = ask(session, &text, "reading the journal").await?;
            journal = journal_rows(answers.last().unwrap_or(&Answer::default()))?;
        }
        if answers.first().and_then(|a| a.first(0)) != Some("t") {
            // An orphan holds the key. One that an INTENT names is ended, and what it did meanwhile is read anew; any
            // other is waited for as for any lock.
            let writer = journal.iter().find(|row| row.state == JournalState::Intent);
            let told = match writer {
                Some(row) if ended.is_empty() => {
                    end_orphan(session.target.clone(), &session.backend.clone(), row).await?
                }
                _ => String::new(),
            };
            if told.is_empty() {
                return Err(keys::taken().into());
            }
            ended = told;
            continue;
        }
        // Only now is the journal ours to clear: until here its rows may be those of an orphan at work.
        progress.journal = there;
        progress.found(&journal);
        let rows = answers.get(1 + usize::from(session.lock.is_some()));
        compare(&version_table::rows(rows), &work.expected_rows)?;
        return Ok((journal, ended));
    }
}

/// A statement in a transaction with its DONE row: exactly once.
async fn transactional(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    tell: &dyn Tell,
    so_far: &mut Progress,
) -> Result<(), Failure> {
    let started = transaction::begin_bare(session).await?;
    let row = progress::row(work, number, statement, JournalState::Done, String::new(), &session.backend);
    let insert = journal::insert(PG, &journal_table(&session.place), &session.place.name, &row);
    let outcome = async {
        execute(session, work, number, statement, tell).await?;
        transaction::inside(session, &started, &insert, "writing the journal").await
    }
    .await;
    if let Err(stop) = outcome {
        return Err(undo(session, stop, Some(0)).await);
    }
    match under_way(tell.edge(Edge::CommitSent), session.tell_execute("COMMIT", tell)).await {
        Ok(_) => {
            so_far.one_more();
            tell.edge(Edge::DoneWritten).await;
            Ok(())
        }
        Err(e) => {
            if e.is_fatal() {
                so_far.lost_in_commit(number);
            }
            Err(outside(&e, &format!("committing statement {number}")).into())
        }
    }
}

/// Begins the last transaction: the version rows are compared once more, now locked.
pub(super) async fn begin(
    session: &mut PostgresSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<String, Failure> {
    match transaction::begin(session, work, "BEGIN;", tell).await {
        Ok(started) => Ok(started),
        Err(stop) => Err(undo(session, stop, None).await),
    }
}

/// Writes the version rows, ends the journal, commits.
pub(super) async fn finish(
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
    let xid = match transaction::write_rows(session, work, started, &clear, tell).await {
        Ok(xid) => xid,
        Err(stop) => return Err(undo(session, stop, Some(0)).await),
    };
    transaction::commit(session, xid, tell).await.map_err(Failure::from)
}

/// Rolls the open transaction back.
pub(super) async fn undo(session: &mut PostgresSession, stop: Stop, executed: Option<u32>) -> Failure {
    transaction::roll_back(session, stop, executed).await.into()
}

pub(super) async fn make_journal(session: &mut PostgresSession) -> Result<(), Failure> {
    let text = journal::create(PG, &journal_table(&session.place));
    match session.wire.execute(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err(e) if version_table::lost_race(&e) => Ok(()),
        Err(e) => Err(outside(&e, "creating the journal").into()),
    }
}

/// Drops the journal where nobody has a row in it. An empty one means the same, so a failure does not matter.
pub(super) async fn drop_if_empty(session: &mut PostgresSession) {
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
        Err((_, e)) => Err(keys::refused(&e).unwrap_or_else(|| outside(&e, doing)).into()),
    }
}
