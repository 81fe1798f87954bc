//! One statement of a body, sent and told of.

use super::error::{self, At, clean};
use super::session::SqliteSession;
use super::{meaning, query};
use crate::edge::{Edge, under_way};
use crate::work::Tell;
use crate::{ApplyFault, ScriptStatement, Treatment, Work};
use migrated_core::dialect::{StatementKind, classify};
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use std::time::Instant;

/// Runs one statement of the body and tells of it.
pub(super) async fn run_statement(
    session: &mut SqliteSession,
    work: &Work,
    index: u32,
    one: &ScriptStatement,
    tell: &dyn Tell,
) -> Result<(), ApplyFault> {
    let total = number(work.script.statements.len());
    let text = &*work.script.text;
    let at = At { text, statement: one, index, total, path: &work.path };
    let sql = text.get(one.range.clone()).ok_or_else(|| {
        clean(at.refused(Code::Internal, "the statement's range is not in its text"), false)
    })?;
    session.not_cancelled().map_err(|e| clean(at.refused(e.code, e.message), false))?;
    tell.statement_started(index);
    let began = Instant::now();
    let given = match one.treatment {
        Treatment::Hoisted | Treatment::LeftOut => None,
        _ if sql.contains('\0') => {
            // SQLite's parser ends there, and the rest would be lost.
            return Err(clean(
                at.refused(Code::StatementFailed, "the statement contains a NUL character"),
                false,
            ));
        }
        _ if classify(DialectName::Sqlite, sql).kind == StatementKind::TransactionControl => {
            // It would end the transaction that holds the version rows. Plans refuse it; nothing may slip by.
            let message = "a revision cannot begin or end transactions: migrated does that around it";
            return Err(clean(at.refused(Code::TransactionControl, message), false));
        }
        _ => under_way(tell.edge(Edge::StatementSent), query::execute(&mut session.conn, sql.to_owned()))
            .await
            .map_err(|e| clean(at.failed(&e), error::is_busy(&e)))?,
    };
    let rows = given.map_or(0, |given| meaning::count(sql, given.changes, given.returned));
    tell_finished(work, index as usize, one, rows, began, tell);
    tell.edge(Edge::StatementDone).await;
    Ok(())
}

/// Tells that statement `index` (from 1) is done.
pub(super) fn tell_finished(
    work: &Work,
    index: usize,
    one: &ScriptStatement,
    rows: u64,
    began: Instant,
    tell: &dyn Tell,
) {
    tell.event(EventKind::StatementFinished {
        index: number(index),
        total: number(work.script.statements.len()),
        line: one.line,
        summary: one.summary.clone(),
        rows,
        duration_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    });
}

/// A statement's number as it is told.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
