//! One statement of a revision, sent and told of.

use super::error::{self, At};
use super::session::MysqlSession;
use crate::edge::{Edge, under_way};
use crate::stop::Stop;
use crate::{ScriptStatement, TargetError, Tell, Work};
use migrated_core::Code;
use migrated_core::event::EventKind;
use std::time::Instant;

/// The stop for a text of ours that failed.
pub(super) fn outside(session: &MysqlSession, error: &sqlx::Error, doing: &str) -> Stop {
    Stop {
        retryable: error::is_retryable(error),
        fatal: error::is_fatal(error),
        ..Stop::refused(session.refused(error, doing))
    }
}

/// Executes a statement.
pub(super) async fn execute(
    session: &mut MysqlSession,
    work: &Work,
    index: u32,
    statement: &ScriptStatement,
    tell: &dyn Tell,
) -> Result<(), Stop> {
    cancelled(session)?;
    let text = work.script.sql(statement);
    if let Err(error) = session.confined(text) {
        let at = At { path: &work.path, statement, text, index, total: work.script.total() };
        return Err(Stop::refused(error.sql(at.fault())));
    }
    tell.statement_started(index);
    let begun = Instant::now();
    session.warnings_due = false;
    match under_way(tell.edge(Edge::StatementSent), session.wire.execute(text)).await {
        Ok(rows) => {
            session.warnings_due = true;
            tell.event(EventKind::StatementFinished {
                index,
                total: work.script.total(),
                line: statement.line,
                summary: statement.summary.clone(),
                rows,
                duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            });
            tell.edge(Edge::StatementDone).await;
            Ok(())
        }
        Err(e) => {
            let at = At { path: &work.path, statement, text, index, total: work.script.total() };
            let mut error = error::inside(&e, &at);
            if session.canceller.asked.was_asked() && error::is_interrupted(&e) {
                error.code = Code::Cancelled;
            }
            Err(Stop {
                retryable: error::is_retryable(&e),
                fatal: error::is_fatal(&e),
                ..Stop::refused(error)
            })
        }
    }
}

/// Stops where somebody asked to, between statements: there the server has nothing to cancel.
pub(super) fn cancelled(session: &MysqlSession) -> Result<(), Stop> {
    match session.canceller.asked.was_asked() {
        true => Err(Stop::cancelled()),
        false => Ok(()),
    }
}

/// What can be refused before the first statement: a text that the server would not take, and hang up on.
pub(super) fn check(session: &MysqlSession, work: &Work) -> Result<(), Stop> {
    let Some(limit) = session.server.max_packet else { return Ok(()) };
    for (index, statement) in (1..).zip(&work.script.statements) {
        // The command byte counts, too.
        if statement.range.len() >= limit {
            let text = work.script.sql(statement);
            let at = At { path: &work.path, statement, text, index, total: work.script.total() };
            let why = format!(
                "the statement has {} bytes, and max_allowed_packet of the server is {limit}",
                statement.range.len()
            );
            let error = TargetError::new(Code::StatementFailed, why)
                .help("raise max_allowed_packet on the server, or cut the statement into several");
            return Err(Stop::refused(error.sql(at.fault())));
        }
    }
    Ok(())
}
