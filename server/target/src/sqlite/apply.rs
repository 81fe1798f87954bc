//! One step: compare the version rows, run the body, write the version rows, commit (rules R9 and R11).

use super::error::{clean, refused};
use super::meaning::{self, Session};
use super::session::SqliteSession;
use super::statement::run_statement;
use super::transaction::{begin, compare, end_told, version_rows, write_and_commit, write_rows};
use super::{foreign_keys, query, whole};
use crate::edge::Edge;
use crate::work::Tell;
use crate::{Applied, ApplyFault, TargetError, Treatment, Work};
use migrated_core::Code;

/// Does a step in a transaction of its own.
pub(super) async fn step(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    remember(session, work).await?;
    if let Some(applied) = whole::apply(session, work, tell).await {
        return applied;
    }
    let asked = work.script.foreign_keys;
    let switch = match asked {
        Some(on) if on != session.foreign_keys => format!("{};", foreign_keys::set(on)),
        _ => String::new(),
    };
    let applied = match begin(session, &switch).await {
        Ok(rows) => match inside(session, work, rows, tell).await {
            Ok(statements) => write_and_commit(session, work, tell).await.map(|rows| Applied {
                statements,
                rows,
                ..Applied::default()
            }),
            Err(fault) => {
                session.rollback().await;
                Err(fault)
            }
        },
        Err(fault) => Err(fault),
    };
    session.restore_foreign_keys(asked).await;
    applied
}

/// Does a step inside the transaction of the run. A failure rolls back the whole run.
pub(super) async fn in_run(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let applied = in_open_run(session, work, tell).await;
    if applied.is_err() {
        session.rollback().await;
    }
    applied
}

async fn in_open_run(
    session: &mut SqliteSession,
    work: &Work,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    if !session.in_run {
        let message = "no transaction of the run is open";
        return Err(clean(TargetError::new(Code::Internal, message), false));
    }
    let asked = work.script.foreign_keys;
    if !session.rehearsal && asked.is_some_and(|asked| asked != session.foreign_keys) {
        let message = format!(
            "revision {} sets PRAGMA foreign_keys, which nothing can change inside one transaction for the run",
            work.revision
        );
        return Err(clean(
            TargetError::new(Code::RunTransactionRefused, message)
                .help("run without --per-run-transaction: then each revision has its own"),
            false,
        ));
    }
    session.leave_nothing(work).await?;
    let rows = query::rows(&mut session.conn, session.table.sql.select()).await;
    let rows = version_rows(session, rows)?;
    let statements = inside(session, work, rows, tell).await?;
    let rows = write_rows(session, &work.changes).await.map_err(|e| clean(e, false))?;
    session.not_cancelled().map_err(|e| clean(e, false))?;
    session.take_back(work).await?;
    Ok(Applied { statements, rows, ..Applied::default() })
}

/// Commits the transaction of the run.
pub(super) async fn commit_run(session: &mut SqliteSession, tell: &dyn Tell) -> Result<(), ApplyFault> {
    if !std::mem::take(&mut session.in_run) {
        return Err(clean(TargetError::new(Code::Internal, "no transaction of the run is open"), false));
    }
    if let Err(e) = session.not_cancelled() {
        session.rollback().await;
        return Err(clean(e, false));
    }
    tell.edge(Edge::RowsWritten).await;
    tell.committing(None);
    end_told(session, Edge::Committed, tell).await
}

/// The comparison and the body. Gives how many statements were executed.
async fn inside(
    session: &mut SqliteSession,
    work: &Work,
    rows: Option<Vec<String>>,
    tell: &dyn Tell,
) -> Result<u32, ApplyFault> {
    compare(session, work, rows).await.map_err(|e| clean(e, false))?;
    tell.edge(Edge::Compared).await;
    let asked = work.script.foreign_keys;
    // No COMMIT comes after a rehearsed step, which would find what it left broken.
    let uncommitted = session.rehearsal && asked.unwrap_or(session.foreign_keys);
    let unchecked = asked == Some(false) || uncommitted;
    let before = if unchecked {
        let before = foreign_keys::before(&mut session.conn).await;
        before.map_err(|e| clean(refused(&e, "checking foreign keys", &session.place), false))?
    } else {
        None
    };
    let mut statements = 0;
    for (index, one) in (1..).zip(&work.script.statements) {
        if one.treatment == Treatment::LeftOut {
            continue;
        }
        run_statement(session, work, index, one, tell).await?;
        statements += 1;
    }
    if unchecked {
        foreign_keys::check(session, before).await?;
    }
    Ok(statements)
}

/// Before a body that may leave something in the session, its look is remembered.
pub(super) async fn remember(session: &mut SqliteSession, work: &Work) -> Result<(), ApplyFault> {
    if touches(work) {
        session.remember().await.map_err(|e| clean(e, false))?;
    }
    Ok(())
}

/// Whether any statement of the body may leave something in the session.
pub(super) fn touches(work: &Work) -> bool {
    work.script.statements.iter().any(|one| {
        !matches!(one.treatment, Treatment::Hoisted | Treatment::LeftOut)
            && work
                .script
                .text
                .get(one.range.clone())
                .is_some_and(|sql| meaning::session(sql) != Session::Untouched)
    })
}
