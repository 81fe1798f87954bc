//! A revision, or what is left of it: journalled, statement by statement (rule R12).
//!
//! Every DDL statement commits by itself. So a statement that the server can run in a transaction runs in one
//! together with its DONE row; what commits by itself stands between an INTENT row, with the definitions of what
//! it names, and DONE; the version rows, the end of the journal and, where it can be, the last statement share a
//! transaction. DONE of one statement and INTENT of the next share one as well, and statements that only make
//! things are announced together (see [`super::ahead`]): a revision of nothing but CREATE TABLE and CREATE INDEX
//! costs two commits of ours, one of n other DDL statements n + 1.
//!
//! DML on a table whose engine has no transactions (MyISAM, Aria) is treated as committing by itself. Where that is
//! cut off nobody can tell what it did, and the revision is left PARTIAL.

use super::alone::{alone, flush};
use super::engine::Engines;
use super::opening::{open, step_key};
use super::resume::resume;
use super::session::MysqlSession;
use super::statement::{check, execute};
use super::transaction::{ask, transaction};
use crate::edge::Edge;
use crate::journal::progress::Progress;
use crate::stop::{Failure, Stop, clean};
use crate::version_table::after;
use crate::{Applied, ApplyFault, JournalRow, Tell, Transaction, Treatment, Work, journal};
use migrated_core::DialectName;
use migrated_core::event::EventKind;

pub(super) const MYSQL: DialectName = DialectName::Mysql;

/// A revision under way.
pub(super) struct Way<'a> {
    pub(super) session: &'a mut MysqlSession,
    pub(super) work: &'a Work,
    pub(super) tell: &'a dyn Tell,
    pub(super) progress: Progress,
    /// INTENT rows of statements that are done and have no DONE yet.
    pub(super) unrecorded: Vec<JournalRow>,
    /// INTENT rows of statements that are still to come.
    pub(super) ahead: Vec<JournalRow>,
}

/// Does a revision, or what is left of it.
pub(super) async fn apply(
    session: &mut MysqlSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let mut way =
        Way { session, work, tell, progress: Progress::default(), unrecorded: Vec::new(), ahead: Vec::new() };
    match run(&mut way).await {
        Ok(()) => Ok(Applied {
            statements: way.progress.executed,
            rows: after(&work.expected_rows, &work.changes),
            ..Applied::default()
        }),
        Err(Failure::Decided(fault)) => Err(fault),
        Err(Failure::Stopped(stop)) => Err(settle(way, stop).await),
    }
}

/// What is left after a stop: nothing where no statement is done, else a part.
pub(super) async fn settle(way: Way<'_>, stop: Stop) -> ApplyFault {
    let Way { session, tell, progress, unrecorded, ahead, .. } = way;
    let (table, name) = (session.place.journal(), session.place.name.clone());
    let release = format!("DO RELEASE_LOCK({})", step_key(session));
    if !stop.fatal {
        // Where this fails the next run decides by the catalog.
        let mut text: Vec<String> =
            unrecorded.iter().map(|row| journal::done(MYSQL, &table, &name, row)).collect();
        match ahead.first() {
            // What an INTENT without effect left behind.
            _ if !progress.is_partial() && progress.journal => {
                text.push(journal::clear(MYSQL, &table, &name));
            }
            Some(row) => text.push(journal::forget_from(MYSQL, &table, &name, row)),
            None => {}
        }
        text.push(release);
        let _ = session.query(&text.join(";"), tell).await;
    }
    if !progress.is_partial() {
        return ApplyFault { retryable: stop.retryable, ..clean(stop.error) };
    }
    ApplyFault { error: stop.error, outcome: progress.outcome(stop.fatal), retryable: false }
}

async fn run(way: &mut Way<'_>) -> Result<(), Failure> {
    let work = way.work;
    check(way.session, work)?;
    let rows = open(way).await?;
    way.tell.edge(Edge::Compared).await;
    let is_stamp = work.transaction == Transaction::Step && work.script.statements.is_empty();
    // Stamping is how a person settles a revision that was cut off: what the journal holds is ended with it.
    let next = if is_stamp { 1 } else { resume(way, rows).await? };
    if !way.progress.journal && work.script.statements.iter().any(journal::is_journalled) {
        let text = journal::create(MYSQL, &way.session.place.journal());
        ask(way.session, &text, "creating the journal", way.tell).await?;
        way.progress.journal = true;
        way.tell.edge(Edge::JournalMade).await;
    }
    let mut engines = Engines::default();
    let last = work.script.total();
    for (number, statement) in (1..).zip(&work.script.statements) {
        let session_only = statement.treatment == Treatment::SessionOnly;
        let left_out = matches!(statement.treatment, Treatment::Hoisted | Treatment::LeftOut);
        if left_out || (number < next && !session_only) {
            continue;
        }
        let text = work.script.sql(statement);
        match &statement.treatment {
            Treatment::Hoisted | Treatment::LeftOut => {}
            Treatment::SessionOnly => {
                flush(way).await?;
                execute(way.session, work, number, statement, way.tell).await?;
                way.session.database = None;
            }
            Treatment::Alone { objects } => {
                engines.forget();
                warn_of_table_lock(text, way.tell);
                alone(way, number, statement, objects).await?;
            }
            Treatment::Transactional | Treatment::ConcurrentIndex { .. } => {
                if let Some(warning) = engines.without_transactions(way.session, text, way.tell).await? {
                    way.tell.event(warning);
                    alone(way, number, statement, &[]).await?;
                } else if number == last {
                    return transaction(way, Some((number, statement)), true).await;
                } else {
                    flush(way).await?;
                    transaction(way, Some((number, statement)), false).await?;
                }
            }
        }
        way.progress.executed += u32::from(number >= next);
    }
    transaction(way, None, true).await
}

/// LOCK TABLES does nothing here, and a revision that counts on it should know.
fn warn_of_table_lock(text: &str, tell: &dyn Tell) {
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.eq_ignore_ascii_case("LOCK") {
        tell.event(EventKind::Warning {
            reason: "TABLE_LOCK".into(),
            message: "LOCK TABLES does not last: each statement of a revision is a transaction of its own, \
                      which unlocks tables"
                .into(),
        });
    }
}
