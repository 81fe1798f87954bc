//! The way to the daemon: addresses, transport security, credentials, and a client for each service.

use crate::config::Config;
use crate::embedded;
use crate::error::{Error, Own, Result};
use hyper_util::rt::TokioIo;
use migrated_proto::v1 as pb;
use migrated_proto::v1::schema_service_client::SchemaServiceClient;
use pb::migration_service_client::MigrationServiceClient;
use pb::project_service_client::ProjectServiceClient;
use pb::revision_service_client::RevisionServiceClient;
use pb::run_service_client::RunServiceClient;
use pb::target_service_client::TargetServiceClient;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection on which nothing came for this long is asked whether it lives.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Largest message that is taken: a history, or a revision with its file, may be large.
const LARGEST: usize = 256 * 1024 * 1024;

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `http://`, `https://` or `host:port`.
    Tcp(http::Uri),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl Address {
    /// Reads an address. A bare `host:port` is `https` where `tls` is configured, and `http` else.
    ///
    /// # Errors
    /// CONFIG_INVALID where it is none of the forms.
    pub fn parse(text: &str, tls: bool) -> Result<Address> {
        let wrong = || {
            Own::ConfigInvalid
                .error(format!("`{text}` is no address of a daemon"))
                .next("write `http://host:port`, `https://host:port`, `host:port` or `unix:/path`")
        };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(wrong()) } else { Ok(Address::Unix(path.into())) };
        }
        let full = match text.split_once("://") {
            Some(("http" | "https", _)) => text.to_string(),
            Some(_) => return Err(wrong()),
            None => format!("{}://{text}", if tls { "https" } else { "http" }),
        };
        let uri: http::Uri = full.parse().map_err(|_| wrong())?;
        let has_port = uri.port_u16().is_some() || text.contains("://");
        if uri.host().is_none_or(str::is_empty) || !has_port { Err(wrong()) } else { Ok(Address::Tcp(uri)) }
    }
}

