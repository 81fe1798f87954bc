//! Examining a revision that was cut off, and noting what a person found out about one of its statements.

use super::error::refused;
use super::{SqliteTarget, backend, close, query};
use crate::examine::{Examined, Witness, examine};
use crate::journal::progress::{Effect, writer};
use crate::{BackendState, JournalRow, Target, TargetError, Work, journal};
use async_trait::async_trait;
use migrated_core::DialectName;

/// The file itself has nothing more to tell than its journal.
struct Here;

#[async_trait]
impl Witness for Here {
    async fn effect(&mut self, _work: &Work, _row: &JournalRow) -> Result<Effect, TargetError> {
        Ok(Effect::None("what SQLite refuses in a transaction gives the same when it is done twice".into()))
    }

    async fn at_work(&mut self, row: &JournalRow) -> Result<Option<String>, TargetError> {
        let Some(writer) = writer(row, format!("migrated:{}", row.run)) else { return Ok(None) };
        Ok(match backend::state(&writer) {
            BackendState::Gone => None,
            BackendState::Alive(what) => Some(what),
        })
    }
}

/// What became of each statement of `work`.
pub(super) async fn look(target: &SqliteTarget, work: &Work) -> Result<Examined, TargetError> {
    let rows = target.standing().await?.journal;
    examine(work, &rows, &mut Here).await
}

/// Notes whether the statement of an INTENT row took effect.
pub(super) async fn judge(
    target: &SqliteTarget,
    row: &JournalRow,
    took_effect: bool,
) -> Result<(), TargetError> {
    let mut opened = target.open("", true).await?;
    let text = journal::judged(DialectName::Sqlite, journal::TABLE, &target.table.name, row, took_effect);
    let noted = query::run(&mut opened.conn, text).await;
    close(opened.conn).await;
    noted.map_err(|e| refused(&e, "writing the journal", &target.place))
}
