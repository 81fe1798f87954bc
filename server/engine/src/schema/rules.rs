//! The rules of comparisons: from files, and what the history owns.

use super::formats::unreadable;
use super::source::{SchemaFile, SchemaSource, Scope};
use crate::place::Place;
use crate::{Engine, Result};
use migrated_core::Code;
use migrated_core::diff::{Drops, Rules, objects};
use migrated_core::schema::text;
use migrated_target::Inspected;

/// Reads the rules in a file, YAML or JSON; `path` is its name, for messages.
///
/// # Errors
/// [`Code::InvalidRequest`] with the place of what is wrong.
pub fn read(path: &str, content: &str) -> Result<Rules> {
    text::read_rules(content).map_err(|e| {
        let file = SchemaFile { path: path.to_owned(), text: content.to_owned() };
        let mut error = unreadable(&file, e.message, e.line, e.column);
        error.code = Code::InvalidRequest;
        error
    })
}

impl Engine {
    /// The rules with what the revisions own, where that limits what may be dropped: `history` is replayed in scratch
    /// beside `place`.
    pub(crate) async fn with_owned(
        &self,
        rules: &Rules,
        history: Option<&SchemaSource>,
        place: &Place,
        scope: &Scope,
        beside: &Inspected,
    ) -> Result<Rules> {
        let mut rules = rules.clone();
        if rules.drop == Drops::Owned
            && rules.owned.is_empty()
            && let Some(history) = history
        {
            let replayed = self.read_source(history, place, scope, Some(beside)).await?;
            rules.owned = objects(&replayed.schema);
        }
        Ok(rules)
    }
}
