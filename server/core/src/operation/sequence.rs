//! Sequences.

use super::is_default;
use crate::schema::Sequence;
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
