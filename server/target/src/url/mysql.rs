//! MySQL and MariaDB.

use super::parts::Parts;
use super::{SslMode, host_key, invalid, unknown_option};
use crate::TargetError;
use std::path::PathBuf;

const KNOWN: &[&str] = &[
    "charset",
    "connect_timeout",
    "socket",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_mode",
    "unix_socket",
    "use_unicode",
];

/// A MySQL or MariaDB database.
#[derive(Clone)]
pub struct MysqlUrl {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port, 3306 by default.
    pub port: u16,
    /// Unix socket, instead of host and port.
    pub socket: Option<PathBuf>,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Database.
    pub database: Option<String>,
    /// How much TLS; [`SslMode::Prefer`] unless told.
    pub ssl_mode: SslMode,
    /// Authority certificates (PEM file).
    pub ssl_ca: Option<PathBuf>,
    /// Our certificate (PEM file).
    pub ssl_cert: Option<PathBuf>,
    /// Its key (PEM file).
    pub ssl_key: Option<PathBuf>,
    /// Bound on connecting in seconds, where the URL has one.
    pub connect_timeout: Option<u64>,
}

impl std::fmt::Debug for MysqlUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

impl MysqlUrl {
    /// Shown to people: no password.
    pub fn display(&self) -> String {
        let user = self.user.as_deref().map(|u| format!("{u}@")).unwrap_or_default();
        format!(
            "mysql://{user}{}/{}",
            self.place(|h| h.to_owned()),
            self.database.as_deref().unwrap_or_default()
        )
    }

    /// Normalised host, port and database (rule R7).
    pub fn key(&self) -> String {
        format!("mysql://{}/{}", self.place(host_key), self.database.as_deref().unwrap_or_default())
    }

    fn place(&self, name: impl Fn(&str) -> String) -> String {
        match &self.socket {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", name(&self.host), self.port),
        }
    }
}

pub(super) fn parse(parts: Parts) -> Result<MysqlUrl, TargetError> {
    let (host, port) = match parts.hosts.as_slice() {
        [] => ("localhost".into(), None),
        [one] => one.clone(),
        _ => return Err(invalid("MySQL takes one host")),
    };
    let mut url = MysqlUrl {
        host: if host.is_empty() { "localhost".into() } else { host },
        port: port.unwrap_or(3306),
        socket: None,
        user: parts.user,
        password: parts.password,
        database: parts.database,
        ssl_mode: SslMode::Prefer,
        ssl_ca: None,
        ssl_cert: None,
        ssl_key: None,
        connect_timeout: None,
    };
    for (key, value) in parts.options {
        match key.as_str() {
            // Ours is always utf8mb4.
            "charset" | "use_unicode" => {}
            "connect_timeout" => {
                let seconds =
                    value.parse().map_err(|_| invalid("connect_timeout is not a number of seconds"))?;
                url.connect_timeout = Some(seconds);
            }
            "unix_socket" | "socket" => url.socket = Some(PathBuf::from(value)),
            "ssl-ca" | "ssl_ca" => url.ssl_ca = Some(PathBuf::from(value)),
            "ssl-cert" | "ssl_cert" => url.ssl_cert = Some(PathBuf::from(value)),
            "ssl-key" | "ssl_key" => url.ssl_key = Some(PathBuf::from(value)),
            "ssl-mode" | "ssl_mode" => {
                url.ssl_mode = match value.to_ascii_uppercase().replace('-', "_").as_str() {
                    "DISABLED" => SslMode::Disable,
                    "PREFERRED" => SslMode::Prefer,
                    "REQUIRED" => SslMode::Require,
                    "VERIFY_CA" => SslMode::VerifyCa,
                    "VERIFY_IDENTITY" => SslMode::VerifyFull,
                    _ => {
                        return Err(invalid(
                            "ssl-mode is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY",
                        ));
                    }
                };
            }
            other => return Err(unknown_option(other, KNOWN)),
        }
    }
    Ok(url)
}
