//! The parts of `//user:password@host:port,host:port/database?key=value`, percent-decoded.

use super::invalid;
use crate::TargetError;

/// What stands between `scheme:` and the end.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// Hosts with their ports; an empty name where only a port was given.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) database: Option<String>,
    pub(super) options: Vec<(String, String)>,
}

impl Parts {
    /// Splits what follows `scheme:`. Delimiters are found before anything is decoded.
    pub(super) fn read(rest: &str) -> Result<Parts, TargetError> {
        let rest = rest.strip_prefix("//").ok_or_else(|| invalid("// is missing after the scheme"))?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) =
            rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        let mut parts = Parts::default();
        // The last @ ends the user part: unescaped ones in passwords are common, and hosts have none.
        let hosts = match authority.rsplit_once('@') {
            Some((login, hosts)) => {
                let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
                parts.user = non_empty(decode(user, "user name")?);
                parts.password = password.map(|p| decode(p, "password")).transpose()?;
                hosts
            }
            None => authority,
        };
        if !hosts.is_empty() {
            parts.hosts = hosts.split(',').map(host_and_port).collect::<Result<_, _>>()?;
        }
        parts.database = non_empty(decode(path, "database name")?);
        for pair in query.unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(invalid("an option after ? has no value (key=value)"));
            };
            parts.options.push((decode(key, "option's name")?, decode_plus(value)?));
        }
        Ok(parts)
    }
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), TargetError> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or_else(|| invalid("the IPv6 address has no ]"))?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(invalid("what stands in [ ] is not an IPv6 address"));
        }
        match port {
            "" => (host, None),
            _ => {
                (host, Some(port.strip_prefix(':').ok_or_else(|| invalid("after ] comes neither : nor /"))?))
            }
        }
    } else {
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(invalid("an IPv6 address must stand in [ ]"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(read_port(port)?),
    };
    Ok((decode(host, "host")?, port))
}

/// A port number. What was written is not quoted: after a password with an unescaped `/` or `:` it would be a
/// part of that.
pub(super) fn read_port(text: &str) -> Result<u16, TargetError> {
    text.parse().ok().filter(|p| *p != 0).ok_or_else(|| {
        invalid("the port is not a number from 1 to 65535")
            .help("characters such as / : ? # in a password must be percent-encoded")
    })
}

fn decode_plus(text: &str) -> Result<String, TargetError> {
    // SQLAlchemy writes option values with + for a blank, libpq takes it literally; a literal plus is not
    // known in any option that is accepted here.
    decode(&text.replace('+', "%20"), "option's value")
}

/// Percent-decodes; `what` names the part for the message, never its content.
pub(super) fn decode(text: &str, what: &str) -> Result<String, TargetError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|d| d.and_then(|d| (d as char).to_digit(16)));
        match digits {
            [Some(high), Some(low)] if (high, low) != (0, 0) => bytes.push((high * 16 + low) as u8),
            _ => {
                return Err(invalid(format!(
                    "the {what} contains a % that is not followed by two hex digits"
                )));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| invalid(format!("the {what} is not UTF-8 after decoding")))
}
