//! Revisions whose statements come from a client.
//!
//! They are journalled as a script is, with two differences. Statements that run in a transaction gather in one, each with
//! its DONE row, until a statement that commits by itself or the end commits them: so the client has savepoints, and
//! exactly-once costs one commit. And after a revision was cut off its client runs the whole body again: what is recorded
//! as done is answered from the journal and not executed.

mod gathering;
mod replay;
mod sending;

use super::engine::Engines;
use super::error::{self, At};
use super::evidence;
use super::journalled::{MYSQL, Way, settle};
use super::opening::open;
use super::session::MysqlSession;
use super::statement::{cancelled, outside};
use super::transaction::{ask, roll_back, transaction};
use crate::executed::{Done, Left, Meaning, Rows, Statements, converse, recorded};
use crate::journal::progress::{self, Progress};
use crate::stop::{Failure, Stop};
use crate::version_table::after;
use crate::{
    Applied, ApplyFault, ClientStatement, Executor, JournalRow, JournalState, TargetError, Tell, Work,
    journal,
};
use async_trait::async_trait;
use migrated_core::Code;
use migrated_core::dialect::StatementKind;
use migrated_core::event::EventKind;
use sending::{Failed, run_on};
use std::collections::BTreeMap;

/// Does a revision, or what is left of it.
pub(super) async fn apply(
    session: &mut MysqlSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let mut way =
        Way { session, work, tell, progress: Progress::default(), unrecorded: Vec::new(), ahead: Vec::new() };
    match run(&mut way, executor).await {
        Ok((statements, left)) => Ok(Applied {
            statements,
            rows: after(&work.expected_rows, &work.changes),
            spoils_sessions: left.spoils_sessions,
        }),
        Err(Failure::Decided(fault)) => Err(fault),
        Err(Failure::Stopped(stop)) => {
            let stop = roll_back(way.session, stop).await;
            Err(settle(way, stop).await)
        }
    }
}

async fn run(way: &mut Way<'_>, executor: &mut dyn Executor) -> Result<(u32, Left), Failure> {
    let (work, tell) = (way.work, way.tell);
    let rows = open(way).await?;
    journal::of_another(&rows, work)?;
    if !rows.is_empty() {
        let of_before = || rows.iter().filter(|row| row.state == JournalState::Done);
        way.progress.done = count(of_before().count());
        let (done, next) = (way.progress.done, of_before().map(|row| row.statement).max().unwrap_or(0) + 1);
        tell.event(EventKind::Resumed {
            revision: work.revision.clone(),
            statement: next,
            total: 0,
            evidence: format!("{done} statements are recorded as done, and are not executed again"),
        });
    }
    let recorded = rows.into_iter().map(|row| (row.statement, row)).collect();
    let mut done = 0;
    let mut client = Client {
        way,
        recorded,
        engines: Engines::default(),
        number: 0,
        in_transaction: false,
        uncommitted: 0,
        rolled_back: false,
        undone: None,
        id_replayed: false,
        decided: None,
    };
    let left = converse(&mut client, MYSQL, work, executor, tell, &mut done).await;
    let left = match (left, client.decided.take()) {
        (_, Some(fault)) => return Err(Failure::Decided(fault)),
        (left, None) => left?,
    };
    if let Some(error) = client.undone.take() {
        return Err(Stop { retryable: true, ..Stop::refused(error) }.into());
    }
    client.commit().await?;
    if let Some(number) = client.recorded.keys().next() {
        // The client does not send any more what took effect before.
        return Err(journal::changed(work, *number).into());
    }
    transaction(way, None, true).await?;
    Ok((done, left))
}

/// The session, as it executes what a client sends.
struct Client<'a, 'w> {
    way: &'a mut Way<'w>,
    /// What an earlier attempt left in the journal.
    recorded: BTreeMap<u32, JournalRow>,
    engines: Engines,
    /// The last statement of those that are journalled.
    number: u32,
    in_transaction: bool,
    /// Statements done in the open transaction.
    uncommitted: u32,
    /// The client went back to a savepoint in the open transaction: then the journal has to be counted.
    rolled_back: bool,
    /// Why the server rolled the open transaction back: then no statement has a place in it any more.
    undone: Option<TargetError>,
    /// The last statement that makes keys was answered from the journal: this session does not know its key.
    id_replayed: bool,
    /// It is already said what is left.
    decided: Option<ApplyFault>,
}

