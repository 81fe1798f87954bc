//! The beginning of a revision: the step key (rule R15), the comparison of the version rows (rule R9), and what the
//! journal knows.

use super::connect::seconds;
use super::journalled::{MYSQL, Way};
use super::quote::literal;
use super::resume::end_orphan;
use super::session::MysqlSession;
use super::statement::{cancelled, outside};
use super::wire::Answer;
use super::{error, lock, version_table};
use crate::stop::{Failure, Stop};
use crate::version_table::compare;
use crate::{JournalRow, JournalState, TargetError, Tell, journal};
use migrated_core::Code;

/// Takes the step key, compares the version rows and reads the journal.
pub(super) async fn open(way: &mut Way<'_>) -> Result<Vec<JournalRow>, Failure> {
    let Way { session, work, tell, progress, .. } = way;
    let tell = *tell;
    cancelled(session)?;
    let (key, guard) = (step_key(session), session.guard());
    let text = format!(
        "SELECT GET_LOCK({key},0),IS_USED_LOCK({key});{guard}{};{}",
        session.place.sql().select(),
        journal::select(MYSQL, &session.place.journal(), &session.place.name)
    );
    let mut made = false;
    loop {
        let (mut answers, missing) = match session.query(&text, tell).await {
            Ok(answers) => (answers, None),
            Err((answers, e)) if error::is_missing(&e) => (answers, Some(e)),
            Err((_, e)) => return Err(outside(session, &e, "reading the version table").into()),
        };
        let ours = answers.first().and_then(|a| a.first(0)) == Some("1");
        let holder = answers.first().and_then(|a| a.first(1)).and_then(|id| id.parse::<i64>().ok());
        answers.drain(..1 + usize::from(!guard.is_empty()));
        let mut rows = Vec::new();
        let there = missing.is_none();
        if there {
            let journal = answers.pop().unwrap_or_default();
            rows = journal_rows(&journal)?;
        }
        if !ours {
            keep_out(session, &rows, holder, tell).await?;
            continue;
        }
        // Only now is the journal ours to clear: until here its rows may be those of an orphan at work.
        progress.journal = there;
        progress.found(&rows);
        match (answers.first(), missing) {
            (Some(found), _) => {
                compare(&version_table::rows(Some(found)), &work.expected_rows)?;
                return Ok(rows);
            }
            (None, Some(_)) if !made && work.expected_rows.is_empty() => {
                version_table::create(&mut session.wire, &session.place).await?;
                made = true;
            }
            (None, Some(e)) if work.expected_rows.is_empty() => {
                return Err(outside(session, &e, "reading the version table").into());
            }
            (None, _) => {
                compare(&[], &work.expected_rows)?;
                return Err(TargetError::new(Code::VersionRowsChanged, "the version table is gone").into());
            }
        }
    }
}

/// Another session works on this version table: an orphan, since the migration lock is ours. One that an INTENT
/// names is ended; any other is waited for as long as for any lock.
async fn keep_out(
    session: &mut MysqlSession,
    rows: &[JournalRow],
    holder: Option<i64>,
    tell: &dyn Tell,
) -> Result<(), Failure> {
    let named = |row: &&JournalRow| {
        let pid = row.backend.split_once(' ').and_then(|(pid, _)| pid.parse::<i64>().ok());
        row.state == JournalState::Intent && pid.is_some() && pid == holder
    };
    if let Some(row) = rows.iter().find(named) {
        end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
    }
    let wait = seconds(session.target.spec.lock_timeout);
    let text = format!("SELECT GET_LOCK({},{wait})", step_key(session));
    match session.query(&text, tell).await {
        Ok(answers) if answers.last().and_then(|a| a.first(0)) == Some("1") => Ok(()),
        Ok(_) => {
            cancelled(session)?;
            let who = holder.map_or_else(|| "another connection".to_owned(), |id| format!("connection {id}"));
            let error = TargetError::new(
                Code::LockTimeout,
                format!("{who} of an earlier run still works on a revision of this database"),
            )
            .help("wait until it is done");
            Err(Stop { retryable: true, ..Stop::refused(error) }.into())
        }
        Err((_, e)) => Err(outside(session, &e, "waiting for an earlier run's session").into()),
    }
}

pub(super) fn step_key(session: &MysqlSession) -> String {
    literal(&lock::step_key(&session.place, &session.server))
}

/// The rows of a journal's answer.
pub(super) fn journal_rows(answer: &Answer) -> Result<Vec<JournalRow>, TargetError> {
    answer.rows.iter().map(|row| journal::read(|at| super::wire::cell(row, at))).collect()
}
