//! Revisions whose statements come from a client.
//!
//! They are journalled as a script is, with two differences. Statements that run in a transaction gather in one, each with
//! its DONE row, until a statement that commits by itself or the end commits them: so the client has savepoints, and
//! exactly-once costs one commit. And after a revision was cut off its client runs the whole body again: what is recorded
//! as done is answered from the journal and not executed.

use super::alone::journal_stop;
use super::engine::Engines;
use super::error::{self, At};
use super::evidence;
use super::journalled::{MYSQL, Way, settle};
use super::opening::{journal_rows, open};
use super::resume::end_orphan;
use super::session::MysqlSession;
use super::statement::{cancelled, outside};
use super::transaction::{BEGIN, COMMIT, ask, roll_back, transaction};
use super::value::{arguments, column, values};
use crate::executed::{Done, Left, Meaning, Rows, Statements, converse, recorded};
use crate::journal::progress::{self, Effect, Progress};
use crate::stop::{Failure, Stop};
use crate::version_table::after;
use crate::{
    Applied, ApplyFault, ClientStatement, Executor, JournalRow, JournalState, Outcome, ResultColumn,
    ScriptStatement, TargetError, Tell, Work, journal,
};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use migrated_core::Code;
use migrated_core::dialect::StatementKind;
use migrated_core::event::EventKind;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqlSafeStr as _, Statement as _};
use std::collections::BTreeMap;

/// "This command is not supported in the prepared statement protocol yet".
const UNPREPARED: u16 = 1295;

/// The server has rolled the transaction back.
const DEADLOCK: u16 = 1213;

/// The server has rolled the statement back, and with `innodb_rollback_on_timeout` the transaction.
const LOCK_TIMEOUT: u16 = 1205;

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

/// Why a statement did not get to its end.
enum Failed {
    Said(sqlx::Error),
    Ours(TargetError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed::Said(error)
    }
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