#[async_trait]
impl Statements for Client<'_, '_> {
    async fn execute(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Stop> {
        cancelled(self.way.session)?;
        if let Some(error) = &self.undone {
            return Err(Stop { retryable: true, ..Stop::refused(error.clone()) });
        }
        let of_session = matches!(meaning.class.kind, StatementKind::SessionOnly);
        let outcome = match meaning.class.kind {
            _ if is_read(meaning) || of_session => match self.went_with_session(meaning) {
                Some(what) => Err(self.lost(what, meaning)),
                None => {
                    let sent = self.send(number, statement, meaning, rows).await;
                    if of_session {
                        self.way.session.database = None;
                    }
                    sent
                }
            },
            _ if matches!(meaning.verb.as_str(), "SAVEPOINT" | "RELEASE" | "ROLLBACK") => {
                self.savepoint(number, statement, meaning, rows).await
            }
            StatementKind::Transactional => self.in_transaction(number, statement, meaning, rows).await,
            _ => {
                self.engines.forget();
                let objects = meaning.class.objects.clone();
                self.alone(number, statement, meaning, &objects, rows).await
            }
        };
        outcome.map_err(|failure| match failure {
            Failure::Stopped(stop) => stop,
            Failure::Decided(fault) => {
                let stop = Stop { fatal: true, ..Stop::refused(fault.error.clone()) };
                self.decided = Some(fault);
                stop
            }
        })
    }
}

impl Client<'_, '_> {
    /// Sends a statement as it is.
    async fn send(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        let session = &mut *self.way.session;
        session.warnings_due = false;
        match run_on(session, statement, meaning, rows).await {
            Ok(done) => {
                session.warnings_due = meaning.without_rows;
                if !meaning.is_plain() {
                    // A statement that was prepared before may mean something else now.
                    let forgotten = session.wire.forget_prepared().await;
                    forgotten.map_err(|e| outside(session, &e, "forgetting prepared statements"))?;
                }
                Ok(done)
            }
            Err(Failed::Ours(error)) => Err(Stop::refused(error).into()),
            Err(Failed::Said(e)) => {
                let sent = recorded::sent(meaning, String::new());
                let path = &self.way.work.path;
                let at = At { path, statement: &sent, text: &meaning.text, index: number, total: 0 };
                let mut error = error::inside(&e, &at);
                if session.canceller.asked.was_asked() && error::is_interrupted(&e) {
                    error.code = Code::Cancelled;
                }
                let (retryable, fatal) = (error::is_retryable(&e), error::is_fatal(&e));
                if self.in_transaction && !fatal && self.is_undone_by(&e).await? {
                    self.undone = Some(error.clone());
                }
                Err(Stop { retryable, fatal, ..Stop::refused(error) }.into())
            }
        }
    }

    /// SAVEPOINT and its kin have effect in the transaction in which statements gather.
    async fn savepoint(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        self.begin().await?;
        let done = self.send(number, statement, meaning, rows).await?;
        self.rolled_back |= meaning.verb == "ROLLBACK";
        Ok(done)
    }

    /// A statement that can be undone: in the open transaction with its DONE row.
    async fn in_transaction(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        let (session, tell) = (&mut *self.way.session, self.way.tell);
        if let Some(warning) = self.engines.without_transactions(session, &meaning.text, tell).await? {
            tell.event(warning);
            return self.alone(number, statement, meaning, &[], rows).await;
        }
        self.number += 1;
        let sent = recorded::sent(meaning, recorded::hash(MYSQL, statement, meaning));
        if let Some(done) = self.known(&sent, meaning).await? {
            return Ok(done);
        }
        self.begin().await?;
        let done = self.whole(number, statement, meaning, rows).await?;
        let what = if meaning.without_rows { recorded::kept(&done) } else { String::new() };
        let backend = &self.way.session.backend;
        let row = progress::row(self.way.work, self.number, &sent, JournalState::Done, what, backend);
        self.write(&[insert(self.way.session, &row)]).await?;
        self.uncommitted += 1;
        Ok(done)
    }

