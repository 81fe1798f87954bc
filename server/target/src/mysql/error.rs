//! From what the server and the driver say to [`TargetError`]. Error numbers are those of both manuals.

use crate::{ScriptStatement, TargetError};
use migrated_core::Code;
use migrated_core::event::SqlFault;
use sqlx::mysql::MySqlDatabaseError;

/// Characters of a failing statement that are kept.
const STATEMENT_SHOWN: usize = 1_000;

/// "Subquery returns more than 1 row": what our own guards fail with.
pub(super) const GUARD: u16 = 1242;

/// The server's error number.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    server(error).map(MySqlDatabaseError::number)
}

fn server(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// Whether the connection is gone with it.
pub(super) fn is_fatal(error: &sqlx::Error) -> bool {
    match number(error) {
        // Shutdown, connection killed, aborted, and errors of the network.
        Some(number) => matches!(number, 1053 | 1079 | 1152 | 1158..=1161 | 1184 | 1927 | 3032 | 4031),
        None => true,
    }
}

/// Whether the table or database that was asked for is not there.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1146 | 1049))
}

/// Whether the same statement may succeed when it is tried again: lock wait timeout, deadlock (rule R13).
pub(super) fn is_retryable(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1205 | 1213))
}

/// Whether somebody cancelled the statement.
pub(super) fn is_interrupted(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1317 | 1927 | 3024))
}

/// The error of a connection attempt to `place`.
pub(super) fn connecting(error: &sqlx::Error, place: &str) -> TargetError {
    let Some(db) = server(error) else {
        let refused = TargetError::new(Code::TargetUnreachable, format!("{place}: {error}"));
        return match error {
            sqlx::Error::Tls(_) => refused.help("see ssl-mode and ssl-ca in the URL"),
            _ => refused,
        };
    };
    let code = match db.number() {
        1045 | 1698 | 1862 | 3118 | 4151 => Code::TargetAuthentication,
        1049 => Code::DatabaseMissing,
        1044 => Code::TargetPermission,
        _ => Code::TargetUnreachable,
    };
    let refused = TargetError::new(code, format!("{place}: {}", db.message())).sql(fault(db));
    match db.number() {
        1040 | 1203 | 1226 => {
            refused.help("the server has no free connection; raise max_connections or lower the cap")
        }
        _ => refused,
    }
}

/// The error for a failure outside of a revision's statements; `doing` says what was tried.
pub(super) fn outside(error: &sqlx::Error, doing: &str) -> TargetError {
    let Some(db) = server(error) else { return lost(error, doing) };
    let code = match db.number() {
        _ if is_fatal(error) => Code::ConnectionLost,
        1205 | 1213 => Code::LockTimeout,
        1317 => Code::Cancelled,
        1049 => Code::DatabaseMissing,
        1406 => Code::IdTooLong,
        number if is_permission(number) => Code::TargetPermission,
        _ => Code::TargetRefused,
    };
    TargetError::new(code, format!("{doing}: {}", db.message())).sql(fault(db))
}

/// The error for a failed statement of a revision, placed in its file.
pub(super) fn inside(error: &sqlx::Error, at: &At<'_>) -> TargetError {
    let Some(db) = server(error) else {
        return lost(error, &format!("{} statement {}", at.path, at.index)).sql(at.fault());
    };
    let code = match db.number() {
        _ if is_fatal(error) => Code::ConnectionLost,
        1205 => Code::LockTimeout,
        number if is_permission(number) => Code::TargetPermission,
        _ => Code::StatementFailed,
    };
    let said = fault(db);
    let sql = SqlFault { sqlstate: said.sqlstate, message: said.message, detail: said.detail, ..at.fault() };
    TargetError::new(code, db.message()).sql(sql)
}

/// Access denied, to a database, a table, a column, a routine, or for want of an administrator's right.
fn is_permission(number: u16) -> bool {
    matches!(number, 1044 | 1142 | 1143 | 1227 | 1370 | 1410 | 1419)
}

fn lost(error: &sqlx::Error, doing: &str) -> TargetError {
    TargetError::new(Code::ConnectionLost, format!("{doing}: {error}"))
}

/// What the server said. Its number stands in the detail: SQLSTATE is HY000 for most of them.
fn fault(db: &MySqlDatabaseError) -> SqlFault {
    SqlFault {
        sqlstate: db.code().unwrap_or("HY000").to_owned(),
        message: db.message().to_owned(),
        detail: format!("error {}", db.number()),
        ..SqlFault::default()
    }
}

/// Where a statement stands, for its errors.
pub(super) struct At<'a> {
    pub(super) path: &'a str,
    pub(super) statement: &'a ScriptStatement,
    pub(super) text: &'a str,
    /// From 1.
    pub(super) index: u32,
    pub(super) total: u32,
}

impl At<'_> {
    /// What is known of it without an answer.
    pub(super) fn fault(&self) -> SqlFault {
        let shown = match self.text.char_indices().nth(STATEMENT_SHOWN) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.to_owned(),
        };
        SqlFault {
            statement: shown,
            statement_index: self.index,
            statement_total: self.total,
            path: self.path.to_owned(),
            line: self.statement.line,
            column_number: self.statement.column,
            ..SqlFault::default()
        }
    }
}
