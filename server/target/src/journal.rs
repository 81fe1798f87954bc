//! The journal of revisions that are not one transaction (rule R12): its table, its statements, and where to go
//! on after a crash. Pure: the engines' modules execute what is made here.
//!
//! The table `migrated_journal` stands beside the version table. It exists only while a revision is under way or
//! was cut off; an empty one means healthy. Several version tables of one schema share it, so every row names its
//! own.

use crate::{JournalRow, JournalState, ScriptStatement, TargetError, Treatment, Work};
use migrated_core::dialect::literal::quote_text;
use migrated_core::event::Direction;
use migrated_core::{Code, DialectName};

/// The table's name.
pub const TABLE: &str = "migrated_journal";

/// Columns in the order of [`select`].
const COLUMNS: &str = "revision, direction, statement, hash, state, definitions, run, backend";

/// Makes the table where it is missing. `table` is quoted and qualified in all of these.
pub fn create(dialect: DialectName, table: &str) -> String {
    let (text, engine) = match dialect {
        DialectName::Mysql => ("MEDIUMTEXT", " ENGINE=InnoDB"),
        DialectName::Postgres | DialectName::Sqlite => ("TEXT", ""),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (version_table VARCHAR(64) NOT NULL, revision VARCHAR(128) NOT NULL, \
         direction VARCHAR(4) NOT NULL, statement INTEGER NOT NULL, hash CHAR(64) NOT NULL, \
         state VARCHAR(6) NOT NULL, definitions {text} NOT NULL, run VARCHAR(64) NOT NULL, \
         backend VARCHAR(128) NOT NULL, PRIMARY KEY (version_table, revision, direction, statement)){engine}"
    )
}

/// Reads the rows of a version table.
pub fn select(dialect: DialectName, table: &str, version_table: &str) -> String {
    let version_table = quote_text(dialect, version_table);
    format!("SELECT {COLUMNS} FROM {table} WHERE version_table = {version_table} ORDER BY statement")
}

/// Writes a row.
pub fn insert(dialect: DialectName, table: &str, version_table: &str, row: &JournalRow) -> String {
    let text = |value: &str| quote_text(dialect, value);
    format!(
        "INSERT INTO {table} (version_table, {COLUMNS}) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        text(version_table),
        text(&row.revision),
        text(direction(row.direction)),
        row.statement,
        text(&row.hash),
        text(state(row.state)),
        text(&row.definitions),
        text(&row.run),
        text(&row.backend),
    )
}

/// Marks the statement of an INTENT row as done.
pub fn done(dialect: DialectName, table: &str, version_table: &str, row: &JournalRow) -> String {
    let done = quote_text(dialect, state(JournalState::Done));
    format!("UPDATE {table} SET state = {done} WHERE {}", one(dialect, version_table, row))
}

/// Takes one row away: its statement had no effect.
pub fn forget(dialect: DialectName, table: &str, version_table: &str, row: &JournalRow) -> String {
    format!("DELETE FROM {table} WHERE {}", one(dialect, version_table, row))
}

/// Takes away the INTENT rows of a row's statement and of those after it: none of them had an effect.
pub fn forget_from(dialect: DialectName, table: &str, version_table: &str, row: &JournalRow) -> String {
    format!(
        "DELETE FROM {table} WHERE {} AND statement >= {} AND state = {}",
        of_revision(dialect, version_table, row),
        row.statement,
        quote_text(dialect, state(JournalState::Intent))
    )
}

/// Notes what a person found out about the statement of an INTENT row. Where it had no effect, what was announced behind
/// it had none either.
pub fn judged(
    dialect: DialectName,
    table: &str,
    version_table: &str,
    row: &JournalRow,
    took_effect: bool,
) -> String {
    match took_effect {
        true => done(dialect, table, version_table, row),
        false => forget_from(dialect, table, version_table, row),
    }
}

/// Takes all rows of a version table away: its revision is done, or nothing of it took effect.
pub fn clear(dialect: DialectName, table: &str, version_table: &str) -> String {
    format!("DELETE FROM {table} WHERE version_table = {}", quote_text(dialect, version_table))
}

fn one(dialect: DialectName, version_table: &str, row: &JournalRow) -> String {
    format!("{} AND statement = {}", of_revision(dialect, version_table, row), row.statement)
}

fn of_revision(dialect: DialectName, version_table: &str, row: &JournalRow) -> String {
    format!(
        "version_table = {} AND revision = {} AND direction = {}",
        quote_text(dialect, version_table),
        quote_text(dialect, &row.revision),
        quote_text(dialect, direction(row.direction)),
    )
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

const fn state(state: JournalState) -> &'static str {
    match state {
        JournalState::Intent => "INTENT",
        JournalState::Done => "DONE",
    }
}

