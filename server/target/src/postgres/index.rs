//! Indexes built with CREATE INDEX CONCURRENTLY: whether one is there, and whether it is worth anything.

use super::error;
use super::quote::{literal, qualified};
use super::session::PostgresSession;
use super::wire::WireError;
use crate::{ObjectRef, TargetError};

/// What there is of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexState {
    /// No index of that name on that table.
    Absent,
    /// Built, and used by queries.
    Valid,
    /// Left over by a build that was cut off: it costs writes and helps no query.
    Invalid,
}

/// An index, found on its table.
pub(super) struct FoundIndex {
    pub(super) state: IndexState,
    /// Schema and name, quoted; empty where it is absent.
    pub(super) name: String,
}

/// Looks an index up. An index stands in its table's schema, so the table decides where to look.
pub(super) async fn find(
    session: &mut PostgresSession,
    index: &ObjectRef,
    table: &ObjectRef,
) -> Result<FoundIndex, TargetError> {
    let table = match &table.schema {
        Some(schema) => qualified(schema, &table.name),
        None => super::quote::identifier(&table.name),
    };
    let text = format!(
        "SELECT x.indisvalid AND x.indisready,n.nspname FROM pg_catalog.pg_class t \
         JOIN pg_catalog.pg_index x ON x.indrelid=t.oid JOIN pg_catalog.pg_class i ON i.oid=x.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid=i.relnamespace \
         WHERE t.oid=pg_catalog.to_regclass({}) AND i.relname={}",
        literal(&table),
        literal(&index.name)
    );
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "looking for the index")),
    };
    let answer = answers.last();
    let state = match answer.and_then(|a| a.first(0)) {
        None => IndexState::Absent,
        Some("t") => IndexState::Valid,
        Some(_) => IndexState::Invalid,
    };
    let name = answer.and_then(|a| a.first(1)).map(|schema| qualified(schema, &index.name));
    Ok(FoundIndex { state, name: name.unwrap_or_default() })
}

/// Drops an invalid leftover without keeping anybody from its table.
pub(super) async fn drop_invalid(session: &mut PostgresSession, name: &str) -> Result<(), WireError> {
    session.wire.execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"), &mut |_| {}).await.map(drop)
}
