//! A body that a client executes outside of a transaction, for it says `transaction: false` (rule R12).
//!
//! Every statement takes effect by itself. One that the server can run in a transaction runs in one together with its DONE
//! row; one that refuses a transaction stands between INTENT and DONE. After the revision was cut off its client runs the
//! whole body again: what is recorded as done is answered from the journal and not executed. A statement that reads, and
//! wrote nothing, leaves no row, and is executed again.
//!
//! Round trips: four for a statement, BEGIN, its DONE row and COMMIT counted.

use super::Client;
use crate::executed::{Done, Left, Meaning, Rows, Statements, converse, recorded};
use crate::journal::progress::{self, Progress};
use crate::postgres::alone::alone;
use crate::postgres::apply;
use crate::postgres::journalled::{PG, ask, begin, drop_if_empty, finish, make_journal, open, settle, undo};
use crate::postgres::keys;
use crate::postgres::resume::{doubtful, end_orphan};
use crate::postgres::session::PostgresSession;
use crate::postgres::standing::journal_table;
use crate::postgres::statement::{cancelled, outside};
use crate::postgres::transaction::{AS_OURSELVES, OURSELVES, XID, begin_bare, guard, inside, stopped_inside};
use crate::stop::{Failure, Stop};
use crate::version_table::after;
use crate::{
    Applied, ApplyFault, ClientStatement, Executor, JournalRow, JournalState, Outcome, Script,
    ScriptStatement, TargetError, Tell, Treatment, Work, journal,
};
use async_trait::async_trait;
use migrated_core::Code;
use migrated_core::dialect::StatementKind;
use migrated_core::event::EventKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Does a revision, or what is left of it.
pub(in crate::postgres) async fn apply(
    session: &mut PostgresSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let mut progress = Progress::default();
    match run(session, work, executor, tell, &mut progress).await {
        Ok((statements, left)) => {
            drop_if_empty(session).await;
            keys::release(session).await;
            let rows = after(&work.expected_rows, &work.changes);
            Ok(Applied { statements, rows, spoils_sessions: left.spoils_sessions })
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

async fn run(
    session: &mut PostgresSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(u32, Left), Failure> {
    apply::ready(session, work).await?;
    let (rows, _) = open(session, work, progress).await?;
    journal::of_another(&rows, work)?;
    if !rows.is_empty() {
        let of_before = || rows.iter().filter(|row| row.state == JournalState::Done);
        tell.event(EventKind::Resumed {
            revision: work.revision.clone(),
            statement: of_before().map(|row| row.statement).max().unwrap_or(0) + 1,
            total: 0,
            evidence: format!(
                "{} statements are recorded as done, and are not executed again",
                of_before().count()
            ),
        });
    }
    if !progress.journal {
        // Before a SET ROLE of the body: the journal is ours.
        make_journal(session).await?;
        progress.journal = true;
    }
    let recorded = rows.into_iter().map(|row| (row.statement, row)).collect();
    let client = Client::new(session, work, tell);
    let mut body = Body { client, progress, recorded, number: 0, decided: None };
    let mut done = 0;
    let left = converse(&mut body, PG, work, executor, tell, &mut done).await;
    let Body { recorded, decided, .. } = body;
    let left = match (left, decided) {
        (_, Some(fault)) => return Err(Failure::Decided(fault)),
        (left, None) => left?,
    };
    if let Some(number) = recorded.keys().next() {
        // The client does not send any more what took effect before.
        return Err(journal::changed(work, *number).into());
    }
    ask(session, OURSELVES, "becoming ourselves again").await?;
    let started = begin(session, work, tell).await?;
    finish(session, work, tell, &started, progress).await?;
    Ok((done, left))
}

/// The session, as it executes what a client sends.
struct Body<'a, 'p> {
    client: Client<'a>,
    progress: &'p mut Progress,
    /// What an earlier attempt left in the journal.
    recorded: BTreeMap<u32, JournalRow>,
    /// The last statement of those that count for the journal.
    number: u32,
    /// It is already said what is left.
    decided: Option<ApplyFault>,
}

#[async_trait]
impl Statements for Body<'_, '_> {
    async fn execute(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Stop> {
        let outcome = match meaning.class.kind {
            StatementKind::SessionOnly => match self.went_with_session(meaning) {
                Some(what) => {
                    let error = recorded::went_with_session(self.client.work, what, meaning);
                    Err(self.decided_partial(error))
                }
                None => self.client.execute(number, statement, meaning, rows).await.map_err(Failure::from),
            },
            // There is no transaction that it could be about, and the server says so.
            _ if matches!(meaning.verb.as_str(), "SAVEPOINT" | "RELEASE" | "ROLLBACK") => {
                self.client.execute(number, statement, meaning, rows).await.map_err(Failure::from)
            }
            StatementKind::Transactional => self.in_transaction(number, statement, meaning, rows).await,
            _ => self.alone(number, statement, meaning).await,
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

impl Body<'_, '_> {
    /// A statement in a transaction of its own with its DONE row: exactly once, with all of its sets of parameters.
    async fn in_transaction(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failure> {
        self.number += 1;
        let sent = recorded::sent(meaning, recorded::hash(PG, statement, meaning));
        if let Some(done) = self.known(&sent, meaning).await? {
            return Ok(done);
        }
        let started = begin_bare(self.client.session).await?;
        let outcome = match self.client.execute(number, statement, meaning, rows).await {
            Ok(done) => {
                let kept = if rows.gave_any() { ROWS.to_owned() } else { recorded::kept(&done) };
                self.record(&started, &sent, kept, meaning).await.map(|recorded| (done, recorded))
            }
            Err(stop) => Err(stop),
        };
        let session = &mut *self.client.session;
        let (done, recorded) = match outcome {
            Ok(done) => done,
            Err(stop) => return Err(undo(session, stop, Some(0)).await),
        };
        match session.tell_execute("COMMIT", self.client.tell).await {
            Ok(_) => {
                if recorded {
                    self.progress.one_more();
                }
                Ok(done)
            }
            Err(e) => {
                if e.is_fatal() && recorded {
                    self.progress.lost_in_commit(self.number);
                }
                Err(outside(&e, &format!("committing statement {number}")).into())
            }
        }
    }

    /// Writes the DONE row into the transaction that began at `started`; `false` for what only read.
    async fn record(
        &mut self,
        started: &str,
        sent: &ScriptStatement,
        kept: String,
        meaning: &Meaning,
    ) -> Result<bool, Stop> {
        let session = &mut *self.client.session;
        if may_only_read(meaning) {
            let text = format!("{};SELECT {XID}", guard(started));
            let answers = match session.wire.query(&text, &mut |_| {}).await {
                Ok(answers) => answers,
                Err((before, e)) => return Err(stopped_inside(&before, &e, "asking what a statement wrote")),
            };
            if answers.last().and_then(|answer| answer.first(0)).is_none() {
                return Ok(false);
            }
        }
        let row =
            progress::row(self.client.work, self.number, sent, JournalState::Done, kept, &session.backend);
        let insert = journal::insert(PG, &journal_table(&session.place), &session.place.name, &row);
        inside(session, started, &insert, "writing the journal").await.map(|()| true)
    }

    /// A statement that refuses a transaction, between its INTENT and its DONE.
    async fn alone(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
    ) -> Result<Done, Failure> {
        cancelled(self.client.session)?;
        if !statement.parameters.is_empty() {
            let message = format!("{} takes no parameters", meaning.class.label);
            let error = TargetError::new(Code::InvalidRequest, message);
            return Err(Stop::refused(error.help("write the values into the statement")).into());
        }
        self.number += 1;
        let treatment = treatment(meaning);
        let sent = ScriptStatement {
            treatment: treatment.clone(),
            ..recorded::sent(meaning, recorded::hash(PG, statement, meaning))
        };
        if let Some(done) = self.known(&sent, meaning).await? {
            return Ok(done);
        }
        if let Some(later) = self.recorded.keys().next() {
            // It was not there when statements after it took effect, and cannot be undone.
            return Err(journal::changed(self.client.work, *later).into());
        }
        let (objects, built) = match &treatment {
            Treatment::ConcurrentIndex { index, table } => {
                (vec![index.clone(), table.clone()], Some((index, table)))
            }
            Treatment::Alone { objects } => (objects.clone(), None),
            _ => (Vec::new(), None),
        };
        let work = as_script(self.client.work, meaning, &sent);
        let quiet = Quiet(self.client.tell);
        let before = self.progress.evidence.take();
        let session = &mut *self.client.session;
        match alone(session, &work, self.number, &sent, &objects, built, &quiet, self.progress).await {
            Ok(()) => {
                // A plan that was made before a definition changed may not fit any more.
                self.client.prepared.clear();
                Ok(Done::default())
            }
            Err(Failure::Stopped(mut stop)) => {
                // What it left would stand in the way of whatever came next.
                stop.fatal |= self.progress.evidence.is_some();
                if self.progress.evidence.is_none() {
                    self.progress.evidence = before;
                }
                if let Some(sql) = stop.error.sql.as_deref_mut() {
                    sql.statement_index = number;
                }
                Err(stop.into())
            }
            Err(decided) => Err(decided),
        }
    }

    /// The answer to the next statement, where it took effect in an earlier attempt.
    async fn known(&mut self, sent: &ScriptStatement, meaning: &Meaning) -> Result<Option<Done>, Failure> {
        let Some(row) = self.recorded.remove(&self.number) else { return Ok(None) };
        let same = row.hash == sent.hash;
        if row.state != JournalState::Done && !self.took_effect(&row, sent, same, meaning).await? {
            return Ok(None);
        }
        if !same {
            return Err(self.decided_partial(journal::changed(self.client.work, row.statement)));
        }
        if row.definitions == ROWS {
            return Err(self.decided_partial(recorded::rows_unknown(self.client.work, &row, meaning)));
        }
        Ok(Some(recorded::replayed(&row)))
    }

    /// Decides whether a statement without DONE took effect. Where it did, that is recorded; where not, its INTENT goes.
    async fn took_effect(
        &mut self,
        row: &JournalRow,
        sent: &ScriptStatement,
        same: bool,
        meaning: &Meaning,
    ) -> Result<bool, Failure> {
        let session = &mut *self.client.session;
        end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
        let effect =
            doubtful(session, row, &meaning.text, same.then_some(&sent.treatment), self.client.tell).await?;
        let (effect, _) = progress::decided(effect, same, self.client.work, row, self.progress)?;
        let (table, name) = (journal_table(&session.place), session.place.name.clone());
        let text = match effect {
            true => journal::done(PG, &table, &name, row),
            false => journal::forget(PG, &table, &name, row),
        };
        ask(session, &format!("{AS_OURSELVES}{text}"), "writing the journal").await?;
        if effect {
            self.progress.one_more();
        }
        Ok(effect)
    }

    /// What went with the session of an earlier attempt and cannot be made again by executing this once more: what took
    /// effect after it then is answered from the journal now.
    fn went_with_session(&self, meaning: &Meaning) -> Option<&'static str> {
        if self.recorded.is_empty() {
            return None;
        }
        match meaning.class.label {
            "CREATE TEMPORARY" => Some("its temporary table"),
            _ => (!meaning.class.replayable).then_some("a value that it computed"),
        }
    }

    fn decided_partial(&self, error: TargetError) -> Failure {
        let done = self.progress.done;
        let evidence =
            self.progress.evidence.clone().unwrap_or_else(|| "nothing after them was committed".into());
        Failure::Decided(ApplyFault { error, outcome: Outcome::Partial { done, evidence }, retryable: false })
    }
}

/// Stands in the DONE row of a statement that gave rows, which are not kept.
const ROWS: &str = "rows";

/// Whether it may be one that only reads: then its transaction tells.
fn may_only_read(meaning: &Meaning) -> bool {
    let text = || meaning.text.to_ascii_uppercase();
    match meaning.verb.as_str() {
        "SELECT" | "VALUES" | "TABLE" | "SHOW" | "EXPLAIN" | "FETCH" => true,
        "WITH" => !["INSERT", "UPDATE", "DELETE", "MERGE"].iter().any(|word| text().contains(word)),
        _ => false,
    }
}

fn treatment(meaning: &Meaning) -> Treatment {
    let index = meaning.class.concurrent_index.as_ref();
    match index.and_then(|built| Some((built.index.clone()?, built.table.clone()))) {
        Some((index, table)) => Treatment::ConcurrentIndex { index, table },
        None => Treatment::Alone { objects: meaning.class.objects.clone() },
    }
}

/// The step with that statement as its script.
fn as_script(work: &Work, meaning: &Meaning, sent: &ScriptStatement) -> Work {
    let script =
        Script { text: Arc::from(meaning.text.as_str()), statements: vec![sent.clone()], foreign_keys: None };
    Work { script: Arc::new(script), ..work.clone() }
}

/// Leaves out what the conversation tells itself: that a statement began, and that it is done.
struct Quiet<'a>(&'a dyn Tell);

#[async_trait]
impl Tell for Quiet<'_> {
    fn statement_started(&self, _: u32) {}

    fn event(&self, what: EventKind) {
        if !matches!(what, EventKind::StatementFinished { .. }) {
            self.0.event(what);
        }
    }

    fn transaction(&self, xid: &str) {
        self.0.transaction(xid);
    }

    async fn recorded(&self) -> Result<(), TargetError> {
        self.0.recorded().await
    }

    fn committing(&self, xid: Option<&str>) {
        self.0.committing(xid);
    }
}
