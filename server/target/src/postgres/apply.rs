//! One step in a transaction: compare and set, the statements of its script or of its client, the version rows, COMMIT.
//!
//! Round trips: one for BEGIN with the comparison, one a statement, one for the version rows with the transaction
//! id, one for COMMIT.

use super::error::{self, Place};
use super::executed::Client;
use super::keys;
use super::rehearsal::check_deferred;
use super::session::PostgresSession;
use super::statement::execute;
use super::transaction::{STARTED, XID, begin, commit, guard, roll_back, stopped_inside, write_rows};
use super::version_table;
use crate::executed::{Body, Left, converse};
use crate::stop::{Stop, clean};
use crate::version_table::after;
use crate::{Applied, ApplyFault, TargetError, Tell, Treatment, Work};
use migrated_core::dialect::{StatementKind, classify};
use migrated_core::{Code, DialectName};

/// The one transaction of a run.
pub(super) struct RunTransaction {
    /// Its [`STARTED`].
    pub(super) started: String,
    /// It will be rolled back.
    pub(super) rehearsal: bool,
    /// Whether a step was applied in it: then the next one must not see what that one left in the session.
    pub(super) used: bool,
}

/// Does a step in a transaction of its own.
pub(super) async fn step(
    session: &mut PostgresSession,
    work: &Work,
    body: Body<'_>,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    ready(session, work).await.map_err(clean)?;
    let begun = begin(session, work, "BEGIN;", tell).await;
    let started = match begun {
        Ok(started) => started,
        Err(stop) => return Err(roll_back(session, stop, None).await),
    };
    let mut done = 0;
    let written = async {
        let left = statements(session, work, body, tell, &mut done).await?;
        let xid = write_rows(session, work, &started, "", tell).await?;
        Ok((left, xid))
    }
    .await;
    let (left, xid) = match written {
        Ok(written) => written,
        Err(stop) => return Err(roll_back(session, stop, Some(done)).await),
    };
    commit(session, xid, tell).await?;
    Ok(applied(work, done, left))
}

/// Does a step in the transaction that [`begin_run`] began.
pub(super) async fn in_run(
    session: &mut PostgresSession,
    work: &Work,
    body: Body<'_>,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let Some(run) = &mut session.run else {
        let error = TargetError::new(Code::Internal, "a step of a run's transaction before that was begun");
        return Err(clean(error));
    };
    no_transaction_control(work).map_err(clean)?;
    let first = !std::mem::replace(&mut run.used, true);
    let (started, rehearsal) = (run.started.clone(), run.rehearsal);
    let (mut begun, mut done) = (false, 0);
    let outcome = async {
        let before = if first { String::new() } else { session.reassert() };
        begin(session, work, &before, tell).await?;
        begun = true;
        let left = statements(session, work, body, tell, &mut done).await?;
        write_rows(session, work, &started, "", tell).await?;
        if rehearsal {
            check_deferred(session).await?;
        }
        Ok(left)
    }
    .await;
    match outcome {
        Ok(left) => Ok(applied(work, done, left)),
        Err(stop) => {
            session.run = None;
            Err(roll_back(session, stop, begun.then_some(done)).await)
        }
    }
}

/// Begins the transaction of a run.
pub(super) async fn begin_run(session: &mut PostgresSession) -> Result<(), TargetError> {
    make_version_table(session).await?;
    let text = format!("BEGIN;SELECT {STARTED}");
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "beginning the run's transaction")),
    };
    let started = answers.last().and_then(|a| a.first(0)).unwrap_or_default().to_owned();
    session.run = Some(RunTransaction { started, rehearsal: false, used: false });
    Ok(())
}

/// Commits the transaction of a run.
pub(super) async fn commit_run(session: &mut PostgresSession, tell: &dyn Tell) -> Result<(), ApplyFault> {
    let Some(run) = session.run.take() else {
        return Err(clean(TargetError::new(Code::Internal, "no run's transaction is open")));
    };
    let text = format!("{};{}SELECT {XID}", guard(&run.started), keys::held(session));
    let xid = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers.last().and_then(|a| a.first(0)).map(str::to_owned),
        Err((before, e)) => {
            let stop = stopped_inside(&before, &e, "committing the run");
            return Err(roll_back(session, stop, Some(0)).await);
        }
    };
    commit(session, xid, tell).await
}

/// What must be there before a transaction begins.
pub(super) async fn ready(session: &mut PostgresSession, work: &Work) -> Result<(), TargetError> {
    no_transaction_control(work)?;
    if session.place.exists {
        return Ok(());
    }
    if !work.expected_rows.is_empty() {
        // A session that was opened ahead saw the target before an earlier step made the table; if it is gone after
        // all, reading its rows tells.
        session.place.exists = true;
        return Ok(());
    }
    make_version_table(session).await
}

/// Nobody should get this far with such a statement (rule R10); a step that ends its own transaction is too bad
/// to rely on that.
fn no_transaction_control(work: &Work) -> Result<(), TargetError> {
    for (index, statement) in (1..).zip(&work.script.statements) {
        let text = work.script.sql(statement);
        let meaning = classify(DialectName::Postgres, text);
        if meaning.kind == StatementKind::TransactionControl {
            let total = work.script.total();
            let place = Place { path: &work.path, statement, text, index, total };
            return Err(TargetError::new(
                Code::TransactionControl,
                format!("{} in a revision whose transactions are ours", meaning.label),
            )
            .sql(place.fault()));
        }
    }
    Ok(())
}

async fn make_version_table(session: &mut PostgresSession) -> Result<(), TargetError> {
    if !session.place.exists {
        version_table::create(&mut session.wire, &session.place).await?;
        session.place.exists = true;
    }
    Ok(())
}

fn applied(work: &Work, statements: u32, left: Left) -> Applied {
    let rows = after(&work.expected_rows, &work.changes);
    Applied { statements, rows, spoils_sessions: left.spoils_sessions }
}

/// Executes a revision's statements, each alone.
async fn statements(
    session: &mut PostgresSession,
    work: &Work,
    body: Body<'_>,
    tell: &dyn Tell,
    done: &mut u32,
) -> Result<Left, Stop> {
    if let Body::Client(executor) = body {
        let mut client = Client::new(session, work, tell);
        return converse(&mut client, DialectName::Postgres, work, executor, tell, done).await;
    }
    for (index, statement) in (1..).zip(&work.script.statements) {
        if !matches!(statement.treatment, Treatment::Hoisted | Treatment::LeftOut) {
            execute(session, work, index, statement, tell).await?;
            *done += 1;
        }
    }
    Ok(Left::default())
}
