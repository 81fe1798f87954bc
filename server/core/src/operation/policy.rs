//! Row security (PostgreSQL).

use super::change::Change;
use super::{Operation, OperationError, held};
use crate::schema::{Name, Policy, RowSecurity, Schema};
use serde::{Deserialize, Serialize};

/// Makes a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatePolicy {
    /// The table.
    pub table: Name,
    /// What to make.
    pub policy: Policy,
}

/// Drops a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropPolicy {
    /// The table.
    pub table: Name,
    /// What to drop, whole, so that it can be made again.
    pub policy: Policy,
}

/// Puts a table's policies in force or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRowSecurity {
    /// The table.
    pub table: Name,
    /// How it is.
    pub from: RowSecurity,
    /// How it is to be.
    pub to: RowSecurity,
}

impl Change for CreatePolicy {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, policy) = (self.table.clone(), self.policy.clone());
        Ok(Operation::DropPolicy(DropPolicy { table, policy }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        held::make(&mut table.policies, &self.policy, false, "policy")
    }

    fn summary(&self) -> String {
        format!("create policy {} on {}", self.policy.name, self.table)
    }
}

impl Change for DropPolicy {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, policy) = (self.table.clone(), self.policy.clone());
        Ok(Operation::CreatePolicy(CreatePolicy { table, policy }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        held::take(&mut table.policies, &self.policy.name, false, "policy")
    }

    fn summary(&self) -> String {
        format!("drop policy {} on {}", self.policy.name, self.table)
    }
}

impl Change for SetRowSecurity {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (table, from, to) = (self.table.clone(), self.to, self.from);
        Ok(Operation::SetRowSecurity(SetRowSecurity { table, from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::table(&mut schema.tables, &self.table)?.row_security = self.to;
        Ok(())
    }

    fn summary(&self) -> String {
        let how = match self.to {
            RowSecurity::Disabled => "disable",
            RowSecurity::Enabled => "enable",
            RowSecurity::Forced => "force",
        };
        format!("{how} row security of {}", self.table)
    }
}