/// Reads a row of [`select`]; `cell` gives its columns as text.
///
/// # Errors
/// [`Code::TargetPartial`] where the row is not one of ours.
pub fn read<'a>(cell: impl Fn(usize) -> Option<&'a str>) -> Result<JournalRow, TargetError> {
    let unreadable = || {
        TargetError::new(Code::TargetPartial, format!("{TABLE} holds a row that this release cannot read"))
            .help("a revision was cut off by another release; finish it with that one")
    };
    let text = |index| cell(index).map(str::to_owned).ok_or_else(unreadable);
    Ok(JournalRow {
        revision: text(0)?,
        direction: match cell(1) {
            Some("up") => Direction::Up,
            Some("down") => Direction::Down,
            _ => return Err(unreadable()),
        },
        statement: cell(2).and_then(|n| n.parse().ok()).ok_or_else(unreadable)?,
        hash: text(3)?,
        state: match cell(4) {
            Some("INTENT") => JournalState::Intent,
            Some("DONE") => JournalState::Done,
            _ => return Err(unreadable()),
        },
        definitions: text(5)?,
        run: text(6)?,
        backend: text(7)?,
    })
}

/// Where a revision goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume<'a> {
    /// At its first statement: nothing of it was ever journalled.
    Fresh,
    /// At statement `next` (from 1); all journalled ones before it are done.
    After {
        /// The first statement without DONE.
        next: u32,
        /// How many are done.
        done: u32,
    },
    /// An INTENT without DONE: evidence must decide whether its statement took effect.
    Doubtful {
        /// The INTENT.
        row: &'a JournalRow,
        /// How many are done.
        done: u32,
    },
}

/// Whether a statement is journalled at all.
pub fn is_journalled(statement: &ScriptStatement) -> bool {
    !matches!(statement.treatment, Treatment::SessionOnly | Treatment::Hoisted | Treatment::LeftOut)
}

/// Decides from the journal where `work` goes on.
///
/// # Errors
/// [`Code::TargetPartial`] where the rows are another revision's or contradict each other,
/// [`Code::ChangedPartial`] where a statement that is done was changed since.
pub fn resume<'a>(rows: &'a [JournalRow], work: &Work) -> Result<Resume<'a>, TargetError> {
    of_another(rows, work)?;
    if rows.is_empty() {
        return Ok(Resume::Fresh);
    }
    let mut done = 0;
    for (number, statement) in (1..).zip(&work.script.statements) {
        match rows.iter().find(|row| row.statement == number) {
            Some(row) if row.state == JournalState::Done => {
                if row.hash != statement.hash {
                    return Err(changed(work, row.statement));
                }
                done += 1;
            }
            Some(row) => return Ok(Resume::Doubtful { row, done }),
            None if !is_journalled(statement) => {}
            None => {
                return match rows.iter().find(|row| row.statement > number) {
                    Some(later) => Err(changed(work, later.statement)),
                    None => Ok(Resume::After { next: number, done }),
                };
            }
        }
    }
    // What was sent last may since have been taken out of the revision.
    let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
    match rows.iter().find(|row| row.statement > total) {
        Some(row) if row.state == JournalState::Intent => Ok(Resume::Doubtful { row, done }),
        Some(row) => Err(changed(work, row.statement)),
        None => Ok(Resume::After { next: total + 1, done }),
    }
}

/// Refuses to begin a revision while another one is partly applied.
///
/// # Errors
/// [`Code::TargetPartial`].
pub fn of_another(rows: &[JournalRow], work: &Work) -> Result<(), TargetError> {
    let another = rows.iter().find(|r| r.revision != work.revision || r.direction != work.direction);
    let Some(row) = another else { return Ok(()) };
    Err(TargetError::new(
        Code::TargetPartial,
        format!(
            "revision {} was cut off at statement {} while going {}",
            row.revision,
            row.statement,
            direction(row.direction)
        ),
    )
    .help("finish that revision first: apply it again in the same direction"))
}

/// The refusal for a done statement that is not what it was.
pub fn changed(work: &Work, statement: u32) -> TargetError {
    TargetError::new(
        Code::ChangedPartial,
        format!(
            "statement {statement} of revision {} took effect before the revision was cut off, and was changed since",
            work.revision
        ),
    )
    .help("put it back as it was; statements after the last one that is done may be edited")
}

pub(crate) mod progress;
#[cfg(test)]
mod tests;