    /// Executes a statement with all of its sets of parameters, or with none: the client may go on after a failure,
    /// and what the sets before did would have no DONE row.
    async fn whole(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        if statement.parameters.len() < 2 {
            return self.send(number, statement, meaning, rows).await;
        }
        let tell = self.way.tell;
        ask(self.way.session, "SAVEPOINT migrated_sets", "executing a statement several times", tell).await?;
        let outcome = self.send(number, statement, meaning, rows).await;
        if let Err(Failure::Stopped(stop)) = &outcome
            && !stop.fatal
            && self.undone.is_none()
        {
            let text = "ROLLBACK TO SAVEPOINT migrated_sets";
            ask(self.way.session, text, "undoing a part of a statement", tell).await?;
        }
        outcome
    }

    /// A statement that commits by itself, between its INTENT and its DONE.
    async fn alone(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        objects: &[crate::ObjectRef],
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        self.commit().await?;
        self.number += 1;
        let sent = recorded::sent(meaning, recorded::hash(MYSQL, statement, meaning));
        if let Some(done) = self.known(&sent, meaning).await? {
            return Ok(done);
        }
        if let Some(later) = self.recorded.keys().next() {
            // It was not there when statements after it took effect, and cannot be undone.
            return Err(journal::changed(self.way.work, *later).into());
        }
        let (text, tell) = (&meaning.text, self.way.tell);
        let before = evidence::definitions(self.way.session, objects, text, tell).await?;
        let backend = &self.way.session.backend;
        let intent =
            progress::row(self.way.work, self.number, &sent, JournalState::Intent, before.clone(), backend);
        self.write(&[insert(self.way.session, &intent)]).await?;
        let (table, name) = (self.way.session.place.journal(), self.way.session.place.name.clone());
        match self.send(number, statement, meaning, rows).await {
            Ok(done) => {
                self.way.session.database = None;
                self.write(&[journal::done(MYSQL, &table, &name, &intent)]).await?;
                self.way.progress.one_more();
                Ok(done)
            }
            Err(Failure::Stopped(stop)) if stop.fatal => {
                self.way.progress.lost_in(self.number);
                Err(stop.into())
            }
            Err(failure) => {
                let now = evidence::definitions(self.way.session, objects, text, tell).await;
                let left = match &now {
                    Ok(now) => evidence::left_by_failure(text, &before, now),
                    Err(_) => Some("what it left could not be looked up".to_owned()),
                };
                match left {
                    // Without effect, so without a trace.
                    None => {
                        self.write(&[journal::forget(MYSQL, &table, &name, &intent)]).await?;
                        Err(failure)
                    }
                    Some(what) => {
                        self.way.progress.evidence = Some(format!("statement {}: {what}", self.number));
                        match failure {
                            Failure::Stopped(stop) => Err(Stop { fatal: true, ..stop }.into()),
                            decided => Err(decided),
                        }
                    }
                }
            }
        }
    }
}

/// It leaves nothing behind that a later attempt would have to know of.
fn is_read(meaning: &Meaning) -> bool {
    let reads = ["SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "VALUES", "TABLE", "HELP", "CHECKSUM"];
    let with_select = meaning.verb == "WITH"
        && !["INSERT", "UPDATE", "DELETE", "REPLACE"]
            .iter()
            .any(|word| meaning.text.to_ascii_uppercase().contains(word));
    reads.contains(&meaning.verb.as_str()) || with_select
}

/// It may make keys that LAST_INSERT_ID() tells.
fn makes_keys(meaning: &Meaning) -> bool {
    matches!(meaning.verb.as_str(), "INSERT" | "REPLACE")
}

fn insert(session: &MysqlSession, row: &JournalRow) -> String {
    journal::insert(MYSQL, &session.place.journal(), &session.place.name, row)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
