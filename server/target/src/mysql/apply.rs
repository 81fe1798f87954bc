//! A revision, or what is left of it: journalled, statement by statement (rule R12).
//!
//! Every DDL statement commits by itself. So a statement that the server can run in a transaction runs in one
//! together with its DONE row; what commits by itself stands between an INTENT row, with the definitions of what
//! it names, and DONE; the version rows, the end of the journal and, where it can be, the last statement share a
//! transaction. DONE of one statement and INTENT of the next share one as well: between two DDL statements there is
//! a single commit of ours, and for a revision of n of them there are n + 1.
//!
//! DML on a table whose engine has no transactions (MyISAM, Aria) is treated as committing by itself. Where that is
//! cut off nobody can tell what it did, and the revision is left PARTIAL.

use super::connect::seconds;
use super::engine::Engines;
use super::quote::literal;
use super::resume::{end_orphan, resume};
use super::session::MysqlSession;
use super::statement::{Stop, cancelled, check, execute, total};
use super::wire::Answer;
use super::{error, evidence, lock, version_table};
use crate::version_table::{after, compare, one_row};
use crate::{
    Applied, ApplyFault, JournalRow, JournalState, ObjectRef, Outcome, ScriptStatement, TargetError, Tell,
    Transaction, Treatment, Work, journal,
};
use migrated_core::dialect::ObjectKind;
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use rand::Rng as _;
use std::time::{Duration, Instant};

const MYSQL: DialectName = DialectName::Mysql;

/// Begins a transaction whatever `transaction_read_only` is set to.
const BEGIN: &str = "START TRANSACTION READ WRITE";

/// Commits whatever `completion_type` is set to.
const COMMIT: &str = "COMMIT AND NO CHAIN NO RELEASE";

const ROLL_BACK: &str = "ROLLBACK AND NO CHAIN NO RELEASE";

/// How often, and for how long in all, a statement is tried again after a lock timeout or deadlock once others of
/// its revision are done (rule R13). Before that the whole step is, which is the engine's business.
const ATTEMPTS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(600);

/// How far the revision has come.
#[derive(Default)]
pub(super) struct Progress {
    /// Journalled statements that are done, of earlier attempts too.
    pub(super) done: u32,
    /// Statements executed now.
    executed: u32,
    /// Set where more is known than the number.
    pub(super) evidence: Option<String>,
    /// Whether `migrated_journal` was made or found.
    journal: bool,
    /// The INTENT of a statement that is done and has no DONE yet.
    unrecorded: Option<JournalRow>,
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
        Failure::Stopped(Stop::refused(error))
    }
}

/// Does a revision, or what is left of it.
pub(super) async fn apply(
    session: &mut MysqlSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let mut progress = Progress::default();
    match run(session, work, tell, &mut progress).await {
        Ok(()) => {
            Ok(Applied { statements: progress.executed, rows: after(&work.expected_rows, &work.changes) })
        }
        Err(Failure::Decided(fault)) => Err(fault),
        Err(Failure::Stopped(stop)) => Err(settle(session, stop, progress, tell).await),
    }
}

/// What is left after a stop: nothing where no statement is done, else a part.
async fn settle(
    session: &mut MysqlSession,
    stop: Stop,
    mut progress: Progress,
    tell: &dyn Tell,
) -> ApplyFault {
    if !stop.fatal
        && let Some(row) = progress.unrecorded.take()
    {
        // Where this fails the next run decides by the catalog.
        let text = journal::done(MYSQL, &session.place.journal(), &session.place.name, &row);
        let _ = session.query(&text, tell).await;
    }
    let release = format!("DO RELEASE_LOCK({})", step_key(session));
    if progress.done == 0 && progress.evidence.is_none() {
        if !stop.fatal {
            let clear = match progress.journal {
                // What an INTENT without effect left behind.
                true => {
                    format!("{};", journal::clear(MYSQL, &session.place.journal(), &session.place.name))
                }
                false => String::new(),
            };
            let _ = session.query(&format!("{clear}{release}"), tell).await;
        }
        return ApplyFault { error: stop.error, outcome: Outcome::Clean, retryable: stop.retryable };
    }
    if !stop.fatal {
        let _ = session.query(&release, tell).await;
    }
    let evidence = progress.evidence.unwrap_or_else(|| match stop.fatal {
        true => "the connection was lost; the journal tells the next run what is done".into(),
        false => "the statement after them had no effect".into(),
    });
    let outcome = Outcome::Partial { done: progress.done, evidence };
    ApplyFault { error: stop.error, outcome, retryable: false }
}

