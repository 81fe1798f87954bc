//! The version table: reading it, making it.

use super::connect::{Place, Purpose};
use super::wire::{Answer, Wire};
use super::{MysqlTarget, error};
use crate::TargetError;

/// Reads all rows and keeps everybody else from changing them until the transaction ends: in an empty table the
/// gap is locked.
pub(super) fn select_locked(place: &Place) -> String {
    format!("{} FOR UPDATE", place.sql().select())
}

/// The rows that an answer holds.
pub(super) fn rows(answer: Option<&Answer>) -> Vec<String> {
    answer.map(Answer::column).unwrap_or_default()
}

/// Makes the table where it is missing. `true` where it was made.
pub(super) async fn ensure(target: &MysqlTarget) -> Result<bool, TargetError> {
    let mut connected = target.connected(Purpose::Ours).await?;
    let looked = connected.wire.query(&connected.place.sql().select()).await;
    let made = match looked {
        Ok(_) => Ok(false),
        Err((_, e)) if error::is_missing(&e) => create(&mut connected.wire, &connected.place).await,
        Err((_, e)) => Err(error::outside(&e, "reading the version table")),
    };
    connected.wire.close().await;
    made
}

/// Takes the journal's rows away; without a journal nothing happens.
pub(super) async fn forget_journal(target: &MysqlTarget) -> Result<(), TargetError> {
    let mut connected = target.connected(Purpose::Ours).await?;
    let (table, name) = (connected.place.journal(), connected.place.name.clone());
    let cleared = match connected
        .wire
        .query(&crate::journal::clear(migrated_core::DialectName::Mysql, &table, &name))
        .await
    {
        Ok(_) => Ok(()),
        Err((_, e)) if error::is_missing(&e) => Ok(()),
        Err((_, e)) => Err(error::outside(&e, &format!("emptying {table}"))),
    };
    connected.wire.close().await;
    cleared
}

/// Makes the table. `false` where somebody else was faster.
pub(super) async fn create(wire: &mut Wire, place: &Place) -> Result<bool, TargetError> {
    match wire.query(&place.sql().create()).await {
        Ok(_) => Ok(true),
        Err((_, e)) if error::number(&e) == Some(1050) => Ok(false),
        Err((_, e)) => Err(error::outside(&e, &format!("creating the version table {}", place.table()))),
    }
}
