//! A small step as one message to the connection's thread: BEGIN, the comparison of the version rows, the body, the
//! version rows and COMMIT.
//!
//! A message and its answer cost two thread switches, which is more than a small statement itself takes. The thread
//! goes on to the next statement while the answer to the last one is on its way, so events may lag behind it; what
//! a cancel means is decided by the commit hook alone (see [`super::cancel::Interrupt`]).

use super::error::{self, At, clean, refused};
use super::meaning;
use super::session::SqliteSession;
use super::statement::{number, tell_finished};
use super::transaction::{FAILS, ended as commit_ended, not_written, rows_text};
use super::version_table::literal;
use crate::edge::Edge;
use crate::work::Tell;
use crate::{Applied, ApplyFault, TargetError, Treatment, Work};
use futures_util::TryStreamExt;
use migrated_core::dialect::{StatementKind, classify};
use migrated_core::{Code, DialectName};
use sqlx::{AssertSqlSafe, Either, Row};
use std::sync::Arc;
use std::time::Instant;

/// Statements and bytes that a message carries at most: what runs ahead of a cancel, and is held twice in memory.
const STATEMENTS: usize = 64;
const BYTES: usize = 256 * 1024;

/// BEGIN and the comparison.
const LEAD: usize = 2;

/// Does the step, or `None` where it has to be done statement by statement: it is too large, or the version rows
/// are not as planned, which is looked into then. Nothing has been done in that case.
pub(super) async fn apply(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Option<Result<Applied, ApplyFault>> {
    let text = text(session, work)?;
    let statements = work.script.statements.len();
    let reading = LEAD + statements + 2 * work.changes.len();
    let interrupt = Arc::clone(&session.interrupt);
    interrupt.open_gate();
    let mut stream = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut session.conn);
    let (mut ended, mut returned, mut rows, mut may_abandon) = (0, 0, Vec::new(), true);
    let mut began = Instant::now();
    let failed = loop {
        let item = tokio::select! {
            biased;
            item = stream.try_next() => item,
            // BEGIN may wait for another writer, where the progress handler is not asked.
            () = interrupt.cancelled(), if ended == 0 && may_abandon => {
                may_abandon = false;
                if !interrupt.abandon() {
                    continue;
                }
                drop(stream);
                session.broken = true;
                let error = TargetError::new(Code::Cancelled, "cancelled before the first statement");
                return Some(Err(clean(error, false)));
            }
        };
        match item {
            Ok(Some(Either::Right(row))) if ended == reading => rows.push(row),
            Ok(Some(Either::Right(_))) => returned += 1,
            Ok(Some(Either::Left(done))) => {
                ended += 1;
                if let Some(one) = ended.checked_sub(LEAD + 1).and_then(|at| work.script.statements.get(at)) {
                    let sql = work.script.text.get(one.range.clone()).unwrap_or_default();
                    let count = meaning::count(sql, done.rows_affected(), returned);
                    tell_finished(work, ended - LEAD, one, count, began, tell);
                }
                edge(ended, reading, statements, tell).await;
                (returned, began) = (0, Instant::now());
                match ended.checked_sub(LEAD) {
                    Some(at) if at < statements => tell.statement_started(number(at + 1)),
                    Some(at) if at == statements => tell.committing(None),
                    _ => {}
                }
            }
            Ok(None) => break None,
            Err(e) => break Some(e),
        }
    };
    drop(stream);
    let Some(e) = failed else {
        let rows: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_unchecked(0)).collect();
        let rows = rows.map_err(|e| clean(refused(&e, "reading the version rows", &session.place), false));
        return Some(rows.map(|rows| Applied { statements: number(statements), rows, ..Applied::default() }));
    };
    if ended > reading {
        let rows: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_unchecked(0)).collect();
        // A COMMIT that readers hold up is tried again in there.
        return Some(commit_ended(session, Err(e)).await.map(|()| Applied {
            statements: number(statements),
            rows: rows.unwrap_or_default(),
            ..Applied::default()
        }));
    }
    session.rollback().await;
    let busy = error::is_busy(&e);
    if ended == 0 {
        return Some(Err(clean(refused(&e, "beginning a transaction", &session.place), busy)));
    }
    let at = ended.checked_sub(LEAD)?;
    let error = match work.script.statements.get(at) {
        Some(statement) => {
            let (text, path) = (&*work.script.text, work.path.as_str());
            let (index, total) = (number(at + 1), number(statements));
            At { text, statement, index, total, path }.failed(&e)
        }
        None => not_written(session, &work.changes, at - statements, &e),
    };
    Some(Err(clean(error, busy)))
}

