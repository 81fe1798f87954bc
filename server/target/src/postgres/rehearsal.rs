//! A rehearsal: one transaction for a run, which is only ever rolled back.

use super::apply::RunTransaction;
use super::error;
use super::session::PostgresSession;
use super::statement::outside;
use super::transaction::STARTED;
use crate::stop::{Stop, clean};
use crate::{ApplyFault, Outcome, TargetError};
use migrated_core::Code;

/// The names of all constraints that may be deferred, then of those that are unless told otherwise. SET CONSTRAINTS goes
/// by name: one that stands for a constraint that may not be deferred, too, is left out.
const DEFERRABLE: &str = "SELECT pg_catalog.string_agg(name,','),pg_catalog.string_agg(name,',') FILTER (WHERE deferred) \
    FROM (SELECT pg_catalog.format('%I.%I',n.nspname,c.conname) AS name,pg_catalog.bool_or(c.condeferred) AS deferred \
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid=c.connamespace \
    GROUP BY n.nspname,c.conname HAVING pg_catalog.bool_and(c.condeferrable)) AS named";

/// Begins the transaction, with a version table in it.
pub(super) async fn begin(session: &mut PostgresSession) -> Result<(), TargetError> {
    let make = match session.place.exists {
        true => String::new(),
        false => format!("{};", session.place.sql().create()),
    };
    let text = format!("BEGIN;{make}SELECT {STARTED}");
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "beginning the rehearsal's transaction")),
    };
    session.place.exists = true;
    let started = answers.last().and_then(|a| a.first(0)).unwrap_or_default().to_owned();
    session.run = Some(RunTransaction { started, rehearsal: true, used: false });
    Ok(())
}

/// Checks what the COMMIT of a step would check: constraints and constraint triggers that were deferred up to it.
/// Afterwards they are deferred again, as they are at the beginning of the next transaction.
pub(super) async fn check_deferred(session: &mut PostgresSession) -> Result<(), Stop> {
    let answers = match session.wire.query(DEFERRABLE, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(outside(&e, "reading the constraints that may be deferred")),
    };
    let name = |at| answers.last().and_then(|answer| answer.first(at)).filter(|names| !names.is_empty());
    let Some(all) = name(0) else { return Ok(()) };
    let mut text = format!("SET CONSTRAINTS {all} IMMEDIATE");
    if let Some(deferred) = name(1) {
        text.push_str(&format!(";SET CONSTRAINTS {deferred} DEFERRED"));
    }
    match session.wire.query(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err((_, e)) => {
            let mut stop = outside(&e, "checking what COMMIT would check");
            if !stop.fatal {
                stop.error.code = Code::StatementFailed;
            }
            Err(stop)
        }
    }
}

/// Rolls back. Without its connection the server does that by itself.
pub(super) async fn end(session: &mut PostgresSession) -> Result<(), ApplyFault> {
    session.run = None;
    // Outside of a transaction the server warns (25P01): then a statement had ended ours.
    let mut ended = false;
    let mut rolled_back =
        session.wire.execute("ROLLBACK", &mut |m| ended |= m.code().code() == "25P01").await;
    if rolled_back.as_ref().is_err_and(|e| !e.is_fatal()) {
        // A cancel request that came late hit it.
        rolled_back = session.wire.execute("ROLLBACK", &mut |_| {}).await;
    }
    match rolled_back {
        Ok(_) if !ended => Ok(()),
        Ok(_) => {
            let message =
                "a statement ended the transaction of the rehearsal: what ran before it may be committed";
            let error = TargetError::new(Code::TargetPartial, message)
                .help("compare the database with the revisions of the rehearsal");
            let evidence = "there was nothing to roll back".to_owned();
            Err(ApplyFault { error, outcome: Outcome::Partial { done: 0, evidence }, retryable: false })
        }
        Err(e) => Err(clean(error::outside(&e, "rolling the rehearsal back"))),
    }
}
