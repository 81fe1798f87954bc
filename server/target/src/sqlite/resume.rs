//! Where a step that was cut off goes on: decided from the journal's rows and the statements' hashes alone.

use super::statement::{self, Session};
use crate::{JournalRow, JournalState, ScriptStatement, TargetError, Treatment, Work};
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
    /// Statements with a DONE row.
    pub(super) done: u32,
    /// The first statement without one, from 1; behind the last where all are done.
    pub(super) from: u32,
    /// Why it is right to go on, where the step was cut off before.
    pub(super) evidence: Option<String>,
}

/// Decides. Refuses where the journal belongs to another revision or direction, where a statement that is done was
/// changed, and where what the session held cannot be brought back.
pub(super) fn decide(work: &Work, journal: &[JournalRow]) -> Result<Plan, TargetError> {
    let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
    if let Some(other) =
        journal.iter().find(|row| row.revision != work.revision || row.direction != work.direction)
    {
        return Err(TargetError::new(
            Code::TargetPartial,
            format!("revision {} was cut off at statement {}", other.revision, other.statement),
        )
        .help("finish that revision first: run the same command as then"));
    }
    let mut doings: Vec<_> = work.script.statements.iter().map(|one| doing(work, one)).collect();
    let mut done = 0;
    let mut intent = None;
    for row in journal {
        let at = row.statement.checked_sub(1).map(|at| at as usize);
        let same = at
            .and_then(|at| Some((work.script.statements.get(at)?, doings.get_mut(at)?)))
            .filter(|(one, doing)| one.hash == row.hash && !matches!(doing, Doing::Session));
        match (same, row.state) {
            (Some((_, doing)), JournalState::Done) => {
                *doing = Doing::Skip;
                done += 1;
            }
            // One that was about to be sent may be edited: it left nothing, or is run again.
            (_, JournalState::Intent) => intent = Some(row.statement),
            (None, JournalState::Done) => return Err(changed(work, row)),
        }
    }
    let first_open = doings.iter().position(|doing| matches!(doing, Doing::InTransaction | Doing::Alone));
    let last_done = doings.iter().rposition(|doing| *doing == Doing::Skip);
    if let (Some(open), Some(done)) = (first_open, last_done)
        && open < done
    {
        let row = journal.iter().rfind(|row| row.state == JournalState::Done);
        return Err(row.map_or_else(
            || TargetError::new(Code::Internal, "a statement is done without a row"),
            |row| changed(work, row),
        ));
    }
    if let Some(lost) = lost_table(work, &doings, last_done) {
        return Err(lost);
    }
    let from = first_open.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(total.saturating_add(1));
    let evidence = (!journal.is_empty()).then(|| match intent {
        Some(at) => format!("{done} of {total} statements have a DONE row; statement {at} can be run again"),
        None => format!("{done} of {total} statements have a DONE row, the others left nothing"),
    });
    Ok(Plan { doings, done, from, evidence })
}

fn doing(work: &Work, one: &ScriptStatement) -> Doing {
    let sql = work.script.text.get(one.range.clone()).unwrap_or_default();
    match (&one.treatment, statement::session(sql)) {
        (Treatment::SessionOnly | Treatment::Hoisted, _) => Doing::Session,
        // Setting a value twice is setting it once, whatever else the pragma needs.
        (Treatment::Alone { .. }, Session::Setting) => Doing::Session,
        (Treatment::Alone { .. }, _) => Doing::Alone,
        (Treatment::Transactional | Treatment::ConcurrentIndex { .. }, _) => Doing::InTransaction,
    }
}

fn changed(work: &Work, row: &JournalRow) -> TargetError {
    TargetError::new(
        Code::ChangedPartial,
        format!("statement {} of revision {} is done already, but was changed", row.statement, work.revision),
    )
    .help("a revision that was cut off may be edited from its first statement that is not done")
}

/// A temporary table went with its session, and with it what statements that are done put into it.
fn lost_table(work: &Work, doings: &[Doing], last_done: Option<usize>) -> Option<TargetError> {
    let last_done = last_done?;
    work.script.statements.iter().zip(doings).take(last_done).find_map(|(one, doing)| {
        let sql = work.script.text.get(one.range.clone())?;
        (*doing == Doing::Session && statement::session(sql) == Session::TemporaryTable).then(|| {
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