/// What the end of one of the message's statements is an edge of: the thread may be further by then.
async fn edge(ended: usize, reading: usize, statements: usize, tell: &dyn Tell) {
    match ended.checked_sub(LEAD) {
        None => {}
        Some(0) => tell.edge(Edge::Compared).await,
        Some(at) if at <= statements => tell.edge(Edge::StatementDone).await,
        Some(_) if ended == reading + 1 => tell.edge(Edge::RowsWritten).await,
        Some(_) if ended > reading + 1 => tell.edge(Edge::Committed).await,
        Some(_) => {}
    }
}

/// The message; `None` where the step does not fit into one.
fn text(session: &SqliteSession, work: &Work) -> Option<String> {
    let script = &work.script;
    // Violations of foreign keys are compared in between.
    let small = script.statements.len() <= STATEMENTS && script.text.len() <= BYTES;
    if !small || script.foreign_keys.is_some() {
        return None;
    }
    let place = session.table.sql.place();
    let expected = work.expected_rows.len();
    let list: Vec<String> = work.expected_rows.iter().map(|row| literal(row)).collect();
    // As many rows as expected, all of them different, and each of them one of those: the same set.
    let mut text = format!(
        "BEGIN IMMEDIATE;SELECT CASE WHEN (SELECT count(*) = {expected} AND \
         count(DISTINCT version_num COLLATE BINARY) = {expected} AND \
         coalesce(min(version_num COLLATE BINARY IN ({})), 1) FROM {place}) THEN 1 ELSE {} END;",
        list.join(","),
        FAILS,
    );
    for one in &script.statements {
        let sql = script.text.get(one.range.clone())?;
        if one.treatment == Treatment::Hoisted || !stands_alone(sql) {
            return None;
        }
        text.push_str(sql);
        // The line's end closes a comment that would hide the semicolon.
        text.push_str("\n;");
    }
    text.push_str(&rows_text(session, &work.changes));
    text.push_str(";COMMIT");
    Some(text)
}

/// Whether SQLite takes this text for exactly one statement, whatever follows: it has a first word, no NUL, and no
/// comment that is still open at its end. And it does not end the transaction.
fn stands_alone(sql: &str) -> bool {
    let open = match (sql.rfind("/*"), sql.rfind("*/")) {
        // The star of the opening cannot close it.
        (Some(opens), Some(closes)) => opens + 2 > closes,
        (opens, _) => opens.is_some(),
    };
    !open
        && meaning::has_words(sql)
        && !sql.contains('\0')
        && classify(DialectName::Sqlite, sql).kind != StatementKind::TransactionControl
}

#[cfg(test)]
mod tests {
    use super::stands_alone;

    #[test]
    fn knows_what_could_swallow_its_successor() {
        for sql in ["SELECT 1", "SELECT 1 -- x", "SELECT /* a */ 1 /* b */", "-- x\nSELECT 1"] {
            assert!(stands_alone(sql), "{sql}");
        }
        for sql in ["", "-- x", "/* x */", "SELECT 1 /* open", "SELECT 1 /* a */ /*/", "SELECT 1\0", "COMMIT"]
        {
            assert!(!stands_alone(sql), "{sql}");
        }
    }
}
