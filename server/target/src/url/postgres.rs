//! PostgreSQL: libpq's connection parameters (its manual, section "Parameter Key Words"), with libpq's defaults.

use super::parts::{Parts, read_port};
use super::{host_key, invalid, unknown_option};
use crate::TargetError;
use std::path::PathBuf;
use std::time::Duration;

const KNOWN: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "prepared_statement_cache_size",
    "ssl",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Parameters of libpq that make no sense in a daemon, and why.
const REFUSED: &[(&str, &str)] = &[
    ("passfile", "a password file is not read; put the password into the URL"),
    ("service", "connection service files are not read"),
    ("servicefile", "connection service files are not read"),
    ("sslpassword", "encrypted client keys are not supported"),
    ("sslcrl", "revocation lists are not supported"),
    ("sslcrldir", "revocation lists are not supported"),
    ("krbsrvname", "GSSAPI is not supported"),
    ("replication", "a replication connection cannot migrate"),
];

/// How much TLS (libpq's manual, "SSL Mode Descriptions").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// None.
    Disable,
    /// Only where the server refuses to go without.
    Allow,
    /// Where the server can.
    #[default]
    Prefer,
    /// Always; the certificate is checked only where `sslrootcert` names authorities.
    Require,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority that names the host.
    VerifyFull,
}

/// Whether the login is bound to the TLS channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBindingMode {
    /// Never.
    Disable,
    /// Where both sides can.
    #[default]
    Prefer,
    /// Always.
    Require,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresHost {
    /// Host name or address, without brackets.
    Tcp(String),
    /// Folder of its Unix socket.
    Unix(PathBuf),
}

/// A PostgreSQL database.
#[derive(Clone)]
pub struct PostgresUrl {
    /// Hosts in the order in which they are tried, each with its port.
    pub hosts: Vec<(PostgresHost, u16)>,
    /// Addresses of the hosts, where they must not be looked up: none, or one for each.
    pub addresses: Vec<std::net::IpAddr>,
    /// User; the operating system's user of this process unless told.
    pub user: String,
    /// Password.
    pub password: Option<String>,
    /// Database; the user's name unless told.
    pub database: String,
    /// Command-line options for the backend (`-c name=value`).
    pub options: Option<String>,
    /// Bound on connecting, where the URL has one.
    pub connect_timeout: Option<Duration>,
    /// TLS.
    pub ssl_mode: SslMode,
    /// Whether TLS begins without asking first (`sslnegotiation=direct`).
    pub ssl_direct: bool,
    /// Authority certificates (PEM file); the system's for `system` and where a verifying mode names none.
    pub ssl_root_cert: Option<PathBuf>,
    /// Our certificate (PEM file).
    pub ssl_cert: Option<PathBuf>,
    /// Its key (PEM file, not encrypted).
    pub ssl_key: Option<PathBuf>,
    /// Channel binding.
    pub channel_binding: ChannelBindingMode,
    /// Hosts are tried in random order.
    pub random_host: bool,
    /// Only a server that takes writes will do.
    pub read_write: bool,
    /// Whether TCP keepalives are sent; ours are more eager than the system's unless told.
    pub keepalives: bool,
    /// Idle time before the first.
    pub keepalives_idle: Duration,
    /// Time between them.
    pub keepalives_interval: Duration,
    /// How many may stay unanswered.
    pub keepalives_count: u32,
    /// How long sent data may stay unacknowledged.
    pub tcp_user_timeout: Option<Duration>,
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

impl PostgresUrl {
    /// Shown to people: no password, no options.
    pub fn display(&self) -> String {
        format!("postgresql://{}@{}/{}", self.user, self.places(|h| h.to_owned()).join(","), self.database)
    }

    /// Normalised hosts, ports and database (rule R7). The user is not part of it.
    pub fn key(&self) -> String {
        let mut places = self.places(host_key);
        places.sort();
        places.dedup();
        format!("postgresql://{}/{}", places.join(","), self.database)
    }

