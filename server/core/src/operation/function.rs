//! Functions, procedures and aggregates.

use super::change::Change;
use super::{Operation, OperationError, held};
use crate::schema::{Function, FunctionKind, Named as _, Schema};
use serde::{Deserialize, Serialize};

/// Makes a function or procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFunction {
    /// What to make.
    pub function: Function,
}

/// Drops a function or procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropFunction {
    /// What to drop, whole, so that it can be made again.
    pub function: Function,
}

/// Puts another body in a function, with CREATE OR REPLACE: the types stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterFunction {
    /// How it is.
    pub from: Function,
    /// How it is to be.
    pub to: Function,
}

impl Change for CreateFunction {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let function = self.function.clone();
        Ok(Operation::DropFunction(DropFunction { function }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.functions, &self.function, false, "function")
    }

    fn summary(&self) -> String {
        format!("create {}", called(&self.function))
    }
}

impl Change for DropFunction {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let function = self.function.clone();
        Ok(Operation::CreateFunction(CreateFunction { function }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.functions, &self.function.key(), false, "function")
    }

    fn summary(&self) -> String {
        format!("drop {}", called(&self.function))
    }
}

impl Change for AlterFunction {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterFunction(AlterFunction { from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.functions, &self.from.key(), &self.to, "function")
    }

    fn summary(&self) -> String {
        format!("alter {}", called(&self.to))
    }
}

fn called(function: &Function) -> String {
    let kind = match function.kind {
        FunctionKind::Function => "function",
        FunctionKind::Procedure => "procedure",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Event => return format!("event {}", function.name),
    };
    format!("{kind} {}({})", function.name, function.arguments)
}
