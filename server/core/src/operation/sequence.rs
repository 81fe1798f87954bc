//! Sequences.

use super::change::Change;
use super::{Operation, OperationError, held, is_default};
use crate::schema::{Named as _, Schema, Sequence};
use serde::{Deserialize, Serialize};

/// Makes a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateSequence {
    /// What to make.
    pub sequence: Sequence,
    /// Nothing happens where it is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_not_exists: bool,
}

/// Drops a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropSequence {
    /// What to drop, whole, so that it can be made again.
    pub sequence: Sequence,
    /// Nothing happens where it is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_exists: bool,
}

/// Changes a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterSequence {
    /// How it is.
    pub from: Sequence,
    /// How it is to be.
    pub to: Sequence,
}

impl Change for CreateSequence {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let sequence = self.sequence.clone();
        Ok(Operation::DropSequence(DropSequence { sequence, if_exists: self.if_not_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.sequences, &self.sequence, self.if_not_exists, "sequence")
    }

    fn summary(&self) -> String {
        format!("create sequence {}", self.sequence.name)
    }
}

impl Change for DropSequence {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let sequence = self.sequence.clone();
        Ok(Operation::CreateSequence(CreateSequence { sequence, if_not_exists: self.if_exists }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.sequences, &self.sequence.key(), self.if_exists, "sequence")
    }

    fn destroys(&self) -> Option<&'static str> {
        Some("drops a sequence and where it stands")
    }

    fn summary(&self) -> String {
        format!("drop sequence {}", self.sequence.name)
    }
}

impl Change for AlterSequence {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterSequence(AlterSequence { from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::put(&mut schema.sequences, &self.from.key(), &self.to, "sequence")
    }

    fn summary(&self) -> String {
        format!("alter sequence {}", self.to.name)
    }
}
