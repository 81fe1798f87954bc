//! Copies of a target's schema, in which a run is rehearsed where the engine cannot undo DDL.

use crate::{Script, Target, TargetError};
use async_trait::async_trait;
use std::sync::Arc;

/// A copy of a target's schema in a throw-away database, with its version rows and without any other row. Dropped with
/// [`SchemaCopy::discard`]; what a crash leaves behind is dropped by [`Target::drop_leftovers`] and by the next
/// throw-away database that is made.
#[async_trait]
pub trait SchemaCopy: Send {
    /// Fills the copy. Gives what was not copied, a line each, with its reason.
    ///
    /// # Errors
    /// [`migrated_core::Code::SchemaMoved`] where the schema changes while it is read.
    async fn fill(&mut self) -> Result<Vec<String>, TargetError>;

    /// The copy as a target. Its sessions refuse every statement that would reach out of it.
    fn target(&self) -> Arc<dyn Target>;

    /// Of each statement of a script, why it is not to be executed in the copy, if it is not; an empty text where the copy
    /// itself stands in for what it does.
    fn left_out(&self, script: &Script) -> Vec<Option<String>>;

    /// Looks at the target once more: what of its schema is not as it was when the copy was made, a line each.
    async fn changed(&mut self) -> Result<Vec<String>, TargetError>;

    /// Drops it.
    async fn discard(self: Box<Self>) -> Result<(), TargetError>;
}