    /// Whether a failure rolled the whole transaction back, and not only its statement.
    async fn is_undone_by(&mut self, error: &sqlx::Error) -> Result<bool, Failure> {
        match error::number(error) {
            Some(DEADLOCK) => Ok(true),
            Some(LOCK_TIMEOUT) => {
                let text = "SELECT @@GLOBAL.innodb_rollback_on_timeout";
                let answers =
                    ask(self.way.session, text, "asking what a timeout undoes", self.way.tell).await?;
                Ok(answers.last().and_then(|answer| answer.first(0)) == Some("1"))
            }
            _ => Ok(false),
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

    /// The answer to the next statement, where it took effect in an earlier attempt.
    async fn known(&mut self, sent: &ScriptStatement, meaning: &Meaning) -> Result<Option<Done>, Failure> {
        if let Some(row) = self.recorded.remove(&self.number)
            && (row.state == JournalState::Done || self.took_effect(&row, sent, meaning).await?)
        {
            let done = self.replay(&row, sent, meaning)?;
            self.id_replayed |= makes_keys(meaning);
            return Ok(Some(done));
        }
        match self.went_with_session(meaning) {
            Some(what) => Err(self.lost(what, meaning)),
            None => {
                self.id_replayed &= !makes_keys(meaning);
                Ok(None)
            }
        }
    }

    /// What a statement that is to be executed counts on, and went with the session of an earlier attempt. What took
    /// effect after it then is answered from the journal now, and so is not there for this session.
    fn went_with_session(&self, meaning: &Meaning) -> Option<&'static str> {
        if self.id_replayed && meaning.text.to_ascii_uppercase().contains("LAST_INSERT_ID(") {
            return Some("LAST_INSERT_ID()");
        }
        if self.recorded.is_empty() || meaning.class.kind != StatementKind::SessionOnly {
            return None;
        }
        match (meaning.class.label, meaning.verb.as_str()) {
            ("CREATE TEMPORARY TABLE", "CREATE") => Some("its temporary table"),
            ("CREATE TEMPORARY TABLE", _) => None,
            _ => (!meaning.class.replayable).then_some("a value that it computed"),
        }
    }

    fn lost(&self, what: &str, meaning: &Meaning) -> Failure {
        self.decided_partial(recorded::went_with_session(self.way.work, what, meaning))
    }

    /// Decides whether a statement without DONE took effect. Where it did, that is recorded; where not, its INTENT goes.
    async fn took_effect(
        &mut self,
        row: &JournalRow,
        sent: &ScriptStatement,
        meaning: &Meaning,
    ) -> Result<bool, Failure> {
        let session = &mut *self.way.session;
        end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
        let now = evidence::same_objects(session, &row.definitions, self.way.tell).await?;
        let same = row.hash == sent.hash;
        let effect: Effect = evidence::decide(&meaning.text, same, &row.definitions, &now);
        let (effect, _) = progress::decided(effect, same, self.way.work, row, &self.way.progress)?;
        let (table, name) = (session.place.journal(), session.place.name.clone());
        if effect {
            self.write(&[journal::done(MYSQL, &table, &name, row)]).await?;
            self.way.progress.one_more();
        } else {
            self.write(&[journal::forget(MYSQL, &table, &name, row)]).await?;
        }
        Ok(effect)
    }

    /// The answer to a statement that took effect in an earlier attempt.
    fn replay(&self, row: &JournalRow, sent: &ScriptStatement, meaning: &Meaning) -> Result<Done, Failure> {
        if row.hash != sent.hash {
            return Err(self.decided_partial(journal::changed(self.way.work, row.statement)));
        }
        if !meaning.without_rows {
            let error = recorded::rows_unknown(self.way.work, row, meaning);
            return Err(self.decided_partial(error));
        }
        Ok(recorded::replayed(row))
    }

    fn decided_partial(&self, error: TargetError) -> Failure {
        let progress = &self.way.progress;
        let done = progress.done;
        let evidence = progress.evidence.clone().unwrap_or_else(|| "nothing after them was committed".into());
        Failure::Decided(ApplyFault { error, outcome: Outcome::Partial { done, evidence }, retryable: false })
    }

    /// Begins the transaction in which statements gather.
    async fn begin(&mut self) -> Result<(), Failure> {
        if self.in_transaction {
            return Ok(());
        }
        self.journal().await?;
        let text = format!("{}{BEGIN}", self.way.session.guard());
        ask(self.way.session, &text, "beginning a transaction", self.way.tell).await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Commits what gathered.
    async fn commit(&mut self) -> Result<(), Failure> {
        if !self.in_transaction {
            return Ok(());
        }
        let session = &mut *self.way.session;
        let place = session.place.clone();
        let done = journal::select(MYSQL, &place.journal(), &place.name);
        let count_again = if self.rolled_back { format!("{done};") } else { String::new() };
        let text = format!("{}{count_again}{COMMIT}", session.guard());
        match session.query(&text, self.way.tell).await {
            Ok(answers) => {
                let is_done = |row: &JournalRow| row.state == JournalState::Done;
                let found = match answers.iter().rev().nth(1).filter(|_| self.rolled_back) {
                    Some(answer) => journal_rows(answer)?.iter().filter(|row| is_done(row)).count(),
                    None => 0,
                };
                match self.rolled_back {
                    true => self.way.progress.done = count(found),
                    false => self.way.progress.done += self.uncommitted,
                }
                if self.uncommitted > 0 {
                    self.way.progress.evidence = None;
                }
                (self.in_transaction, self.uncommitted, self.rolled_back) = (false, 0, false);
                Ok(())
            }
            Err((_, e)) => {
                if error::is_fatal(&e) {
                    self.way.progress.lost_in_commit(self.number);
                }
                Err(outside(session, &e, "committing statements").into())
            }
        }
    }

    /// Makes the journal where it is missing.
    async fn journal(&mut self) -> Result<(), Failure> {
        if !self.way.progress.journal {
            let text = journal::create(MYSQL, &self.way.session.place.journal());
            ask(self.way.session, &text, "creating the journal", self.way.tell).await?;
            self.way.progress.journal = true;
        }
        Ok(())
    }

    /// Writes to the journal, in the open transaction or, without one, by itself.
    async fn write(&mut self, texts: &[String]) -> Result<(), Failure> {
        self.journal().await?;
        let text = format!("{}{}", self.way.session.guard(), texts.join(";"));
        match self.way.session.query(&text, self.way.tell).await {
            Ok(_) => Ok(()),
            Err((_, e)) => Err(Stop { fatal: true, ..journal_stop(self.way, &e) }.into()),
        }
    }
}

/// Executes a statement on the connection and passes its rows on.
async fn run_on(
    session: &mut MysqlSession,
    statement: &ClientStatement,
    meaning: &Meaning,
    rows: &mut Rows<'_>,
) -> Result<Done, Failed> {
    let mut done = Done::default();
    let text = meaning.text.as_str();
    let plain = statement.parameters.is_empty();
    if let Some(limit) = session.server.max_packet.filter(|limit| text.len() >= *limit) {
        let why = format!(
            "the statement has {} bytes, and max_allowed_packet of the server is {limit}",
            text.len()
        );
        return Err(Failed::Ours(
            TargetError::new(Code::StatementFailed, why)
                .help("raise max_allowed_packet on the server, or cut the statement into several"),
        ));
    }
    let conn = session.wire.connection();
    let prepared = match plain && meaning.without_rows {
        true => None,
        false => match conn.prepare(AssertSqlSafe(text).into_sql_str()).await {
            Ok(prepared) => Some(prepared),
            Err(e) if plain && error::number(&e) == Some(UNPREPARED) => None,
            Err(e) => return Err(e.into()),
        },
    };
    let none = [Vec::new()];
    let sets = if plain { &none[..] } else { &statement.parameters };
    let mut gives_rows = false;
    if let Some(prepared) = &prepared {
        let columns: Vec<ResultColumn> = prepared.columns().iter().map(column).collect();
        gives_rows = !columns.is_empty();
        rows.columns(|| columns);
    }
    'sets: for set in sets {
        let conn = session.wire.connection();
        let places =
            prepared.as_ref().and_then(|it| it.parameters()).and_then(Either::right).unwrap_or_default();
        let mut stream = match &prepared {
            Some(_) => {
                let arguments = arguments(set, places).map_err(Failed::Ours)?;
                conn.fetch_many(sqlx::query_with(AssertSqlSafe(text), arguments))
            }
            None => sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(conn),
        };
        while let Some(item) = stream.try_next().await? {
            match item {
                Either::Left(it) => {
                    if meaning.counts_rows() {
                        *done.row_count.get_or_insert_default() += it.rows_affected();
                    }
                    let last = it.last_insert_id();
                    if last != 0 {
                        done.last_row_id = Some(last.cast_signed());
                    }
                }
                Either::Right(row) => {
                    use sqlx::Row as _;
                    gives_rows = true;
                    rows.columns(|| row.columns().iter().map(column).collect());
                    let values = values(&row, prepared.is_some())?;
                    if !rows.push(values).await.map_err(Failed::Ours)? {
                        // The rest is on its way already: the driver reads over it.
                        break 'sets;
                    }
                }
            }
        }
    }
    if gives_rows {
        done.row_count = Some(rows.count());
    }
    Ok(done)
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
