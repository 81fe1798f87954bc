//! Reading a target's schema, and throw-away databases beside it.

use crate::TargetError;
use async_trait::async_trait;
use migrated_core::operation::Server;
use migrated_core::schema::{Extension, Schema};

/// What to inspect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectOptions {
    /// Schemas beside the target's own (PostgreSQL); empty for none.
    pub schemas: Vec<String>,
    /// All schemas but the system's; then `schemas` means nothing.
    pub all_schemas: bool,
}

/// What was read, all of it at one moment where the engine can (one snapshot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The schema, without our own tables (version table, journal) and without what belongs to an extension.
    pub schema: Schema,
    /// The server.
    pub server: Server,
    /// What was seen and left out, a line each: objects that no model holds.
    pub notes: Vec<String>,
}

/// A throw-away database, in which an engine itself normalises a desired schema. Dropped with
/// [`Scratch::discard`]; what a crash leaves behind is dropped by the next one that is made.
#[async_trait]
pub trait Scratch: Send {
    /// Executes a script, statement by statement.
    ///
    /// # Errors
    /// [`migrated_core::Code::StatementFailed`] with the statement's line and column in `text`; `path` names it.
    async fn execute(&mut self, path: &str, text: &str) -> Result<(), TargetError>;

    /// Reads its schema.
    async fn inspect(&mut self, options: &InspectOptions) -> Result<Inspected, TargetError>;

    /// Drops it.
    async fn discard(self: Box<Self>) -> Result<(), TargetError>;
}

/// What a scratch database starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScratchOptions {
    /// Extensions that the target has (PostgreSQL): made first, in their schemas.
    pub extensions: Vec<Extension>,
}
