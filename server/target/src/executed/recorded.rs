//! A client's statements in the journal: what they are known by, and what answers them when a body is run again.

use super::{ClientStatement, Done, Meaning};
use crate::{JournalRow, JournalState, ScriptStatement, TargetError, Treatment, Work};
use migrated_core::dialect::{split, statement_hash};
use migrated_core::{Code, DialectName};
use sha2::{Digest as _, Sha256};

/// What a statement is known by: its tokens and its parameters.
pub(crate) fn hash(dialect: DialectName, statement: &ClientStatement, meaning: &Meaning) -> String {
    let tokens = split(dialect, &meaning.text, 1).ok();
    let tokens = tokens.and_then(|all| all.first().map(|one| statement_hash(dialect, one, &meaning.text)));
    let mut hasher = Sha256::new();
    hasher.update(tokens.unwrap_or_default());
    if !statement.parameters.is_empty() {
        hasher.update(format!("{:?}", statement.parameters));
    }
    hex::encode(hasher.finalize())
}

/// A client's statement as one of a script. It stands in no file: lines count from its own beginning.
pub(crate) fn sent(meaning: &Meaning, hash: String) -> ScriptStatement {
    ScriptStatement {
        range: 0..meaning.text.len(),
        line: 1,
        column: 1,
        copy_data: None,
        hash,
        summary: meaning.summary.clone(),
        treatment: Treatment::Transactional,
    }
}

/// What answers a statement that gave no rows, as its DONE row keeps it.
pub(crate) fn kept(done: &Done) -> String {
    let last = done.last_row_id.map(|id| format!(" {}", id.cast_unsigned())).unwrap_or_default();
    done.row_count.map(|count| format!("done {count}{last}")).unwrap_or_default()
}

/// The answer that [`kept`] wrote; of a statement that commits by itself nothing is known but that it is done.
pub(crate) fn replayed(row: &JournalRow) -> Done {
    let part = |at: usize| row.definitions.split(' ').nth(at)?.parse::<u64>().ok();
    let is_kept = row.state == JournalState::Done && row.definitions.starts_with("done ");
    let (row_count, last) = if is_kept { (part(1), part(2)) } else { (None, None) };
    Done { row_count, last_row_id: last.map(u64::cast_signed), replayed: true }
}

/// A statement took effect, and the body needs the rows that it gave.
pub(crate) fn rows_unknown(work: &Work, row: &JournalRow, meaning: &Meaning) -> TargetError {
    by_hand(format!(
        "statement {} of revision {} ({}) took effect before the revision was cut off, and the rows that it gave are \
         known to nobody",
        row.statement, work.revision, meaning.summary
    ))
}

/// A statement counts on what a session had that is gone.
pub(crate) fn went_with_session(work: &Work, what: &str, meaning: &Meaning) -> TargetError {
    by_hand(format!(
        "revision {} was cut off, and {what} ({}) went with its session",
        work.revision, meaning.summary
    ))
}

fn by_hand(message: String) -> TargetError {
    TargetError::new(Code::TargetPartial, message)
        .help("do by hand what is left of the revision, then stamp it")
}
