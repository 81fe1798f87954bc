//! What to do with each statement of a step outside of a transaction, where it may have been cut off before.

use super::meaning::{self, Session};
use crate::journal::{self, Resume};
use crate::{JournalRow, TargetError, Treatment, Work};
use migrated_core::Code;

/// What to do with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It is done.
    Skip,
    /// It concerns the session only: run now, and again whenever the step goes on later.
    Session,
    /// In a transaction with its DONE row.
    InTransaction,
    /// By itself, between an INTENT and a DONE row.
    Alone,
}

/// The way through a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// One for each statement.
    pub(super) doings: Vec<Doing>,
    /// Statements that are done.
    pub(super) done: u32,
    /// The first statement that is not, from 1.
    pub(super) from: u32,
    /// Why it is right to go on, where the step was cut off before.
    pub(super) evidence: Option<String>,
}

/// Decides from the journal.
///
/// What SQLite refuses in a transaction (VACUUM, some pragmas, DETACH) gives the same when it is done twice, so an
/// INTENT without DONE needs no evidence: its statement is run again.
pub(super) fn decide(work: &Work, journal: &[JournalRow]) -> Result<Plan, TargetError> {
    let total = work.script.statements.len();
    let (from, done, evidence) = match journal::resume(journal, work)? {
        Resume::Fresh => (1, 0, None),
        Resume::After { next, done } => {
            (next, done, Some(format!("{done} of {total} statements are done, and the others left nothing")))
        }
        Resume::Doubtful { row, done } => (
            row.statement,
            done,
            Some(format!(
                "{done} of {total} statements are done; statement {} may be, and doing it again changes nothing",
                row.statement
            )),
        ),
    };
    let doings: Vec<_> =
        (1..).zip(&work.script.statements).map(|(at, one)| doing(work, at < from, one)).collect();
    if evidence.is_some()
        && let Some(lost) = lost_table(work, &doings)
    {
        return Err(lost);
    }
    Ok(Plan { doings, done, from, evidence })
}

fn doing(work: &Work, is_done: bool, one: &crate::ScriptStatement) -> Doing {
    let sql = work.script.text.get(one.range.clone()).unwrap_or_default();
    match one.treatment {
        Treatment::SessionOnly | Treatment::Hoisted | Treatment::LeftOut => Doing::Session,
        // The session that did it is gone, and the setting with it.
        Treatment::Alone { .. } if is_done && meaning::session(sql) == Session::Setting => Doing::Session,
        _ if is_done => Doing::Skip,
        Treatment::Alone { .. } => Doing::Alone,
        Treatment::Transactional | Treatment::ConcurrentIndex { .. } => Doing::InTransaction,
    }
}

/// A temporary table went with its session, and with it what statements that are done put into it.
fn lost_table(work: &Work, doings: &[Doing]) -> Option<TargetError> {
    let last_done = doings.iter().rposition(|doing| *doing == Doing::Skip)?;
    work.script.statements.iter().zip(doings).take(last_done).find_map(|(one, doing)| {
        let sql = work.script.text.get(one.range.clone())?;
        (*doing == Doing::Session && meaning::session(sql) == Session::TemporaryTable).then(|| {
            TargetError::new(
                Code::TargetPartial,
                format!(
                    "revision {} was cut off while it used the temporary table of line {}, which is lost",
                    work.revision, one.line
                ),
            )
            .help("do by hand what is left of the revision, then stamp it")
        })
    })
}
