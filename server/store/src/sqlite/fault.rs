//! What SQLite said, as a [`StoreError`]. Result codes: <https://www.sqlite.org/rescode.html>.

use sqlx::error::{DatabaseError, ErrorKind};

use crate::StoreError;

const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;
// Extended codes of SQLITE_IOERR for the calls that a full device or a quota makes fail.
const SQLITE_IOERR_WRITE: i32 = 778;
const SQLITE_IOERR_FSYNC: i32 = 1034;
const SQLITE_IOERR_TRUNCATE: i32 = 1546;
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// The error of a call that should have worked.
pub(super) fn fault(error: sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else { return StoreError::Unavailable(error.to_string()) };
    let code = code(database);
    match (code, code & 0xff) {
        (SQLITE_IOERR_WRITE | SQLITE_IOERR_FSYNC | SQLITE_IOERR_TRUNCATE | SQLITE_IOERR_SHMSIZE, _)
        | (_, SQLITE_FULL) => StoreError::Full(database.message().to_owned()),
        (_, SQLITE_CORRUPT | SQLITE_NOTADB) => {
            StoreError::Corrupt { table: "database", column: "file", detail: database.message().to_owned() }
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Whether a unique key or primary key was there already.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.kind() == ErrorKind::UniqueViolation)
}

/// Whether a row that was referred to is missing, or one that is referred to was to go.
pub(super) fn is_dangling(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.kind() == ErrorKind::ForeignKeyViolation)
}

fn code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}
