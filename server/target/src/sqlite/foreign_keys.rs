//! `PRAGMA foreign_keys` inside a revision (rule R11): set before BEGIN, because a transaction turns it into a
//! no-op, and checked before COMMIT, because what was broken meanwhile would never be found again.

use super::error::{clean, refused};
use super::session::SqliteSession;
use super::{query, version_table};
use crate::ApplyFault;
use migrated_core::Code;
use migrated_core::event::SqlFault;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::HashMap;

/// A row that refers to nothing: table, rowid (none in a table without), table referred to.
type Violation = (String, Option<i64>, String);

/// Violations and how often each stands there: rows without a rowid cannot be told apart.
pub(super) type Violations = HashMap<Violation, u32>;

/// The pragma's text.
pub(super) fn set(on: bool) -> &'static str {
    if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" }
}

/// The violations that stand in the file before the revision. Where the check itself is not possible (a foreign key
/// that refers to no unique columns) nothing can be compared later: `None`.
pub(super) async fn before(conn: &mut SqliteConnection) -> Result<Option<Violations>, sqlx::Error> {
    match query::rows(conn, "PRAGMA foreign_key_check").await {
        Ok(rows) => count(&rows).map(Some),
        Err(e) if is_mismatch(&e) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Refuses to commit where the revision left violations that were not there before.
pub(super) async fn check(session: &mut SqliteSession, before: Option<Violations>) -> Result<(), ApplyFault> {
    let rows = match query::rows(&mut session.conn, "PRAGMA foreign_key_check").await {
        Ok(rows) => rows,
        Err(e) if is_mismatch(&e) && before.is_none() => return Ok(()),
        Err(e) => return Err(clean(refused(&e, "checking foreign keys", &session.place), false)),
    };
    let after =
        count(&rows).map_err(|e| clean(refused(&e, "checking foreign keys", &session.place), false))?;
    let before = before.unwrap_or_default();
    let mut new: Vec<_> = after
        .iter()
        .filter(|(violation, times)| before.get(*violation).is_none_or(|had| had < *times))
        .map(|(violation, _)| violation)
        .collect();
    new.sort();
    let Some((table, rowid, parent)) = new.first() else { return Ok(()) };
    let row = rowid.map_or_else(|| "a row".to_owned(), |rowid| format!("row {rowid}"));
    let more = match new.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message = format!(
        "the revision leaves {row} of {table} referring to a row of {parent} that does not exist{more}"
    );
    let fault = SqlFault { message: message.clone(), table: table.clone(), ..SqlFault::default() };
    Err(clean(
        crate::TargetError::new(Code::StatementFailed, message)
            .help(format!(
                "foreign_keys was off while the revision ran; PRAGMA foreign_key_check({}) lists such rows",
                version_table::name(table)
            ))
            .sql(fault),
        false,
    ))
}

fn count(rows: &[SqliteRow]) -> Result<Violations, sqlx::Error> {
    let mut violations = Violations::new();
    for row in rows {
        *violations.entry((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)).or_default() += 1;
    }
    Ok(violations)
}

fn is_mismatch(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.message().starts_with("foreign key mismatch"))
}
