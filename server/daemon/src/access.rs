//! Who may call what: bearer tokens, peers of a Unix socket, and the right that each RPC needs.

mod layer;
mod rights;
mod tokens;

pub(crate) use layer::guard;
pub(crate) use tokens::{Access, digest};

use crate::config::access::Rights;

/// Who calls, as the access layer found out; in the extensions of every request that it lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Name of the token, `uid:1000` for a peer of a Unix socket, `local` where a loopback address asks for nothing.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) rights: Rights,
}
