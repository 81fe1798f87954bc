//! Digests of bytes that may be many.

use sha2::{Digest, Sha256};

use crate::Hash;

/// The SHA-256 of bytes that may be many.
pub(crate) fn digest(bytes: &[u8]) -> Hash {
    let sum = || Sha256::digest(bytes).into();
    // 100 MB take a good part of a second: other tasks of this thread should not wait for that.
    let may_block = tokio::runtime::Handle::try_current()
        .is_ok_and(|h| h.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
    if bytes.len() > 1 << 20 && may_block { tokio::task::block_in_place(sum) } else { sum() }
}
