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
mod together;
mod triggers;
mod types;
mod views;

pub(super) use ground::ground;
pub(super) use scratch::scratch;

use super::PostgresTarget;
use super::connect::{Connected, Settings};
use super::error;
use crate::{InspectOptions, Inspected, ScratchOptions, TargetError};
use scope::Scope;

/// The extensions: all else that a script may count on is made with the scratch database.
pub(super) async fn furniture(target: &PostgresTarget) -> Result<ScratchOptions, TargetError> {
    let Connected { mut wire, version, place, .. } = target.connected("", Settings::Work).await?;
    let read = async {
        let own = match &target.spec.schema {
            Some(schema) => schema.clone(),
            None => read::own_schema(&mut wire).await?,
        };
        let answers = wire.query(&namespaces::extensions_sql(), &mut |_| {}).await;
        let answers = answers.map_err(|(_, e)| error::outside(&e, "reading the extensions"))?;
        let options = InspectOptions::default();
        let scope = Scope::new(version.major, own, &options, &place);
        let read = |answer| namespaces::read_extensions(answer, &scope).into_iter().collect();
        Ok(ScratchOptions { extensions: answers.first().map(read).unwrap_or_default() })
    }
    .await;
    wire.close().await;
    read
}

pub(super) async fn inspect(
    target: &PostgresTarget,
    options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let Connected { mut wire, version, place, .. } = target.connected("", Settings::Work).await?;
    let inspected = read::read(&mut wire, &version, &place, target.spec.schema.as_deref(), options).await;
    wire.close().await;
    inspected
}
