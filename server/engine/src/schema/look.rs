//! Reading a target's schema for people.

use super::compare::because;
use super::source::Scope;
use crate::place::TargetRequest;
use crate::{Engine, Result};
use migrated_core::diff::{Rules, look};
use migrated_core::operation::Server;
use migrated_core::schema::Schema;

/// A target's schema.
#[derive(Clone, Debug)]
pub struct Looked {
    /// What is looked at of it.
    pub schema: Schema,
    /// Its engine.
    pub server: Server,
    /// What was seen and no model holds, a line each.
    pub notes: Vec<String>,
    /// What rules left out, a line each.
    pub left_out: Vec<String>,
}

impl Engine {
    /// Reads a target's schema, without what the filters of `rules` leave out. Never writes.
    pub async fn look(&self, target: &TargetRequest, scope: &Scope, rules: &Rules) -> Result<Looked> {
        let inspected = self.inspect(target, scope).await?;
        let (schema, left) = look(&inspected.schema, rules);
        let left_out =
            left.iter().map(|left| format!("{} is not shown: {}", left.object, because(left.because)));
        let left_out = left_out.collect();
        Ok(Looked { schema, server: inspected.server, notes: inspected.notes, left_out })
    }
}