async fn run(
    session: &mut MysqlSession,
    work: &Work,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    check(session, work)?;
    let rows = open(session, work, tell, progress).await?;
    let is_stamp = work.transaction == Transaction::Step && work.script.statements.is_empty();
    // Stamping is how a person settles a revision that was cut off: what the journal holds is ended with it.
    let next = if is_stamp { 1 } else { resume(session, work, &rows, tell, progress).await? };
    if !progress.journal && work.script.statements.iter().any(journal::is_journalled) {
        make_journal(session, tell).await?;
        progress.journal = true;
    }
    let mut engines = Engines::default();
    let last = total(work);
    for (number, statement) in (1..).zip(&work.script.statements) {
        let session_only = statement.treatment == Treatment::SessionOnly;
        if statement.treatment == Treatment::Hoisted || (number < next && !session_only) {
            continue;
        }
        let text = &work.script.text[statement.range.clone()];
        match &statement.treatment {
            Treatment::Hoisted => {}
            Treatment::SessionOnly => {
                flush(session, tell, progress).await?;
                execute(session, work, number, statement, tell).await?;
                session.database = None;
            }
            Treatment::Alone { objects } => {
                engines.forget();
                warn_of_table_lock(text, tell);
                alone(session, work, number, statement, objects, tell, progress).await?;
            }
            Treatment::Transactional | Treatment::ConcurrentIndex { .. } => {
                if let Some(warning) = engines.without_transactions(session, text, tell).await? {
                    tell.event(warning);
                    alone(session, work, number, statement, &[], tell, progress).await?;
                } else if number == last {
                    return transaction(session, work, Some((number, statement)), true, tell, progress).await;
                } else {
                    flush(session, tell, progress).await?;
                    transaction(session, work, Some((number, statement)), false, tell, progress).await?;
                }
            }
        }
        progress.executed += u32::from(number >= next);
    }
    transaction(session, work, None, true, tell, progress).await
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

/// Takes the step key, compares the version rows and reads the journal.
async fn open(
    session: &mut MysqlSession,
    work: &Work,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<Vec<JournalRow>, Failure> {
    cancelled(session)?;
    let (key, guard) = (step_key(session), session.guard());
    let text = format!(
        "SELECT GET_LOCK({key},0),IS_USED_LOCK({key});{guard}{};{}",
        session.place.sql().select(),
        journal::select(MYSQL, &session.place.journal(), &session.place.name)
    );
    let mut made = false;
    loop {
        let (mut answers, missing) = match session.query(&text, tell).await {
            Ok(answers) => (answers, None),
            Err((answers, e)) if error::is_missing(&e) => (answers, Some(e)),
            Err((_, e)) => return Err(Stop::outside(session, &e, "reading the version table").into()),
        };
        let ours = answers.first().and_then(|a| a.first(0)) == Some("1");
        let holder = answers.first().and_then(|a| a.first(1)).and_then(|id| id.parse::<i64>().ok());
        answers.drain(..1 + usize::from(!guard.is_empty()));
        let mut rows = Vec::new();
        if missing.is_none() {
            let journal = answers.pop().unwrap_or_default();
            rows = journal_rows(&journal)?;
            progress.journal = true;
        }
        if !ours {
            keep_out(session, &rows, holder, tell).await?;
            continue;
        }
        if !rows.is_empty() {
            let done = rows.iter().filter(|row| row.state == JournalState::Done).count();
            progress.done = u32::try_from(done).unwrap_or(u32::MAX);
            progress.evidence =
                Some("nothing was done now; the journal is as an earlier attempt left it".into());
        }
        match (answers.first(), missing) {
            (Some(found), _) => {
                compare(&version_table::rows(Some(found)), &work.expected_rows)?;
                return Ok(rows);
            }
            (None, Some(_)) if !made && work.expected_rows.is_empty() => {
                version_table::create(&mut session.wire, &session.place).await?;
                made = true;
            }
            (None, Some(e)) if work.expected_rows.is_empty() => {
                return Err(Stop::outside(session, &e, "reading the version table").into());
            }
            (None, _) => {
                compare(&[], &work.expected_rows)?;
                return Err(TargetError::new(Code::VersionRowsChanged, "the version table is gone").into());
            }
        }
    }
}

/// Another session works on this version table: an orphan, since the migration lock is ours. One that an INTENT
/// names is ended; any other is waited for as long as for any lock.
async fn keep_out(
    session: &mut MysqlSession,
    rows: &[JournalRow],
    holder: Option<i64>,
    tell: &dyn Tell,
) -> Result<(), Failure> {
    let named = |row: &&JournalRow| {
        let pid = row.backend.split_once(' ').and_then(|(pid, _)| pid.parse::<i64>().ok());
        row.state == JournalState::Intent && pid.is_some() && pid == holder
    };
    if let Some(row) = rows.iter().find(named) {
        end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
    }
    let wait = seconds(session.target.spec.lock_timeout);
    let text = format!("SELECT GET_LOCK({},{wait})", step_key(session));
    match session.query(&text, tell).await {
        Ok(answers) if answers.last().and_then(|a| a.first(0)) == Some("1") => Ok(()),
        Ok(_) => {
            cancelled(session)?;
            let who = holder.map_or_else(|| "another connection".to_owned(), |id| format!("connection {id}"));
            let error = TargetError::new(
                Code::LockTimeout,
                format!("{who} of an earlier run still works on a revision of this database"),
            )
            .help("wait until it is done");
            Err(Stop { error, retryable: true, fatal: false }.into())
        }
        Err((_, e)) => Err(Stop::outside(session, &e, "waiting for an earlier run's session").into()),
    }
}

fn step_key(session: &MysqlSession) -> String {
    literal(&lock::step_key(&session.place, &session.server))
}

/// The rows of a journal's answer.
pub(super) fn journal_rows(answer: &Answer) -> Result<Vec<JournalRow>, TargetError> {
    answer.rows.iter().map(|row| journal::read(|at| super::wire::cell(row, at))).collect()
}

/// A statement that commits by itself, after its INTENT. Its DONE is written with what comes next.
async fn alone(
    session: &mut MysqlSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    objects: &[ObjectRef],
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    cancelled(session)?;
    let text = &work.script.text[statement.range.clone()];
    let before = evidence::definitions(session, objects, text, tell).await?;
    let row = row(session, work, number, statement, JournalState::Intent, before.clone());
    record(session, Some(&row), tell, progress).await?;
    let mut patience = Patience::new();
    loop {
        let Err(stop) = execute(session, work, number, statement, tell).await else {
            progress.done += 1;
            progress.evidence = None;
            progress.unrecorded = Some(row);
            // DROP DATABASE may take the current one away.
            if objects.iter().any(|object| object.kind == ObjectKind::Database) {
                session.database = None;
            }
            // What nobody could tell afterwards is recorded at once.
            if objects.is_empty() {
                flush(session, tell, progress).await?;
            }
            return Ok(());
        };
        if stop.fatal {
            progress.evidence = Some(format!(
                "the connection was lost during statement {number}; the catalog will tell what it did"
            ));
            return Err(stop.into());
        }
        match evidence::definitions(session, objects, text, tell).await {
            Ok(now) => match evidence::left_by_failure(text, &before, &now) {
                None if patience.again(session, &stop, progress, tell).await => continue,
                None => {
                    // Without effect, so without a trace; where this fails the next run decides the same.
                    let (table, name) = (session.place.journal(), session.place.name.clone());
                    let _ = session.query(&journal::forget(MYSQL, &table, &name, &row), tell).await;
                }
                Some(what) => progress.evidence = Some(format!("statement {number}: {what}")),
            },
            Err(_) => {
                progress.evidence = Some(format!("what statement {number} left could not be looked up"));
            }
        }
        return Err(stop.into());
    }
}

/// Writes what is due to the journal: DONE of the statement before, INTENT of the next. One commit.
async fn record(
    session: &mut MysqlSession,
    intent: Option<&JournalRow>,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let (table, name) = (session.place.journal(), session.place.name.clone());
    let done = progress.unrecorded.as_ref().map(|row| journal::done(MYSQL, &table, &name, row));
    let intent = intent.map(|row| journal::insert(MYSQL, &table, &name, row));
    let rows: Vec<String> = done.into_iter().chain(intent).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let text = match rows.as_slice() {
        [one] => format!("{}{one}", session.guard()),
        rows => format!("{}{BEGIN};{};{COMMIT}", session.guard(), rows.join(";")),
    };
    match session.query(&text, tell).await {
        Ok(_) => {
            progress.unrecorded = None;
            Ok(())
        }
        Err((_, e)) => {
            let stop = journal_stop(session, &e, progress);
            Err(roll_back(session, stop).await.into())
        }
    }
}

/// Another version table's run may drop an empty journal between our look and our first row: then it is as if we
/// had not begun, and the next attempt makes it again.
fn journal_stop(session: &MysqlSession, error: &sqlx::Error, progress: &mut Progress) -> Stop {
    let mut stop = Stop::outside(session, error, "writing the journal");
    if error::is_missing(error) {
        stop.retryable = true;
        progress.journal = false;
    }
    stop
}

/// Records DONE of the statement before, where that is still due.
async fn flush(session: &mut MysqlSession, tell: &dyn Tell, progress: &mut Progress) -> Result<(), Failure> {
    record(session, None, tell, progress).await
}

/// A transaction: of a statement with its DONE row, or, at the end, of the version rows with the last statement.
async fn transaction(
    session: &mut MysqlSession,
    work: &Work,
    part: Option<(u32, &ScriptStatement)>,
    last: bool,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut patience = Patience::new();
    loop {
        let outcome = match last {
            true => finish(session, work, part, tell, progress).await,
            false => middle(session, work, part, tell, progress).await,
        };
        match outcome {
            Err(Failure::Stopped(stop)) => {
                let stop = roll_back(session, stop).await;
                if !patience.again(session, &stop, progress, tell).await {
                    return Err(stop.into());
                }
            }
            other => return other,
        }
    }
}

/// A statement in a transaction with its DONE row: exactly once.
async fn middle(
    session: &mut MysqlSession,
    work: &Work,
    part: Option<(u32, &ScriptStatement)>,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let Some((number, statement)) = part else { return Ok(()) };
    cancelled(session)?;
    ask(session, &format!("{}{BEGIN}", session.guard()), "beginning a transaction", tell).await?;
    execute(session, work, number, statement, tell).await?;
    let row = row(session, work, number, statement, JournalState::Done, String::new());
    let insert = journal::insert(MYSQL, &session.place.journal(), &session.place.name, &row);
    match session.query(&format!("{}{insert};{COMMIT}", session.guard()), tell).await {
        Ok(_) => {
            progress.done += 1;
            progress.evidence = None;
            Ok(())
        }
        Err((_, e)) => {
            let stop = journal_stop(session, &e, progress);
            if stop.fatal {
                progress.evidence = Some(format!(
                    "the connection died while statement {number} was committed; the journal tells"
                ));
            }
            Err(stop.into())
        }
    }
}

/// The end: the last statement where it is part of it, the version rows, and no journal any more.
async fn finish(
    session: &mut MysqlSession,
    work: &Work,
    part: Option<(u32, &ScriptStatement)>,
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<(), Failure> {
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
            let mut stop = Stop::outside(session, &e, &doing);
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
    tell.committing(None);
    match session
        .query(&format!("{}{COMMIT};DO RELEASE_LOCK({})", session.guard(), step_key(session)), tell)
        .await
    {
        Ok(_) => {
            progress.executed += u32::from(part.is_some());
            Ok(())
        }
        Err((_, e)) if error::is_fatal(&e) => Err(Failure::Decided(ApplyFault {
            error: error::outside(&e, "the connection died inside COMMIT"),
            outcome: Outcome::Unknown { xid: None },
            retryable: false,
        })),
        Err((_, e)) => Err(Stop::outside(session, &e, "COMMIT").into()),
    }
}

/// Rolls the open transaction back. Where none is open that does nothing.
async fn roll_back(session: &mut MysqlSession, mut stop: Stop) -> Stop {
    if !stop.fatal
        && let Err(e) = session.wire.query(ROLL_BACK).await
    {
        // The server does it when it notices that we are gone.
        stop.fatal |= error::is_fatal(&e.1);
    }
    stop
}

/// Trying again after lock timeouts and deadlocks.
struct Patience {
    begun: Instant,
    attempt: u32,
}

impl Patience {
    fn new() -> Patience {
        Patience { begun: Instant::now(), attempt: 1 }
    }

    /// Whether to try again; if so, after a pause. Where nothing took effect yet the whole step can be tried
    /// again instead, by whoever called for it.
    async fn again(
        &mut self,
        session: &MysqlSession,
        stop: &Stop,
        progress: &Progress,
        tell: &dyn Tell,
    ) -> bool {
        let worth = stop.retryable
            && !stop.fatal
            && progress.done > 0
            && progress.journal
            && self.attempt < ATTEMPTS
            && self.begun.elapsed() < PATIENCE;
        if !worth {
            return false;
        }
        let full = Duration::from_millis(200).saturating_mul(1 << self.attempt).min(Duration::from_secs(30));
        let pause = full.mul_f64(rand::rng().random_range(0.5..=1.0));
        tell.event(EventKind::Retrying {
            attempt: self.attempt,
            max_attempts: ATTEMPTS,
            reason: stop.error.code.reason().to_owned(),
            message: stop.error.message.clone(),
            pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        });
        self.attempt += 1;
        session.canceller.pause(pause).await;
        !session.canceller.was_asked()
    }
}

fn row(
    session: &MysqlSession,
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

async fn make_journal(session: &mut MysqlSession, tell: &dyn Tell) -> Result<(), Failure> {
    let text = journal::create(MYSQL, &session.place.journal());
    ask(session, &text, "creating the journal", tell).await.map(drop)
}

async fn ask(
    session: &mut MysqlSession,
    text: &str,
    doing: &str,
    tell: &dyn Tell,
) -> Result<Vec<Answer>, Failure> {
    match session.query(text, tell).await {
        Ok(answers) => Ok(answers),
        Err((_, e)) => Err(Stop::outside(session, &e, doing).into()),
    }
}
