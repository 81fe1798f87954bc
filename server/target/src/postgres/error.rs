//! From what PostgreSQL and the driver say to [`TargetError`].

use super::wire::WireError;
use crate::{ScriptStatement, TargetError};
use migrated_core::Code;
use migrated_core::event::SqlFault;
use std::error::Error as _;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

/// Characters of a failing statement that are kept.
const STATEMENT_SHOWN: usize = 1_000;

/// The error for a failure outside of a revision's statements; `doing` says what was tried, as "reading the
/// version table".
pub(super) fn outside(error: &WireError, doing: &str) -> TargetError {
    match error.db() {
        Some(db) => {
            let code = if error.is_fatal() { Code::ConnectionLost } else { code_of(db) };
            TargetError::new(code, format!("{doing}: {}", db.message())).sql(fault(db))
        }
        None => lost(error, doing),
    }
}

/// The error for a failed statement of a revision, placed in its file.
pub(super) fn inside(error: &WireError, at: &Place<'_>) -> TargetError {
    let Some(db) = error.db() else {
        let mut lost = lost(error, &format!("{} statement {}", at.path, at.index));
        lost.sql = Some(Box::new(at.fault()));
        return lost;
    };
    let mut sql = SqlFault { ..at.fault() };
    fill(&mut sql, db);
    match db.position() {
        Some(ErrorPosition::Original(position)) => {
            (sql.line, sql.column_number) = at.line_and_column(*position as usize);
        }
        Some(ErrorPosition::Internal { position, query }) => {
            append(&mut sql.detail, &format!("at character {position} of: {}", shortened(query)));
        }
        None => {}
    }
    if let Some(context) = db.where_() {
        append(&mut sql.detail, context);
    }
    let code = match (error.is_fatal(), db.code()) {
        (true, _) => Code::ConnectionLost,
        (_, code) if *code == SqlState::LOCK_NOT_AVAILABLE => Code::LockTimeout,
        (_, code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Code::TargetPermission,
        _ => Code::StatementFailed,
    };
    TargetError::new(code, db.message()).sql(sql)
}

/// Whether the same step may succeed when it is tried again (rule R13).
pub(super) fn is_retryable(error: &WireError) -> bool {
    error.db().is_some_and(|db| {
        [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE]
            .contains(db.code())
    })
}

/// Where a statement stands, for its errors.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) statement: &'a ScriptStatement,
    pub(super) text: &'a str,
    /// From 1.
    pub(super) index: u32,
    pub(super) total: u32,
}

impl Place<'_> {
    /// The statement and its place, before the database said anything.
    pub(super) fn fault(&self) -> SqlFault {
        SqlFault {
            statement: shortened(self.text),
            statement_index: self.index,
            statement_total: self.total,
            path: self.path.to_owned(),
            line: self.statement.line,
            column_number: self.statement.column,
            ..SqlFault::default()
        }
    }

    /// Turns the server's character offset (from 1) in the statement into line and column of the file.
    fn line_and_column(&self, position: usize) -> (u32, u32) {
        let (mut line, mut column) = (self.statement.line, self.statement.column);
        for character in self.text.chars().take(position.saturating_sub(1)) {
            match character {
                '\n' => (line, column) = (line + 1, 1),
                _ => column += 1,
            }
        }
        (line, column)
    }
}

fn code_of(db: &DbError) -> Code {
    let code = db.code();
    match code.code() {
        "28P01" | "28000" => Code::TargetAuthentication,
        "3D000" | "3F000" => Code::DatabaseMissing,
        "42501" => Code::TargetPermission,
        "55P03" => Code::LockTimeout,
        "57P01" | "57P02" | "57P05" => Code::ConnectionLost,
        "57P03" | "53300" => Code::TargetUnreachable,
        "22001" => Code::IdTooLong,
        class if class.starts_with("08") => Code::ConnectionLost,
        _ => Code::TargetRefused,
    }
}

/// The error of a connection attempt to `place`.
pub(super) fn connecting(error: &tokio_postgres::Error, place: &str) -> TargetError {
    if let Some(db) = error.as_db_error() {
        let code = match code_of(db) {
            Code::ConnectionLost => Code::TargetUnreachable,
            code => code,
        };
        let refused = TargetError::new(code, format!("{place}: {}", db.message())).sql(fault(db));
        return match db.code().code() {
            "53300" => {
                refused.help("the server has no free connection slot; raise max_connections or lower the cap")
            }
            "57P03" => {
                refused.help("the server is starting up, shutting down or in recovery; try again later")
            }
            _ => refused,
        };
    }
    let mut cause = String::new();
    let mut source = error.source();
    while let Some(error) = source {
        if !cause.is_empty() {
            cause.push_str(": ");
        }
        cause.push_str(&error.to_string());
        source = error.source();
    }
    let text = error.to_string();
    // The driver's kinds are told apart only by their texts.
    if cause.contains("password missing") {
        TargetError::new(Code::TargetAuthentication, format!("{place}: the server asks for a password"))
            .help("the URL has none")
    } else if text.starts_with("authentication error") {
        TargetError::new(Code::TargetAuthentication, format!("{place}: {cause}"))
    } else if text.contains("TLS handshake") {
        TargetError::new(Code::TargetUnreachable, format!("{place}: no TLS connection: {cause}"))
            .help("see sslmode and sslrootcert in the URL")
    } else {
        let cause = if cause.is_empty() { text } else { cause };
        TargetError::new(Code::TargetUnreachable, format!("{place}: {cause}"))
    }
}

/// Whether the server, or the TLS handshake, refused in a way that another `sslmode` could cure.
pub(super) fn is_about_encryption(error: &tokio_postgres::Error) -> bool {
    match error.as_db_error() {
        Some(db) => *db.code() == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.to_string().contains("TLS handshake"),
    }
}

fn lost(error: &WireError, doing: &str) -> TargetError {
    let why = match error {
        WireError::Closed => "the server closed the connection".to_owned(),
        WireError::Postgres(error) => match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
    };
    TargetError::new(Code::ConnectionLost, format!("{doing}: {why}"))
}

/// What the database said, without a place in a file.
pub(super) fn fault(db: &DbError) -> SqlFault {
    let mut sql = SqlFault::default();
    fill(&mut sql, db);
    sql
}

fn fill(sql: &mut SqlFault, db: &DbError) {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    sql.sqlstate = db.code().code().to_owned();
    sql.message = db.message().to_owned();
    sql.detail = text(db.detail());
    sql.hint = text(db.hint());
    sql.schema = text(db.schema());
    sql.table = text(db.table());
    sql.column = text(db.column());
    sql.constraint = text(db.constraint());
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(STATEMENT_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
