//! A revision that is not one transaction (rule R12).
//!
//! What the server can run in a transaction runs in one together with its DONE row; what commits by itself gets an
//! INTENT row before and DONE after; the version rows, the end of the journal and, where it can be, the last
//! statement share a transaction.

use super::apply::{self, Stop, cancelled, execute};
use super::connect::application_name;
use super::evidence::{self, Effect};
use super::index::{self, IndexState};
use super::session::PostgresSession;
use super::standing::{journal_exists, journal_rows, journal_table};
use super::wire::{Answer, WireError};
use super::{PostgresTarget, cancel, version_table};
use crate::version_table::{after, compare};
use crate::{
    Applied, ApplyFault, Backend, BackendState, JournalRow, JournalState, ObjectRef, Outcome,
    ScriptStatement, TargetError, Tell, Treatment, Work, journal,
};
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use std::time::Duration;

/// How long an orphan may take to end after it was cancelled, before it is terminated.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// For the rest of the transaction, undoes a SET ROLE of the revision: the journal is ours.
pub(super) const AS_OURSELVES: &str = "SET LOCAL SESSION AUTHORIZATION DEFAULT;SELECT pg_catalog.set_config('role',\
    coalesce((SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name='role'),'none'),true);";

const PG: DialectName = DialectName::Postgres;

