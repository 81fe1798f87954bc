//! The version table: its statements, and making it.

use super::connect::{Settings, VersionPlace};
use super::wire::{Answer, Wire, WireError};
use super::{PostgresTarget, error};
use crate::TargetError;
use migrated_core::DialectName;
use migrated_core::revision::RowChange;

/// Reads all rows.
pub(super) fn select(place: &VersionPlace) -> String {
    place.sql().select()
}

/// Reads all rows and keeps everybody else from changing them: rows are locked where some are expected, the
/// table where none is.
pub(super) fn select_locked(place: &VersionPlace, expected: &[String]) -> String {
    match expected {
        [] => format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE;{}", place.qualified(), select(place)),
        _ => format!("{} FOR UPDATE", select(place)),
    }
}

/// The statement for one change.
pub(super) fn edit(place: &VersionPlace, change: &RowChange) -> String {
    place.sql().change(change)
}

/// The rows that an answer holds. A `char(n)` column pads; ids never end in a blank.
pub(super) fn rows(answer: Option<&Answer>) -> Vec<String> {
    let column = answer.map(Answer::column).unwrap_or_default();
    column.into_iter().map(|row| row.trim_end_matches(' ').to_owned()).collect()
}

/// Makes the table where it is missing. `true` where it was made.
pub(super) async fn ensure(target: &PostgresTarget) -> Result<bool, TargetError> {
    let mut connected = target.connected("", Settings::Work).await?;
    let made = match connected.place.exists {
        true => Ok(false),
        false => create(&mut connected.wire, &connected.place).await,
    };
    connected.wire.close().await;
    made
}

/// Takes the journal's rows away; without a journal nothing happens.
pub(super) async fn forget_journal(target: &PostgresTarget) -> Result<(), TargetError> {
    let mut connected = target.connected("", Settings::Work).await?;
    let table = super::standing::journal_table(&connected.place);
    let text = crate::journal::clear(DialectName::Postgres, &table, &connected.place.name);
    let cleared = match connected.wire.execute(&text, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err(e) if e.db().is_some_and(|db| db.code().code() == "42P01") => Ok(()),
        Err(e) => Err(error::outside(&e, &format!("emptying {table}"))),
    };
    connected.wire.close().await;
    cleared
}

/// Makes the table in a transaction of its own, outside of any other. `false` where somebody else was faster.
pub(super) async fn create(wire: &mut Wire, place: &VersionPlace) -> Result<bool, TargetError> {
    match wire.execute(&place.sql().create(), &mut |_| {}).await {
        Ok(_) => Ok(true),
        Err(e) if lost_race(&e) => Ok(false),
        Err(e) => Err(error::outside(&e, &format!("creating the version table {}", place.qualified()))),
    }
}

/// Two CREATE TABLEs at once: the later one finds the table, its row type or its index name taken.
pub(super) fn lost_race(error: &WireError) -> bool {
    error.db().is_some_and(|db| match db.code().code() {
        "42P07" | "42710" => true,
        "23505" => {
            db.table().is_some_and(|t| t == "pg_type" || t == "pg_class")
                || db.constraint().is_some_and(|c| c.starts_with("pg_type_") || c.starts_with("pg_class_"))
        }
        _ => false,
    })
}