/// Puts the bearer token into each call.
#[derive(Clone)]
pub struct Credentials {
    bearer: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> std::result::Result<Request<()>, Status> {
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

/// A channel that carries the token.
pub type Wire = InterceptedService<Channel, Credentials>;

/// The daemon's services. Cheap to clone; all share one connection.
#[derive(Clone)]
pub struct Api {
    wire: Wire,
}

/// Makes a client of one service.
macro_rules! service {
    ($(#[$doc:meta])* $name:ident, $client:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> $client<Wire> {
            $client::new(self.wire.clone()).max_decoding_message_size(LARGEST)
        }
    };
}

impl Api {
    /// Over a channel that stands already.
    ///
    /// # Errors
    /// CONFIG_INVALID for a token that no header can carry.
    pub fn new(channel: Channel, token: Option<&str>) -> Result<Api> {
        let bearer = token.map(|token| -> Result<MetadataValue<Ascii>> {
            let mut value: MetadataValue<Ascii> = format!("Bearer {token}")
                .parse()
                .map_err(|_| Own::ConfigInvalid.error("the token has a character that no token has"))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let credentials = Credentials { bearer: bearer.transpose()? };
        Ok(Api { wire: InterceptedService::new(channel, credentials) })
    }

    service!(/// Revisions.
        revisions, RevisionServiceClient);
    service!(/// Migrations.
        migrations, MigrationServiceClient);
    service!(/// Runs.
        runs, RunServiceClient);
    service!(/// Schemas.
        schemas, SchemaServiceClient);
    service!(/// Targets.
        targets, TargetServiceClient);
    service!(/// Projects.
        projects, ProjectServiceClient);
}

/// Connects to the configured daemon, or to the embedded one, which is started where it does not run. `warn` is told
/// what the user should know but need not act on.
///
/// # Errors
/// DAEMON_UNREACHABLE, EMBEDDED_START or CONFIG_INVALID.
pub async fn connect(config: &Config, warn: &mut dyn FnMut(String)) -> Result<Api> {
    let token = config.token()?;
    let Some(server) = &config.settings.server else {
        return embedded(config, warn).await;
    };
    let tls = &config.settings.tls;
    let wants_tls = tls.ca_file.is_some() || tls.cert_file.is_some() || tls.server_name.is_some();
    let channel = match Address::parse(server, wants_tls)? {
        Address::Unix(path) => unix(&path).await?,
        Address::Tcp(uri) => {
            if token.is_some()
                && uri.scheme_str() == Some("http")
                && !is_loopback(uri.host().unwrap_or_default())
            {
                warn(format!("the token travels to {server} without encryption"));
            }
            tcp(config, uri, server).await?
        }
    };
    Api::new(channel, token.as_deref())
}

/// The embedded daemon; one that leaves between being found and being connected to is replaced.
async fn embedded(config: &Config, warn: &mut dyn FnMut(String)) -> Result<Api> {
    let socket = embedded::ensure(config, warn).await?;
    let channel = match unix(&socket).await {
        Ok(channel) => channel,
        Err(_) => unix(&embedded::ensure(config, warn).await?).await?,
    };
    Api::new(channel, None)
}

/// A channel over a Unix socket.
///
/// # Errors
/// DAEMON_UNREACHABLE where nobody listens.
pub async fn unix(path: &Path) -> Result<Channel> {
    let path = path.to_path_buf();
    let shown = path.display().to_string();
    let connector = tower::service_fn(move |_: http::Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    // The URI only fills the `:authority` header; the connector decides where to.
    let endpoint = keep_alive(Endpoint::from_static("http://localhost"));
    endpoint.connect_with_connector(connector).await.map_err(|e| unreachable(&format!("unix:{shown}"), &e))
}

async fn tcp(config: &Config, uri: http::Uri, shown: &str) -> Result<Channel> {
    let secure = uri.scheme_str() == Some("https");
    let mut endpoint = keep_alive(Endpoint::from(uri)).tcp_nodelay(true);
    if secure {
        let tls = transport_security(config)?;
        let wrong = |e| Own::ConfigInvalid.error(format!("transport security: {}", chain(&e)));
        endpoint = endpoint.tls_config(tls).map_err(wrong)?;
    }
    endpoint.connect().await.map_err(|e| unreachable(shown, &e))
}

fn keep_alive(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .user_agent(concat!("migratectl/", env!("CARGO_PKG_VERSION")))
        .unwrap_or_else(|_| Endpoint::from_static("http://localhost"))
}

fn transport_security(config: &Config) -> Result<ClientTlsConfig> {
    let tls = &config.settings.tls;
    let read = |path: &PathBuf| std::fs::read(path).map_err(|e| Error::file(path, "read", &e));
    let mut security = ClientTlsConfig::new();
    security = match &tls.ca_file {
        Some(path) => security.ca_certificate(Certificate::from_pem(read(path)?)),
        None => security.with_native_roots(),
    };
    if let Some(name) = &tls.server_name {
        security = security.domain_name(name);
    }
    match (&tls.cert_file, &tls.key_file) {
        (Some(cert), Some(key)) => Ok(security.identity(Identity::from_pem(read(cert)?, read(key)?))),
        (None, None) => Ok(security),
        _ => Err(Own::ConfigInvalid.error("`tls.cert_file` and `tls.key_file` go together")),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn unreachable(address: &str, cause: &tonic::transport::Error) -> Box<Error> {
    Own::DaemonUnreachable
        .error(format!("cannot reach the daemon at {address}: {}", chain(cause)))
        .state("nothing was done")
        .next("check the address and that the daemon runs, then run the command again")
}

/// A transport error says little; what lies below it says it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_read() {
        let tcp = |text: &str, tls| match Address::parse(text, tls) {
            Ok(Address::Tcp(uri)) => uri.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(tcp("http://h:1", false), "http://h:1/");
        assert_eq!(tcp("https://h", false), "https://h/");
        assert_eq!(tcp("h:1", false), "http://h:1/");
        assert_eq!(tcp("h:1", true), "https://h:1/");
        assert_eq!(tcp("[::1]:9", false), "http://[::1]:9/");
        assert_eq!(Address::parse("unix:/a/b", false), Ok(Address::Unix("/a/b".into())));
        assert_eq!(Address::parse("unix:///a/b", false), Ok(Address::Unix("/a/b".into())));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "h", "unix:", "ftp://h:1", "http://", "a b:1"] {
            assert!(Address::parse(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
        assert!(["localhost", "127.0.0.1", "[::1]"].iter().all(|h| is_loopback(h)));
        assert!(!is_loopback("10.0.0.1") && !is_loopback("localhost.example.org"));
    }
}
