//! Section `listen`: where the daemon answers, and what a connection may do.

use super::schema::section;
use super::value::{Size, Span, Words};
use super::{Config, Problems};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

section! {
    /// Where the daemon answers, and what a connection may do.
    Listen {
        /// Addresses to listen on: `IP:PORT`, `localhost:PORT` or `unix:/absolute/path`. A TCP address that is not
        /// loopback needs `tls.cert_file`, `tls.key_file` and at least one token in `access.tokens`.
        addresses: Words = Words::Many(vec!["127.0.0.1:7465".into()]),
        /// Whether gRPC-Web is spoken as well (over HTTP/1.1 and HTTP/2), for browsers.
        grpc_web: bool = false,
        /// Origins that a browser may call from, as `https://host`; `*` allows all. Of use with `grpc_web` only.
        grpc_web_origins: Words = Words::Many(Vec::new()),
        /// Whether the API can be explored with reflection. Where tokens are needed, reflection needs one too.
        reflection: bool = true,
        /// Largest message that is accepted.
        max_message_size: Size = Size::mebibytes(16),
        /// Most requests under way on one connection.
        max_concurrent_streams: u32 = 1000,
        /// Most connections at a time, over all addresses; further ones wait to be accepted.
        max_connections: usize = 10_000,
        /// How often a silent connection is asked for a sign of life (HTTP/2 ping); `0s` for never.
        keepalive_interval: Span = Span::seconds(30),
        /// How long the sign of life may take before the connection is closed.
        keepalive_timeout: Span = Span::seconds(20),
        /// Age at which a connection is told to finish its requests and to connect anew, so that load spreads over
        /// replicas; `0s` for never. Streams then go on for `max_connection_age_grace`.
        max_connection_age: Span = Span::seconds(0),
        /// How long the requests of a connection that grew too old may go on; `0s` for as long as they take.
        max_connection_age_grace: Span = Span::seconds(0),
        /// How long a TLS handshake may take.
        handshake_timeout: Span = Span::seconds(10),
        /// How long open requests may take to end when the daemon stops, after its runs have ended.
        drain_timeout: Span = Span::seconds(10),
    }
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "{address}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// Reads the written form. `localhost` is the only name: what others mean may change under our feet.
    pub(crate) fn parse(text: &str) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            // Both `unix:/path` and gRPC's `unix:///path`.
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            return match path.is_absolute() {
                true => Ok(Address::Unix(path)),
                false => Err(format!(
                    "{text:?}: the path of a Unix socket must be absolute, as unix:/run/migrated.sock"
                )),
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Address::Tcp(address));
        }
        let local = text.strip_prefix("localhost:").and_then(|_| text.to_socket_addrs().ok());
        match local.and_then(|mut all| all.find(|a| a.ip().is_loopback())) {
            Some(address) => Ok(Address::Tcp(address)),
            None => Err(format!("{text:?} is no address: write IP:PORT, localhost:PORT or unix:/path")),
        }
    }

    /// Whether others than this machine's users could reach it.
    pub(crate) fn is_exposed(&self) -> bool {
        matches!(self, Address::Tcp(address) if !address.ip().to_canonical().is_loopback())
    }
}

impl Listen {
    /// The addresses; those that cannot be read were found by [`Listen::validate`].
    pub(crate) fn parsed(&self) -> Vec<Address> {
        self.addresses.all().iter().filter_map(|a| Address::parse(a).ok()).collect()
    }

    /// Finds what cannot work, or must not.
    pub(crate) fn validate(&self, config: &Config, problems: &mut Problems) {
        if self.addresses.all().is_empty() {
            problems.add("listen.addresses", "at least one address is needed");
        }
        let mut seen = std::collections::HashSet::new();
        for text in self.addresses.all() {
            match Address::parse(text) {
                Err(e) => problems.add("listen.addresses", e),
                Ok(address) => {
                    if address.is_exposed() {
                        exposed(&address, config, problems);
                    }
                    let any_port = matches!(&address, Address::Tcp(a) if a.port() == 0);
                    if !any_port && !seen.insert(address) {
                        problems.add("listen.addresses", format!("{text:?} stands there twice"));
                    }
                }
            }
        }
        for (key, number) in [
            ("listen.max_concurrent_streams", self.max_concurrent_streams as usize),
            ("listen.max_connections", self.max_connections),
        ] {
            if number == 0 {
                problems.add(key, "must be at least 1");
            }
        }
        if !(1 << 10..=2 << 30).contains(&self.max_message_size.0) {
            problems.add("listen.max_message_size", "must lie between 1KiB and 2GiB");
        }
        if self.keepalive_timeout.0.is_zero() {
            problems.add("listen.keepalive_timeout", "must be longer than nothing");
        }
        for origin in self.grpc_web_origins.all().iter().filter(|o| *o != "*") {
            if http::HeaderValue::from_str(origin).is_err() {
                problems.add("listen.grpc_web_origins", format!("{origin:?} is no origin"));
            }
        }
    }
}

/// A listener that strangers can reach answers to nobody without TLS and a token.
fn exposed(address: &Address, config: &Config, problems: &mut Problems) {
    let mut missing = Vec::new();
    if config.tls.cert_file.is_none() || config.tls.key_file.is_none() {
        missing.push("TLS (`tls.cert_file` and `tls.key_file`)");
    }
    if config.access.tokens.is_empty() {
        missing.push("at least one token (`[[access.tokens]]`; `migrated token` makes one)");
    }
    if !missing.is_empty() {
        problems.add(
            "listen.addresses",
            format!(
                "{address} is reachable from outside of this machine and needs {}; \
                 or listen on 127.0.0.1, ::1 or a Unix socket",
                missing.join(" and ")
            ),
        );
    }
}
