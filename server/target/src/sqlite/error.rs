//! SQLite's errors in our words.

use super::place::Place;
use crate::{ApplyFault, Outcome, ScriptStatement, TargetError};
use migrated_core::Code;
use migrated_core::event::SqlFault;
use sqlx::error::DatabaseError;

/// Longest part of a statement that an error shows, in characters.
const SHOWN: usize = 500;

/// Primary result codes (sqlite.org/rescode.html).
pub(super) mod primary {
    pub(crate) const PERM: i32 = 3;
    pub(crate) const BUSY: i32 = 5;
    pub(crate) const LOCKED: i32 = 6;
    pub(crate) const READONLY: i32 = 8;
    pub(crate) const INTERRUPT: i32 = 9;
    pub(crate) const IOERR: i32 = 10;
    pub(crate) const CORRUPT: i32 = 11;
    pub(crate) const FULL: i32 = 13;
    pub(crate) const CANTOPEN: i32 = 14;
    pub(crate) const AUTH: i32 = 23;
    pub(crate) const NOTADB: i32 = 26;
}

/// SQLite's extended result code, where the error comes from SQLite.
pub(super) fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The low byte of the code, which names its family.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    extended_code(error).map(|code| code & 0xff)
}

/// Another connection holds a lock: the same thing may succeed later.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(primary::BUSY | primary::LOCKED))
}

/// The commit hook turned COMMIT into ROLLBACK (SQLITE_CONSTRAINT_COMMITHOOK).
pub(super) fn is_stopped_commit(error: &sqlx::Error) -> bool {
    extended_code(error) == Some(531)
}

/// ROLLBACK or COMMIT found no transaction: SQLite had ended it by itself.
pub(super) fn is_without_transaction(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.message().ends_with("no transaction is active"))
}

/// The table of that statement does not exist.
pub(super) fn is_no_such_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.message().starts_with("no such table"))
}

/// An error outside of a revision's statements.
pub(super) fn refused(error: &sqlx::Error, doing: &str, place: &Place) -> TargetError {
    let path = place.shown();
    let Some(database) = error.as_database_error() else {
        return TargetError::new(
            Code::ConnectionLost,
            format!("the connection to {path} broke while {doing}: {error}"),
        );
    };
    let said = database.message();
    let plain =
        |code: Code| TargetError::new(code, format!("{doing} in {path}: {said}")).sql(fault(database));
    match primary_code(error).unwrap_or_default() {
        primary::BUSY | primary::LOCKED => plain(Code::LockTimeout)
            .help("another process holds a lock on the file: end it, or try again when it is done"),
        primary::INTERRUPT => TargetError::new(Code::Cancelled, format!("cancelled while {doing}")),
        primary::READONLY | primary::PERM | primary::AUTH | primary::CANTOPEN => {
            plain(Code::TargetPermission)
                .help("the user that migrated runs as must be able to write to the file and to its folder")
        }
        primary::NOTADB => {
            TargetError::new(Code::TargetRefused, format!("{path} is not a SQLite database, or is encrypted"))
                .sql(fault(database))
        }
        primary::CORRUPT => plain(Code::TargetRefused).help("the file is damaged: restore a backup"),
        primary::FULL => plain(Code::TargetRefused).help("make room on the disk, then try again"),
        primary::IOERR => plain(Code::TargetRefused).help("the operating system failed to read or write"),
        _ => plain(Code::TargetRefused),
    }
}

/// What SQLite said.
pub(super) fn fault(error: &dyn DatabaseError) -> SqlFault {
    let message = error.message().to_owned();
    let mut fault = SqlFault {
        sqlstate: error.code().unwrap_or_default().into_owned(),
        message: message.clone(),
        ..SqlFault::default()
    };
    name_objects(&message, &mut fault);
    fault
}

/// Reads the objects out of SQLite's constraint messages; it has no fields for them.
fn name_objects(message: &str, fault: &mut SqlFault) {
    let Some((kind, names)) = message.split_once(" constraint failed: ") else { return };
    match kind {
        "UNIQUE" | "NOT NULL" if !names.starts_with("index ") => {
            let columns: Vec<_> = names.split(", ").filter_map(|name| name.rsplit_once('.')).collect();
            if let Some((table, _)) = columns.first() {
                fault.table = (*table).to_owned();
            }
            fault.column = columns.iter().map(|(_, column)| *column).collect::<Vec<_>>().join(", ");
        }
        "UNIQUE" => fault.constraint = names.trim_start_matches("index ").trim_matches('\'').to_owned(),
        "CHECK" => fault.constraint = names.to_owned(),
        _ => {}
    }
}

/// Where in the script a statement stands, for errors.
pub(super) struct At<'a> {
    pub(super) text: &'a str,
    pub(super) statement: &'a ScriptStatement,
    pub(super) index: u32,
    pub(super) total: u32,
    pub(super) path: &'a str,
}

