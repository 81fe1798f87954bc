//! Reading the schema, and scratch databases.

use super::SqliteTarget;
use crate::{InspectOptions, Inspected, Scratch, ScratchOptions, TargetError};
use migrated_core::Code;

pub(super) async fn inspect(
    target: &SqliteTarget,
    options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let _ = (target, options);
    Err(TargetError::new(Code::Internal, "inspection is not there yet"))
}

pub(super) async fn scratch(
    target: &SqliteTarget,
    options: &ScratchOptions,
) -> Result<Box<dyn Scratch>, TargetError> {
    let _ = (target, options);
    Err(TargetError::new(Code::ScratchRequired, "scratch databases are not there yet"))
}
