//! The version table: its statements, making it, and comparing its rows (rule R9).

use super::connect::{Settings, VersionPlace};
use super::quote::{identifier, literal};
use super::wire::{Answer, Wire, WireError};
use super::{PostgresTarget, error};
use crate::TargetError;
use migrated_core::Code;
use migrated_core::revision::RowChange;

/// Reads all rows.
pub(super) fn select(place: &VersionPlace) -> String {
    format!("SELECT version_num FROM {}", place.qualified())
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
    let table = place.qualified();
    match change {
        RowChange::Insert(id) => format!("INSERT INTO {table} (version_num) VALUES ({})", literal(id)),
        RowChange::Delete(id) => format!("DELETE FROM {table} WHERE version_num={}", literal(id)),
        RowChange::Update { from, to } => {
            format!("UPDATE {table} SET version_num={} WHERE version_num={}", literal(to), literal(from))
        }
    }
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

/// Makes the table in a transaction of its own, outside of any other. `false` where somebody else was faster.
pub(super) async fn create(wire: &mut Wire, place: &VersionPlace) -> Result<bool, TargetError> {
    let text = format!(
        "CREATE TABLE {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {} PRIMARY KEY (version_num))",
        place.qualified(),
        identifier(&format!("{}_pkc", place.name)),
    );
    match wire.execute(&text, &mut |_| {}).await {
        Ok(_) => Ok(true),
        Err(e) if lost_race(&e) => Ok(false),
        Err(e) => Err(error::outside(&e, &format!("creating the version table {}", place.qualified()))),
    }
}

/// Two CREATE TABLEs at once: the later one finds the table, its row type or its index name taken.
fn lost_race(error: &WireError) -> bool {
    error.db().is_some_and(|db| match db.code().code() {
        "42P07" | "42710" => true,
        "23505" => {
            db.table().is_some_and(|t| t == "pg_type" || t == "pg_class")
                || db.constraint().is_some_and(|c| c.starts_with("pg_type_") || c.starts_with("pg_class_"))
        }
        _ => false,
    })
}

/// Compares the whole set of rows with what the plan expects.
pub(super) fn compare(found: &[String], expected: &[String]) -> Result<(), TargetError> {
    let sorted = |rows: &[String]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    let (found, expected) = (sorted(found), sorted(expected));
    if found == expected {
        return Ok(());
    }
    Err(TargetError::new(
        Code::VersionRowsChanged,
        format!("the version table holds {} where the plan expects {}", listed(&found), listed(&expected)),
    )
    .help("somebody else changed it; plan again"))
}

fn listed(rows: &[String]) -> String {
    if rows.is_empty() { "no row".into() } else { rows.join(", ") }
}

/// The rows after `changes`.
pub(super) fn after(expected: &[String], changes: &[RowChange]) -> Vec<String> {
    let mut rows = expected.to_vec();
    for change in changes {
        match change {
            RowChange::Insert(id) => rows.push(id.clone()),
            RowChange::Delete(id) => rows.retain(|row| row != id),
            RowChange::Update { from, to } => {
                rows.iter_mut().filter(|row| *row == from).for_each(|row| row.clone_from(to));
            }
        }
    }
    rows
}
