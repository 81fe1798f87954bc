//! Steps outside of a transaction (rule R12).

use super::query;
use super::session::SqliteSession;
use crate::work::Tell;
use crate::{Applied, ApplyFault, JournalRow, JournalState, TargetError, Work};
use migrated_core::Code;
use migrated_core::event::Direction;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// The journal's table.
pub(super) const TABLE: &str = "migrated_journal";

/// Its rows in the order of the statements.
pub(super) async fn read(conn: &mut SqliteConnection) -> Result<Vec<JournalRow>, sqlx::Error> {
    let rows = query::rows(
        conn,
        "SELECT revision, direction, statement, hash, state, definitions, run, backend FROM migrated_journal \
         ORDER BY revision, statement",
    )
    .await?;
    rows.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<JournalRow, sqlx::Error> {
    Ok(JournalRow {
        revision: row.try_get(0)?,
        direction: if row.try_get::<String, _>(1)? == "down" { Direction::Down } else { Direction::Up },
        statement: row.try_get(2)?,
        hash: row.try_get(3)?,
        state: if row.try_get::<String, _>(4)? == "DONE" { JournalState::Done } else { JournalState::Intent },
        definitions: row.try_get(5)?,
        run: row.try_get(6)?,
        backend: row.try_get(7)?,
    })
}

pub(super) async fn apply(
    _session: &mut SqliteSession,
    _work: &Work,
    _tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    Err(super::error::clean(TargetError::new(Code::Internal, "not yet"), false))
}
