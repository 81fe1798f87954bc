//! One statement of a revision, sent and told of.

use super::copy;
use super::error::{self, Place};
use super::session::PostgresSession;
use super::wire::WireError;
use crate::edge::{Edge, under_way};
use crate::stop::Stop;
use crate::{ScriptStatement, Tell, Work};
use migrated_core::event::EventKind;
use std::time::Instant;

/// The stop for a text of ours that failed.
pub(super) fn outside(error: &WireError, doing: &str) -> Stop {
    Stop {
        retryable: error::is_retryable(error),
        fatal: error.is_fatal(),
        ..Stop::refused(error::outside(error, doing))
    }
}

/// Executes one statement and tells about it.
pub(super) async fn execute(
    session: &mut PostgresSession,
    work: &Work,
    index: u32,
    statement: &ScriptStatement,
    tell: &dyn Tell,
) -> Result<(), Stop> {
    cancelled(session)?;
    let total = work.script.total();
    let text = work.script.sql(statement);
    tell.statement_started(index);
    let begun = Instant::now();
    let outcome = match &statement.copy_data {
        Some(data) => {
            let sent = copy::run(session, text, &work.script.text, data.clone(), tell);
            under_way(tell.edge(Edge::StatementSent), sent).await
        }
        None => under_way(tell.edge(Edge::StatementSent), session.tell_execute(text, tell)).await,
    };
    match outcome {
        Ok(rows) => {
            tell.event(EventKind::StatementFinished {
                index,
                total,
                line: statement.line,
                summary: statement.summary.clone(),
                rows,
                duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            });
            tell.edge(Edge::StatementDone).await;
            Ok(())
        }
        Err(e) => {
            let place = Place { path: &work.path, statement, text, index, total };
            let error = error::inside(&e, &place);
            Err(Stop { retryable: error::is_retryable(&e), fatal: e.is_fatal(), ..Stop::refused(error) })
        }
    }
}

/// Stops where somebody asked to, between statements: there the server has nothing to cancel.
pub(super) fn cancelled(session: &PostgresSession) -> Result<(), Stop> {
    match session.canceller.was_asked() {
        true => Err(Stop::cancelled()),
        false => Ok(()),
    }
}
