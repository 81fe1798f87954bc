//! Database URLs: what people write, what SQLAlchemy writes, and what is left of them for a driver.
//!
//! `dialect+driver://` means the plain driver of that dialect. Nothing is read from the environment: the daemon's
//! `PG*` variables, `~/.pgpass` and `~/.postgresql` are not those of whoever sent the URL. No error text and no
//! `Debug` shows a password.

mod mysql;
mod parts;
mod postgres;
mod sqlite;

pub use mysql::MysqlUrl;
pub use postgres::{ChannelBindingMode, PostgresHost, PostgresUrl, SslMode};
pub use sqlite::SqliteUrl;

use crate::TargetError;
use migrated_core::{Code, DialectName};
use parts::Parts;

/// A database URL, read.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// `postgresql://…`
    Postgres(PostgresUrl),
    /// `mysql://…` or `mariadb://…`
    Mysql(MysqlUrl),
    /// `sqlite:…`
    Sqlite(SqliteUrl),
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`Code::TargetUrlInvalid`] says what is wrong and where, never quoting a secret;
    /// [`Code::MemoryTarget`] for SQLite databases that live in memory.
    pub fn parse(text: &str) -> Result<DatabaseUrl, TargetError> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(invalid("it does not begin with a scheme such as postgresql://"));
        };
        let scheme = scheme.to_ascii_lowercase();
        let dialect = scheme.split_once('+').map_or(scheme.as_str(), |(dialect, _)| dialect);
        match DialectName::parse(dialect) {
            Some(DialectName::Sqlite) => sqlite::parse(rest).map(DatabaseUrl::Sqlite),
            Some(DialectName::Postgres) => postgres::parse(Parts::read(rest)?).map(DatabaseUrl::Postgres),
            Some(DialectName::Mysql) => mysql::parse(Parts::read(rest)?).map(DatabaseUrl::Mysql),
            None => Err(unknown_scheme(dialect)),
        }
    }
}

impl DatabaseUrl {
    /// Whether the server runs on this machine: a Unix socket, a loopback address, `localhost`, a file.
    pub fn is_local(&self) -> bool {
        match self {
            DatabaseUrl::Postgres(url) => {
                url.addresses.iter().all(std::net::IpAddr::is_loopback)
                    && (!url.addresses.is_empty()
                        || url.hosts.iter().all(|(host, _)| match host {
                            PostgresHost::Unix(_) => true,
                            PostgresHost::Tcp(name) => is_loopback(name),
                        }))
            }
            DatabaseUrl::Mysql(url) => url.socket.is_some() || is_loopback(&url.host),
            DatabaseUrl::Sqlite(_) => true,
        }
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn unknown_scheme(scheme: &str) -> TargetError {
    // A text without any scheme may well be a password or a DSN full of them: quote only what looks like a name.
    let plain = !scheme.is_empty()
        && scheme.len() <= 32
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let error = match plain {
        true => invalid(format!("unknown scheme {scheme:?}")),
        false => invalid("it does not begin with a known scheme"),
    };
    error.help("use postgresql://, mysql://, mariadb:// or sqlite:///")
}

/// The error for a URL that cannot be read.
fn invalid(why: impl std::fmt::Display) -> TargetError {
    TargetError::new(Code::TargetUrlInvalid, format!("the database URL cannot be read: {why}"))
}

/// The error for an option that nobody knows, with the nearest that is known.
fn unknown_option(name: &str, known: &[&str]) -> TargetError {
    let nearest = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), k))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(3) / 2);
    let error = invalid(format!("unknown option {name:?}"));
    match nearest {
        Some((_, known)) => error.help(format!("did you mean {known:?}?")),
        None => error,
    }
}

/// One name for the ways to write this machine, and lower case for all others: for keys only.
fn host_key(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.as_str() {
        "localhost" | "localhost.localdomain" | "127.0.0.1" | "::1" => "localhost".into(),
        _ => host,
    }
}

#[cfg(test)]
mod tests;
