//! The compare of compare-and-set.

use crate::codec::{At, to_u64};
use crate::{Result, StoreError};

/// The compare of compare-and-set: the version to write where `found` is `expected`.
pub(crate) fn compare(what: String, at: At, found: Option<i64>, expected: u64) -> Result<u64> {
    match found.map(|version| to_u64(at, version)).transpose()? {
        None => Err(StoreError::NotFound { what }),
        Some(found) if found == expected => Ok(found + 1),
        Some(found) => Err(StoreError::Conflict { what, expected, found }),
    }
}
