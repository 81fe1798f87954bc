//! Free ports.

use std::net::TcpListener;

/// A TCP port of this machine that nobody listens on. Somebody else may take it before it is used, so whoever
/// starts a server on it tries again with another.
///
/// # Errors
/// Where the system has none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