impl At<'_> {
    fn sql(&self) -> &str {
        self.text.get(self.statement.range.clone()).unwrap_or_default()
    }

    /// The error of this statement, with its place in the revision file (rule R14).
    pub(super) fn failed(&self, error: &sqlx::Error) -> TargetError {
        let Some(database) = error.as_database_error() else {
            return TargetError::new(Code::ConnectionLost, format!("the connection broke: {error}"))
                .sql(self.fill(SqlFault { message: error.to_string(), ..SqlFault::default() }));
        };
        let fault = self.fill(fault(database));
        let message = fault.message.clone();
        match primary_code(error).unwrap_or_default() {
            primary::INTERRUPT => {
                TargetError::new(Code::Cancelled, "cancelled while the statement ran").sql(fault)
            }
            primary::BUSY | primary::LOCKED => TargetError::new(Code::LockTimeout, message).sql(fault),
            primary::FULL => TargetError::new(Code::StatementFailed, message)
                .help("make room on the disk, then run the revision again")
                .sql(fault),
            _ => TargetError::new(Code::StatementFailed, message).sql(fault),
        }
    }

    /// A refusal of ours at this statement.
    pub(super) fn refused(&self, code: Code, message: impl Into<String>) -> TargetError {
        let message = message.into();
        let fault = self.fill(SqlFault { message: message.clone(), ..SqlFault::default() });
        TargetError::new(code, message).sql(fault)
    }

    /// Adds the place. SQLite tells no offset to its drivers, but most messages name the offending word.
    fn fill(&self, mut fault: SqlFault) -> SqlFault {
        let sql = self.sql();
        (fault.line, fault.column_number) = match named_once(&fault.message, sql) {
            Some(offset) => position(self.statement, &sql[..offset]),
            None => (self.statement.line, self.statement.column),
        };
        fault.statement = excerpt(sql);
        fault.statement_index = self.index;
        fault.statement_total = self.total;
        fault.path = self.path.to_owned();
        fault
    }
}

/// Line and column after `before`, counted from where the statement begins.
fn position(statement: &ScriptStatement, before: &str) -> (u32, u32) {
    let lines = before.matches('\n').count();
    let last = before.rsplit('\n').next().unwrap_or_default();
    let columns = u32::try_from(last.chars().count()).unwrap_or(u32::MAX);
    let column = if lines == 0 { statement.column } else { 1 };
    (statement.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX)), column.saturating_add(columns))
}

/// Offset of the word that the message names, where the statement has it exactly once.
fn named_once(message: &str, sql: &str) -> Option<usize> {
    let word = if let Some(rest) = message.strip_prefix("near \"") {
        rest.rsplit_once("\": ").map(|(word, _)| word)?
    } else if let Some(rest) = message.strip_prefix("unrecognized token: \"") {
        rest.strip_suffix('"')?
    } else {
        let (what, name) = message.split_once(": ")?;
        if !matches!(what, "no such table" | "no such column" | "no such function" | "no such index") {
            return None;
        }
        name.strip_prefix("main.").unwrap_or(name)
    };
    let mut found = sql.match_indices(word).filter(|(at, _)| stands_alone(sql, *at, word));
    match (found.next(), found.next()) {
        (Some((at, _)), None) if !word.is_empty() => Some(at),
        _ => None,
    }
}

fn stands_alone(sql: &str, at: usize, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !word.chars().all(is_word) {
        return true;
    }
    let before = sql[..at].chars().next_back().is_none_or(|c| !is_word(c));
    let after = sql[at + word.len()..].chars().next().is_none_or(|c| !is_word(c));
    before && after
}

fn excerpt(sql: &str) -> String {
    match sql.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &sql[..end]),
        None => sql.to_owned(),
    }
}

/// A failure that left nothing behind.
pub(super) fn clean(error: TargetError, retryable: bool) -> ApplyFault {
    ApplyFault { error, outcome: Outcome::Clean, retryable }
}

#[cfg(test)]
mod tests {
    use super::{name_objects, named_once};
    use migrated_core::event::SqlFault;

    #[test]
    fn finds_the_word_that_a_message_names() {
        assert_eq!(named_once("near \"FORM\": syntax error", "SELECT 1\nFORM t"), Some(9));
        assert_eq!(named_once("near \"b\": syntax error", "SELECT abc b"), Some(11));
        assert_eq!(named_once("near \"b\": syntax error", "SELECT b b"), None);
        assert_eq!(named_once("near \",\": syntax error", "VALUES (,1"), Some(8));
        assert_eq!(named_once("no such column: x.y", "SELECT x.y FROM x"), Some(7));
        assert_eq!(named_once("incomplete input", "CREATE TABLE"), None);
    }

    #[test]
    fn reads_constraint_messages() {
        let read = |message: &str| {
            let mut fault = SqlFault::default();
            name_objects(message, &mut fault);
            (fault.table, fault.column, fault.constraint)
        };
        let owned = |t: &str, c: &str, k: &str| (t.to_owned(), c.to_owned(), k.to_owned());
        assert_eq!(read("UNIQUE constraint failed: t.a, t.b"), owned("t", "a, b", ""));
        assert_eq!(read("NOT NULL constraint failed: t.c"), owned("t", "c", ""));
        assert_eq!(read("CHECK constraint failed: positive"), owned("", "", "positive"));
        assert_eq!(read("UNIQUE constraint failed: index 'i'"), owned("", "", "i"));
        assert_eq!(read("FOREIGN KEY constraint failed"), owned("", "", ""));
    }
}