    fn places(&self, name: impl Fn(&str) -> String) -> Vec<String> {
        let place = |(host, port): &(PostgresHost, u16)| match host {
            PostgresHost::Tcp(host) => match name(host) {
                host if host.contains(':') => format!("[{host}]:{port}"),
                host => format!("{host}:{port}"),
            },
            PostgresHost::Unix(folder) => format!("{}:{port}", folder.display()),
        };
        self.hosts.iter().map(place).collect()
    }
}

pub(super) fn parse(parts: Parts) -> Result<PostgresUrl, TargetError> {
    let mut hosts: Vec<String> = parts.hosts.iter().map(|(host, _)| host.clone()).collect();
    let mut ports: Vec<Option<u16>> = parts.hosts.iter().map(|(_, port)| *port).collect();
    let (mut user, mut password, mut database) = (parts.user, parts.password, parts.database);
    let mut url = PostgresUrl {
        hosts: Vec::new(),
        addresses: Vec::new(),
        user: String::new(),
        password: None,
        database: String::new(),
        options: None,
        connect_timeout: None,
        ssl_mode: SslMode::Prefer,
        ssl_direct: false,
        ssl_root_cert: None,
        ssl_cert: None,
        ssl_key: None,
        channel_binding: ChannelBindingMode::Prefer,
        random_host: false,
        read_write: false,
        keepalives: true,
        keepalives_idle: Duration::from_secs(30),
        keepalives_interval: Duration::from_secs(10),
        keepalives_count: 3,
        tcp_user_timeout: None,
    };
    for (key, value) in parts.options {
        let number = || value.parse::<u64>().map_err(|_| invalid(format!("{key} is not a number")));
        let seconds = || number().map(Duration::from_secs);
        match key.as_str() {
            "host" => hosts = value.split(',').map(str::to_owned).collect(),
            "hostaddr" => {
                let read = |a: &str| a.parse().map_err(|_| invalid("hostaddr is not an IP address"));
                url.addresses = value.split(',').map(read).collect::<Result<_, _>>()?;
            }
            "port" => {
                let read = |p: &str| if p.is_empty() { Ok(None) } else { read_port(p).map(Some) };
                ports = value.split(',').map(read).collect::<Result<_, _>>()?;
            }
            "user" => user = Some(value),
            "password" => password = Some(value),
            "dbname" => database = Some(value),
            "options" => url.options = Some(value),
            "connect_timeout" => url.connect_timeout = Some(seconds()?).filter(|t| !t.is_zero()),
            "sslmode" | "ssl" => url.ssl_mode = read_ssl_mode(&value)?,
            "sslnegotiation" => {
                url.ssl_direct = choose(&key, &value, &[("postgres", false), ("direct", true)])?;
            }
            "sslrootcert" => url.ssl_root_cert = Some(PathBuf::from(value)),
            "sslcert" => url.ssl_cert = Some(PathBuf::from(value)),
            "sslkey" => url.ssl_key = Some(PathBuf::from(value)),
            "channel_binding" => {
                use ChannelBindingMode::{Disable, Prefer, Require};
                let known = [("disable", Disable), ("prefer", Prefer), ("require", Require)];
                url.channel_binding = choose(&key, &value, &known)?;
            }
            "load_balance_hosts" => {
                url.random_host = choose(&key, &value, &[("disable", false), ("random", true)])?;
            }
            "target_session_attrs" => {
                if matches!(value.as_str(), "standby" | "prefer-standby" | "read-only") {
                    return Err(invalid(format!(
                        "target_session_attrs={value} asks for a server without writes"
                    )));
                }
                let known = [("any", false), ("read-write", true), ("primary", true)];
                url.read_write = choose(&key, &value, &known)?;
            }
            "keepalives" => url.keepalives = number()? != 0,
            "keepalives_idle" => url.keepalives_idle = seconds()?,
            "keepalives_interval" => url.keepalives_interval = seconds()?,
            "keepalives_count" => url.keepalives_count = number()?.try_into().unwrap_or(u32::MAX),
            "tcp_user_timeout" => {
                url.tcp_user_timeout = Some(Duration::from_millis(number()?)).filter(|t| !t.is_zero());
            }
            // The name is ours to set, GSSAPI is never used, and drivers' own settings do not concern us.
            "application_name" | "fallback_application_name" | "gssencmode" => {}
            "prepared_statement_cache_size" => {}
            "client_encoding" => {
                let plain = value.to_ascii_lowercase().replace(['-', '_'], "");
                if !matches!(plain.as_str(), "utf8" | "auto") {
                    return Err(invalid("client_encoding can only be utf8: revision files are UTF-8"));
                }
            }
            other => {
                return Err(match REFUSED.iter().find(|(name, _)| *name == other) {
                    Some((name, why)) => invalid(format!("{name}: {why}")),
                    None => unknown_option(other, KNOWN),
                });
            }
        }
    }
    url.hosts = pair_hosts(&hosts, &ports, url.addresses.len())?;
    url.user = match user {
        Some(user) => user,
        None => whoami::username().map_err(|_| invalid("it names no user, and this process has none"))?,
    };
    url.database = database.unwrap_or_else(|| url.user.clone());
    url.password = password;
    Ok(url)
}

/// Pairs hosts with ports as libpq does: one port is for all, else there must be as many as hosts.
fn pair_hosts(
    hosts: &[String],
    ports: &[Option<u16>],
    addresses: usize,
) -> Result<Vec<(PostgresHost, u16)>, TargetError> {
    let count = hosts.len().max(addresses).max(1);
    if addresses != 0 && addresses != count {
        return Err(invalid("hostaddr names not as many addresses as there are hosts"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(invalid("there are not as many ports as hosts"));
    }
    let host = |i: usize| match hosts.get(i).map(String::as_str).unwrap_or_default() {
        "" => PostgresHost::Tcp("localhost".into()),
        path if path.starts_with('/') => PostgresHost::Unix(PathBuf::from(path)),
        name => PostgresHost::Tcp(name.to_owned()),
    };
    let port = |i: usize| ports.get(i).or(ports.first()).copied().flatten().unwrap_or(5432);
    Ok((0..count).map(|i| (host(i), port(i))).collect())
}

fn read_ssl_mode(value: &str) -> Result<SslMode, TargetError> {
    let known = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
        // asyncpg's `ssl=` takes these as well.
        ("true", SslMode::Require),
        ("false", SslMode::Disable),
    ];
    choose("sslmode", &value.to_ascii_lowercase(), &known)
}

fn choose<T: Copy>(key: &str, value: &str, known: &[(&str, T)]) -> Result<T, TargetError> {
    known.iter().find(|(name, _)| *name == value).map(|(_, it)| *it).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        invalid(format!("{key} is none of {}", names.join(", ")))
    })
}