/// How far the revision has come.
#[derive(Default)]
struct Progress {
    /// Journalled statements that are done, of earlier attempts too.
    done: u32,
    /// Statements executed now.
    executed: u32,
    /// Set where more is known than the number.
    evidence: Option<String>,
    /// Whether `migrated_journal` was made or found.
    journal: bool,
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
enum Failure {
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

/// Decides where to go on, and tells why. Gives the number of the first statement to execute.
async fn resume(
    session: &mut PostgresSession,
    work: &Work,
    rows: &[JournalRow],
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<u32, Failure> {
    let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
    let (next, reason) = match journal::resume(rows, work)? {
        journal::Resume::Fresh => return Ok(1),
        journal::Resume::After { next, done } => {
            progress.done = done;
            (next, format!("{done} statements are recorded as done"))
        }
        journal::Resume::Doubtful { row, done } => {
            progress.done = done;
            let orphan = end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
            let (effect, reason) = doubtful(session, work, row, progress).await?;
            let table = journal_table(&session.place);
            let text = match effect {
                true => journal::done(PG, &table, &session.place.name, row),
                false => journal::forget(PG, &table, &session.place.name, row),
            };
            ask(session, &format!("{AS_OURSELVES}{text}"), "writing the journal").await?;
            progress.done += u32::from(effect);
            (row.statement + u32::from(effect), format!("{orphan}{reason}"))
        }
    };
    progress.evidence = (progress.done > 0).then(|| format!("{} statements are done", progress.done));
    tell.event(EventKind::Resumed {
        revision: work.revision.clone(),
        statement: next.min(total),
        total,
        evidence: reason,
    });
    Ok(next)
}

/// Ends the backend that a doubtful statement ran on, if it is still there.
async fn end_orphan(target: PostgresTarget, ours: &Backend, row: &JournalRow) -> Result<String, Failure> {
    let Some((pid, start)) = row.backend.split_once(' ') else { return Ok(String::new()) };
    let orphan = Backend {
        pid: pid.parse().unwrap_or_default(),
        start: start.to_owned(),
        application: application_name(&row.run),
    };
    if orphan.pid == ours.pid && orphan.start == ours.start {
        return Ok(String::new());
    }
    if cancel::state(&target, &orphan).await? == BackendState::Gone {
        return Ok(String::new());
    }
    match cancel::end(&target, &orphan, ORPHAN_GRACE).await? {
        BackendState::Gone => {
            Ok(format!("backend {} of run {} was still at work and was ended; ", pid, row.run))
        }
        BackendState::Alive(what) => Err(TargetError::new(
            Code::TargetPartial,
            format!("backend {pid} of run {} still works on statement {}: {what}", row.run, row.statement),
        )
        .help("wait until it is done, or end it, and apply the revision again")
        .into()),
    }
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why.
async fn doubtful(
    session: &mut PostgresSession,
    work: &Work,
    row: &JournalRow,
    progress: &Progress,
) -> Result<(bool, String), Failure> {
    let statement = row.statement.checked_sub(1).and_then(|at| work.script.statements.get(at as usize));
    let same_text = statement.is_some_and(|s| s.hash == row.hash);
    if let Some(ScriptStatement { treatment: Treatment::ConcurrentIndex { index, table }, .. }) = statement
        && same_text
    {
        let was_absent = row.definitions.lines().next().is_some_and(|line| line.ends_with(" = absent"));
        let found = index::find(session, index, table).await?;
        return match found.state {
            IndexState::Absent => Ok((false, format!("index {} was not built", index.name))),
            IndexState::Valid if was_absent => {
                Ok((true, format!("index {} is complete: adopted", index.name)))
            }
            IndexState::Invalid if was_absent => {
                drop_leftover(session, &found.name).await?;
                Ok((false, format!("index {} was left invalid: dropped, to be built again", found.name)))
            }
            _ => Ok((false, format!("index {} was there before", index.name))),
        };
    }
    let now = evidence::same_objects(session, &row.definitions).await?;
    let text = statement.map_or("", |s| &work.script.text[s.range.clone()]);
    match evidence::decide(text, same_text, &row.definitions, &now) {
        Effect::Done(_) if !same_text => Err(journal::changed(work, row.statement).into()),
        Effect::Done(why) => Ok((true, why)),
        Effect::None(why) => Ok((false, why)),
        Effect::Undecided(why) => {
            let error = TargetError::new(
                Code::TargetPartial,
                format!(
                    "whether statement {} of revision {} took effect cannot be told: {why}",
                    row.statement, work.revision
                ),
            )
            .help("look at the database; then stamp the revision, or finish or undo its statements by hand");
            let outcome = Outcome::Partial { done: progress.done, evidence: why };
            Err(Failure::Decided(ApplyFault { error, outcome, retryable: false }))
        }
    }
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

/// A statement that commits by itself, between INTENT and DONE.
#[expect(clippy::too_many_arguments, reason = "they are the statement's whole surroundings")]
async fn alone(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    objects: &[ObjectRef],
    built: Option<(&ObjectRef, &ObjectRef)>,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    cancelled(session)?;
    let text = &work.script.text[statement.range.clone()];
    let before = evidence::definitions(session, objects).await?;
    let row = row(session, work, number, statement, JournalState::Intent, before.clone());
    let (table, name) = (journal_table(&session.place), session.place.name.clone());
    // CONCURRENTLY waits for every transaction that is older than itself; the run's budget bounds it (rule R13).
    let unbounded = is_concurrent(text);
    let mut intent = format!("{AS_OURSELVES}{}", journal::insert(PG, &table, &name, &row));
    if unbounded {
        intent.push_str(UNBOUNDED);
    }
    let bounds = ask(session, &intent, "writing the journal").await?;
    let back = if unbounded { bounded_again(bounds.last()) } else { String::new() };
    let outcome = match execute(session, work, number, statement, tell).await {
        Ok(()) => rebuilt_if_invalid(session, work, number, statement, built, tell).await,
        Err(stop) => Err(stop),
    };
    match outcome {
        Ok(()) => {
            let done = format!("{AS_OURSELVES}{};{back}", journal::done(PG, &table, &name, &row));
            ask(session, &done, "writing the journal").await?;
            progress.done += 1;
            progress.evidence = None;
            Ok(())
        }
        Err(stop) if stop.fatal => {
            progress.evidence = Some(format!(
                "the connection was lost during statement {number}; the catalog will tell what it did"
            ));
            Err(stop.into())
        }
        Err(stop) => {
            let left = async {
                if !back.is_empty() {
                    ask(session, &back, "putting the timeouts back").await?;
                }
                left_over(session, text, objects, built, &before).await
            }
            .await;
            match left {
                Ok(None) => {
                    // Without effect, so without a trace; where this fails the next run decides the same.
                    let forget = format!("{AS_OURSELVES}{}", journal::forget(PG, &table, &name, &row));
                    let _ = session.wire.execute(&forget, &mut |_| {}).await;
                }
                Ok(Some(what)) => progress.evidence = Some(what),
                Err(_) => {
                    progress.evidence = Some(format!("what statement {number} left could not be looked up"));
                }
            }
            Err(stop.into())
        }
    }
}

/// IF NOT EXISTS takes an invalid leftover of somebody else for the index: it is dropped, and built again.
async fn rebuilt_if_invalid(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    built: Option<(&ObjectRef, &ObjectRef)>,
    tell: &dyn Tell,
) -> Result<(), Stop> {
    let Some((index, table)) = built else { return Ok(()) };
    let found = index::find(session, index, table).await.map_err(Stop::refused)?;
    if found.state != IndexState::Invalid {
        return Ok(());
    }
    tell.event(EventKind::Warning {
        reason: "INVALID_INDEX".into(),
        message: format!("{} was there already, but invalid: it is dropped and built again", found.name),
    });
    index::drop_invalid(session, &found.name)
        .await
        .map_err(|e| Stop::outside(&e, "dropping the invalid index"))?;
    execute(session, work, number, statement, tell).await
}

/// What a failed statement left behind; `None` where that is nothing.
async fn left_over(
    session: &mut PostgresSession,
    text: &str,
    objects: &[ObjectRef],
    built: Option<(&ObjectRef, &ObjectRef)>,
    before: &str,
) -> Result<Option<String>, Failure> {
    if let Some((index, table)) = built {
        let found = index::find(session, index, table).await?;
        let ours = before.lines().next().is_some_and(|line| line.ends_with(" = absent"));
        if found.state != IndexState::Invalid || !ours {
            return Ok(None);
        }
        // Left as it is, it would slow every write down until the next run.
        return Ok(match index::drop_invalid(session, &found.name).await {
            Ok(()) => None,
            Err(_) => Some(format!(
                "index {} is left invalid; the next run drops it and builds it again",
                found.name
            )),
        });
    }
    let now = evidence::definitions(session, objects).await?;
    Ok(match evidence::decide(text, true, before, &now) {
        Effect::None(_) => None,
        Effect::Done(why) | Effect::Undecided(why) => Some(format!("it failed, and yet: {why}")),
    })
}

async fn drop_leftover(session: &mut PostgresSession, name: &str) -> Result<(), Failure> {
    ask(session, &UNBOUNDED[1..], "lifting the timeouts").await.map(drop)?;
    let dropped = index::drop_invalid(session, name).await;
    let settings = session.target.settings(&session.version, super::connect::Settings::Work);
    if !dropped.as_ref().is_err_and(WireError::is_fatal) {
        ask(session, &settings, "putting the timeouts back").await?;
    }
    dropped.map_err(|e| Stop::outside(&e, &format!("dropping the invalid index {name}")).into())
}

/// Lifts both timeouts and tells what they were.
const UNBOUNDED: &str = ";WITH old AS MATERIALIZED (SELECT pg_catalog.current_setting('lock_timeout') l,\
    pg_catalog.current_setting('statement_timeout') s) SELECT l,s,pg_catalog.set_config('lock_timeout','0',false),\
    pg_catalog.set_config('statement_timeout','0',false) FROM old";

fn bounded_again(old: Option<&Answer>) -> String {
    let value = |index| super::quote::literal(old.and_then(|a| a.first(index)).unwrap_or("0"));
    format!(
        "SELECT pg_catalog.set_config('lock_timeout',{},false),pg_catalog.set_config('statement_timeout',{},false)",
        value(0),
        value(1)
    )
}

fn is_concurrent(text: &str) -> bool {
    let found = migrated_core::dialect::classify(PG, text);
    found.concurrent_index.is_some() || found.drops_concurrently || found.label.contains("CONCURRENTLY")
}

fn row(
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

async fn ask(session: &mut PostgresSession, text: &str, doing: &str) -> Result<Vec<Answer>, Failure> {
    match session.wire.query(text, &mut |_| {}).await {
        Ok(answers) => Ok(answers),
        Err((_, e)) => Err(Stop::outside(&e, doing).into()),
    }
}
