//! Executing a whole script in a scratch database.

use super::together::{self, Kind};
use crate::postgres::copy;
use crate::postgres::error::{self, Place};
use crate::postgres::wire::{Wire, WireError};
use crate::{ScriptStatement, TargetError, Treatment};
use bytes::Bytes;
use migrated_core::DialectName;
use migrated_core::dialect::{SplitError, Statement, split};
use migrated_core::event::SqlFault;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::task::Poll;
use tokio_postgres::error::DbError;

/// Statements that are sent before the first of them is answered: the server never waits for us, and what waits for
/// the server stays small.
const AHEAD: usize = 64;

/// Executes a script, statement by statement; definitions share transactions, as long as all of them work. Errors for
/// which `tolerated` says so are passed over.
///
/// After an error, statements that were sent already may still have been executed: the database is thrown away.
pub(super) async fn execute(
    wire: &mut Wire,
    path: &str,
    text: &str,
    tolerated: impl Fn(&Statement<'_>, &DbError) -> bool + Copy,
) -> Result<(), TargetError> {
    let statements = split(DialectName::Postgres, text, 1).map_err(|e| unreadable(&e, path))?;
    let total = u32::try_from(statements.len()).unwrap_or(u32::MAX);
    let failed = |at: usize, error: &WireError| {
        let statement = &statements[at];
        let placed = ScriptStatement {
            range: statement.range(),
            line: statement.line,
            column: statement.column,
            copy_data: statement.copy_data.clone(),
            hash: String::new(),
            summary: String::new(),
            treatment: Treatment::Transactional,
        };
        let index = u32::try_from(at + 1).unwrap_or(u32::MAX);
        error::inside(error, &Place { path, statement: &placed, text: statement.text, index, total })
    };
    let kinds: Vec<Kind> = statements.iter().map(together::kind).collect();
    // Within a transaction of the script's own, one failure is that of all statements after it.
    let may_share = !kinds.contains(&Kind::Transaction);
    let shared = |at: usize| match may_share {
        true => together::count(&statements[at..], &kinds[at..]),
        false => 0,
    };
    let mut at = 0;
    while at < statements.len() {
        let statement = &statements[at];
        if let Some(data) = &statement.copy_data {
            let data = Bytes::copy_from_slice(text[data.clone()].as_bytes());
            copy::feed(wire, statement.text, data, &mut |_| {}).await.map_err(|e| failed(at, &e))?;
            at += 1;
            continue;
        }
        let mut count = shared(at);
        if count > 1 {
            if together::execute(wire, &statements[at..at + count]).await.map_err(|e| failed(at, &e))? {
                at += count;
                continue;
            }
            // One by one they show which of them it was, or work.
        } else {
            let alone = |at: &usize| statements[*at].copy_data.is_none() && shared(*at) < 2;
            count = (at..statements.len()).take_while(alone).count();
        }
        match send(wire, &statements[at..at + count], tolerated).await {
            Ok(None) => at += count,
            Ok(Some((index, e))) => return Err(failed(at + index, &e)),
            Err(e) => return Err(failed(at, &e)),
        }
    }
    Ok(())
}

/// Sends statements, each as a request of its own, in their order. Gives the first that failed, and why.
async fn send(
    wire: &mut Wire,
    statements: &[Statement<'_>],
    tolerated: impl Fn(&Statement<'_>, &DbError) -> bool,
) -> Result<Option<(usize, WireError)>, WireError> {
    wire.run(
        |client| async move {
            let mut under_way = VecDeque::new();
            let mut next = statements.iter().enumerate();
            let mut waiting = true;
            while waiting || !under_way.is_empty() {
                while waiting && under_way.len() < AHEAD {
                    let Some((index, statement)) = next.next() else {
                        waiting = false;
                        break;
                    };
                    let mut request = Box::pin(client.batch_execute(statement.text));
                    // The first poll sends it; so they are sent in this order.
                    let answered = match poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await {
                        Poll::Ready(outcome) => Some(outcome),
                        Poll::Pending => None,
                    };
                    under_way.push_back((index, request, answered));
                }
                let Some((index, request, answered)) = under_way.pop_front() else { break };
                let outcome = match answered {
                    Some(outcome) => outcome,
                    None => request.await,
                };
                if let Err(e) = outcome
                    && !e.as_db_error().is_some_and(|db| tolerated(&statements[index], db))
                {
                    return Ok(Some((index, WireError::from(e))));
                }
            }
            Ok(None)
        },
        &mut |_| {},
    )
    .await
}

fn unreadable(error: &SplitError, path: &str) -> TargetError {
    let place = SqlFault {
        message: error.message.clone(),
        path: path.to_owned(),
        line: error.line,
        column_number: error.column,
        ..SqlFault::default()
    };
    TargetError::new(error.code, error.message.clone()).help(error.help.clone()).sql(place)
}
