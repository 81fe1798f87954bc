//! The transactions of a revision: of a statement with its DONE row, and of the version rows at the end.

use super::alone::{journal_stop, try_again};
use super::journalled::{MYSQL, Way};
use super::opening::step_key;
use super::session::MysqlSession;
use super::statement::{cancelled, execute, outside};
use super::wire::Answer;
use super::{error, version_table};
use crate::edge::{Edge, under_way};
use crate::journal::progress;
use crate::patience::Patience;
use crate::stop::{Failure, Stop};
use crate::version_table::{after, compare, one_row};
use crate::{ApplyFault, JournalState, Outcome, ScriptStatement, TargetError, Tell, journal};
use migrated_core::Code;

/// Begins a transaction whatever `transaction_read_only` is set to.
pub(super) const BEGIN: &str = "START TRANSACTION READ WRITE";

/// Commits whatever `completion_type` is set to.
pub(super) const COMMIT: &str = "COMMIT AND NO CHAIN NO RELEASE";

const ROLL_BACK: &str = "ROLLBACK AND NO CHAIN NO RELEASE";

/// A transaction: of a statement with its DONE row, or, at the end, of the version rows with the last statement.
pub(super) async fn transaction(
    way: &mut Way<'_>,
    part: Option<(u32, &ScriptStatement)>,
    last: bool,
) -> Result<(), Failure> {
    let mut patience = Patience::new(way.work.retries);
    loop {
        let outcome = match (last, part) {
            (true, part) => finish(way, part).await,
            (false, Some((number, statement))) => middle(way, number, statement).await,
            (false, None) => return Ok(()),
        };
        match outcome {
            Err(Failure::Stopped(stop)) => {
                let stop = roll_back(way.session, stop).await;
                if !try_again(&mut patience, way, &stop).await {
                    return Err(stop.into());
                }
            }
            other => return other,
        }
    }
}

/// A statement in a transaction with its DONE row: exactly once.
async fn middle(way: &mut Way<'_>, number: u32, statement: &ScriptStatement) -> Result<(), Failure> {
    cancelled(way.session)?;
    ask(way.session, &format!("{}{BEGIN}", way.session.guard()), "beginning a transaction", way.tell).await?;
    execute(way.session, way.work, number, statement, way.tell).await?;
    let backend = &way.session.backend;
    let row = progress::row(way.work, number, statement, JournalState::Done, String::new(), backend);
    let insert = journal::insert(MYSQL, &way.session.place.journal(), &way.session.place.name, &row);
    let text = format!("{}{insert};{COMMIT}", way.session.guard());
    match under_way(way.tell.edge(Edge::CommitSent), way.session.query(&text, way.tell)).await {
        Ok(_) => {
            way.progress.one_more();
            way.tell.edge(Edge::DoneWritten).await;
            Ok(())
        }
        Err((_, e)) => {
            let stop = journal_stop(way, &e);
            if stop.fatal {
                way.progress.lost_in_commit(number);
            }
            Err(stop.into())
        }
    }
}

/// The end: the last statement where it is part of it, the version rows, and no journal any more.
async fn finish(way: &mut Way<'_>, part: Option<(u32, &ScriptStatement)>) -> Result<(), Failure> {
    let Way { session, work, tell, progress, .. } = way;
    let (work, tell) = (*work, *tell);
    cancelled(session)?;
    let place = session.place.clone();
    let doing = format!("writing {}", place.table());
    let mut text = format!("{}{BEGIN};{}", session.guard(), version_table::select_locked(&place));
    if let Some((number, statement)) = part {
        let answers = ask(session, &text, &doing, tell).await?;
        compare(&version_table::rows(answers.last()), &work.expected_rows)?;
        execute(session, work, number, statement, tell).await?;
        text = session.guard();
        text.push_str(&version_table::select_locked(&place));
    }
    if progress.journal {
        text.push_str(&format!(";{}", journal::clear(MYSQL, &place.journal(), &place.name)));
    }
    for change in &work.changes {
        text.push_str(&format!(";{}", place.sql().change(change)));
    }
    text.push_str(&format!(";{}", version_table::select_locked(&place)));
    let answers = match session.query(&text, tell).await {
        Ok(answers) => answers,
        Err((_, e)) => {
            let mut stop = outside(session, &e, &doing);
            if error::number(&e) == Some(1062) {
                stop.error.code = Code::VersionRowsChanged;
            }
            return Err(stop.into());
        }
    };
    let [before @ .., rows] = answers.as_slice() else {
        return Err(TargetError::new(Code::Internal, "the server answered less than it was asked").into());
    };
    let (before, edits) = before.split_at(before.len().saturating_sub(work.changes.len()));
    let found = before.iter().rev().nth(usize::from(progress.journal));
    compare(&version_table::rows(found), &work.expected_rows)?;
    for (change, answer) in work.changes.iter().zip(edits) {
        one_row(change, answer.affected)?;
    }
    compare(&version_table::rows(Some(rows)), &after(&work.expected_rows, &work.changes))?;
    cancelled(session)?;
    tell.edge(Edge::RowsWritten).await;
    tell.committing(None);
    let text = format!("{}{COMMIT};DO RELEASE_LOCK({})", session.guard(), step_key(session));
    match under_way(tell.edge(Edge::CommitSent), session.query(&text, tell)).await {
        Ok(_) => {
            progress.executed += u32::from(part.is_some());
            tell.edge(Edge::Committed).await;
            Ok(())
        }
        Err((_, e)) if error::is_fatal(&e) => Err(Failure::Decided(ApplyFault {
            error: error::outside(&e, "the connection died inside COMMIT"),
            outcome: Outcome::Unknown { xid: None },
            retryable: false,
        })),
        Err((_, e)) => Err(outside(session, &e, "COMMIT").into()),
    }
}

/// Rolls the open transaction back. Where none is open that does nothing.
pub(super) async fn roll_back(session: &mut MysqlSession, mut stop: Stop) -> Stop {
    if !stop.fatal
        && let Err(e) = session.wire.query(ROLL_BACK).await
    {
        // The server does it when it notices that we are gone.
        stop.fatal |= error::is_fatal(&e.1);
    }
    stop
}

/// Asks.
pub(super) async fn ask(
    session: &mut MysqlSession,
    text: &str,
    doing: &str,
    tell: &dyn Tell,
) -> Result<Vec<Answer>, Failure> {
    match session.query(text, tell).await {
        Ok(answers) => Ok(answers),
        Err((_, e)) => Err(outside(session, &e, doing).into()),
    }
}
