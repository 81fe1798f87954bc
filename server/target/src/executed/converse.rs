//! A step's body, as a client sends it.

use super::{Answer, Asked, ClientStatement, Executor, Meaning, Rows};
use crate::stop::Stop;
use crate::{TargetError, Tell, Work};
use async_trait::async_trait;
use migrated_core::event::{EventKind, SqlFault};
use migrated_core::{Code, DialectName};
use std::time::Instant;

/// Where the statements of a step come from.
pub(crate) enum Body<'a> {
    /// From its script.
    Script,
    /// From a client.
    Client(&'a mut dyn Executor),
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) row_count: Option<u64>,
    pub(crate) last_row_id: Option<i64>,
    pub(crate) replayed: bool,
}

/// What a body leaves besides its work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    /// It changes what a new session starts with.
    pub(crate) spoils_sessions: bool,
}

/// What an engine does with a client's statement.
#[async_trait]
pub(crate) trait Statements: Send {
    /// Executes it. An error that is not fatal leaves the step going on.
    async fn execute(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Stop>;
}

/// Executes what a client sends, until it says that the body is done. `done` counts statements.
pub(crate) async fn converse(
    statements: &mut dyn Statements,
    dialect: DialectName,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
    done: &mut u32,
) -> Result<Left, Stop> {
    let mut left = Left::default();
    let mut number = 0;
    let mut last: Option<(String, Meaning)> = None;
    // The failure of the last statement.
    let mut failed: Option<Stop> = None;
    let mut skipping = false;
    loop {
        tell.statement_started(0);
        let statement = match executor.next().await.map_err(Stop::refused)? {
            Asked::Done => return Ok(left),
            Asked::Failed(error) => return Err(body_failed(work, error, failed)),
            Asked::Statement(statement) => statement,
        };
        if u64::from(number) >= work.most_statements {
            return Err(Stop::refused(too_many(work)));
        }
        let id = statement.id;
        if statement.after_success && skipping {
            let skipped = Answer { id, complete: true, skipped: true, ..Answer::default() };
            executor.answer(skipped).await.map_err(Stop::refused)?;
            continue;
        }
        let meaning = match last.take() {
            // A loop sends the same text again and again.
            Some((sql, meaning)) if sql == statement.sql => Ok(meaning),
            _ => Meaning::of(dialect, &statement.sql),
        };
        let mut rows = Rows::new(&mut *executor, id, statement.batch_rows);
        number += 1;
        let outcome = match &meaning {
            Ok(meaning) => {
                left.spoils_sessions |= meaning.class.affects_new_sessions;
                tell.statement_sent(number, &meaning.summary);
                let begun = Instant::now();
                let outcome = statements.execute(number, &statement, meaning, &mut rows).await;
                if let Ok(it) = &outcome {
                    *done += u32::from(!it.replayed);
                    tell.event(EventKind::StatementFinished {
                        index: number,
                        total: 0,
                        line: 0,
                        summary: meaning.summary.clone(),
                        rows: it.row_count.unwrap_or_default(),
                        duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
                    });
                }
                outcome
            }
            Err(error) => Err(Stop::refused(placed(work, number, &statement, error.clone()))),
        };
        (failed, skipping) = match outcome {
            Ok(it) => {
                rows.complete(Ok(it)).await.map_err(Stop::refused)?;
                (None, false)
            }
            Err(stop) => {
                let told = rows.complete(Err(stop.error.clone())).await;
                if stop.fatal || stop.escaped || stop.error.code == Code::Cancelled {
                    return Err(at_line(stop, 0));
                }
                told.map_err(Stop::refused)?;
                (Some(stop), true)
            }
        };
        last = meaning.ok().map(|meaning| (statement.sql, meaning));
    }
}

fn too_many(work: &Work) -> TargetError {
    let limit = work.most_statements;
    let message = format!("the body of {} sent more than {limit} statements", work.revision);
    TargetError::new(Code::LimitExceeded, message).help(
        "send many rows as one statement with several sets of parameters, or raise `limits.max_statements` in \
         migrated.toml",
    )
}

/// A body that ended with an error. Where its last statement failed, that is why: then the step may be worth another
/// try, and what the database said is what its people want to read.
fn body_failed(work: &Work, error: TargetError, failed: Option<Stop>) -> Stop {
    let place = error.sql.clone().unwrap_or_default();
    match failed {
        Some(stop) => at_line(stop, place.line),
        None => {
            let sql = SqlFault { path: work.path.clone(), ..*place };
            Stop::refused(TargetError { sql: Some(Box::new(sql)), ..error })
        }
    }
}

/// The place in the file, which only the client knows; a statement's own lines are those of its text.
fn at_line(mut stop: Stop, line: u32) -> Stop {
    if let Some(sql) = stop.error.sql.as_deref_mut() {
        (sql.line, sql.column_number) = (line, 0);
    }
    stop
}

/// A refusal of ours with its statement.
fn placed(work: &Work, number: u32, statement: &ClientStatement, error: TargetError) -> TargetError {
    error.sql(SqlFault {
        path: work.path.clone(),
        statement: statement.sql.chars().take(400).collect(),
        statement_index: number,
        ..SqlFault::default()
    })
}
