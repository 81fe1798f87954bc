//! Triggers.

use super::change::Change;
use super::{Operation, OperationError, held};
use crate::schema::{Name, Objects, Schema, Trigger};
use serde::{Deserialize, Serialize};

/// Makes a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTrigger {
    /// The table or view.
    pub table: Name,
    /// What to make.
    pub trigger: Trigger,
}

/// Drops a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropTrigger {
    /// The table or view.
    pub table: Name,
    /// What to drop, whole, so that it can be made again.
    pub trigger: Trigger,
}

impl Change for CreateTrigger {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, trigger) = (self.table.clone(), self.trigger.clone());
        Ok(Operation::DropTrigger(DropTrigger { table, trigger }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(triggers(schema, &self.table)?, &self.trigger, false, "trigger")
    }

    fn summary(&self) -> String {
        format!("create trigger {} on {}", self.trigger.name, self.table)
    }
}

impl Change for DropTrigger {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, trigger) = (self.table.clone(), self.trigger.clone());
        Ok(Operation::CreateTrigger(CreateTrigger { table, trigger }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(triggers(schema, &self.table)?, &self.trigger.name, false, "trigger")
    }

    fn summary(&self) -> String {
        format!("drop trigger {} on {}", self.trigger.name, self.table)
    }
}

/// The triggers of a table or view.
fn triggers<'s>(schema: &'s mut Schema, on: &Name) -> Result<&'s mut Objects<Trigger>, OperationError> {
    if let Some(view) = schema.views.get_mut(on) {
        return Ok(&mut view.triggers);
    }
    Ok(&mut held::table(&mut schema.tables, on)?.triggers)
}
