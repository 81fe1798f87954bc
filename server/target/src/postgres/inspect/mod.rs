//! Reading the schema, and scratch databases.

mod columns;
mod comments;
mod constraints;
mod expression;
mod functions;
mod ground;
mod index_item;
mod indexes;
mod namespaces;
mod notes;
mod policies;
mod read;
mod relations;
mod row;
mod scope;
mod scratch;
mod scratch_database;
mod script;
mod sequences;
mod triggers;
mod types;
mod views;

pub(super) use ground::ground;
pub(super) use scratch::scratch;

use super::PostgresTarget;
use super::connect::{Connected, Settings};
use crate::{InspectOptions, Inspected, TargetError};

pub(super) async fn inspect(
    target: &PostgresTarget,
    options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let Connected { mut wire, version, place, .. } = target.connected("", Settings::Work).await?;
    let inspected = read::read(&mut wire, &version, &place, target.spec.schema.as_deref(), options).await;
    wire.close().await;
    inspected
}
