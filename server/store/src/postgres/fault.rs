//! What PostgreSQL said, as a [`StoreError`]. Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use sqlx::error::ErrorKind;

use crate::StoreError;

const DISK_FULL: &str = "53100";

/// The error of a call that should have worked.
pub(super) fn fault(error: sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return StoreError::Unavailable(match error {
            sqlx::Error::PoolClosed => "it was closed".to_owned(),
            sqlx::Error::PoolTimedOut => {
                "no connection to its server could be had in time (store.connect_timeout)".to_owned()
            }
            error => error.to_string(),
        });
    };
    let told = database.message().to_owned();
    match database.code().as_deref() {
        Some(DISK_FULL) => StoreError::Full(told),
        // XX001 data_corrupted, XX002 index_corrupted.
        Some("XX001" | "XX002") => StoreError::Corrupt { table: "database", column: "server", detail: told },
        Some(code) => StoreError::Unavailable(format!("{told} (SQLSTATE {code})")),
        None => StoreError::Unavailable(told),
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
