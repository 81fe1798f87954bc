//! Reading the schema, and scratch databases.

mod columns;
mod comments;
mod constraints;
mod expression;
mod functions;
mod index_item;
mod indexes;
mod namespaces;
mod notes;
mod policies;
mod read;
mod relations;
mod row;
mod scope;
mod sequences;
mod triggers;
mod types;
mod views;

use super::PostgresTarget;
use super::connect::{Connected, Settings};
use crate::{InspectOptions, Inspected, Scratch, ScratchOptions, TargetError};
use migrated_core::Code;

pub(super) async fn inspect(
    target: &PostgresTarget,
    options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let Connected { mut wire, version, place, .. } = target.connected("", Settings::Work).await?;
    let inspected = read::read(&mut wire, &version, &place, target.spec.schema.as_deref(), options).await;
    wire.close().await;
    inspected
}

pub(super) async fn scratch(
    target: &PostgresTarget,
    options: &ScratchOptions,
) -> Result<Box<dyn Scratch>, TargetError> {
    let _ = (target, options);
    Err(TargetError::new(Code::ScratchRequired, "scratch databases are not there yet"))
}
