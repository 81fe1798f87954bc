//! Tokens and peers: whom the daemon lets in.

use super::Caller;
use super::rights::{Need, need};
use crate::config::Config;
use crate::config::access::{Moment, Right, Rights, sha256};
use crate::listen::Peer;
use jiff::Timestamp;
use migrated_core::Code;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq as _;

/// A token as it is kept: its hash, never itself.
#[derive(Clone)]
struct Token {
    name: String,
    hash: [u8; 32],
    rights: Rights,
    expires: Option<Timestamp>,
}

/// Whom the daemon lets in. Cheap to clone; all clones see a reload.
#[derive(Clone)]
pub(crate) struct Access {
    tokens: Arc<RwLock<Arc<[Token]>>>,
    uids: Arc<[u32]>,
}

/// Why a call is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// [`Code::Unauthenticated`] or [`Code::PermissionDenied`].
    pub(crate) code: Code,
    /// The cause in one line.
    pub(crate) message: String,
    /// What to do.
    pub(crate) next: &'static str,
}

impl Refusal {
    fn unauthenticated(message: &str) -> Refusal {
        let next = "send a valid token: migratectl takes it from MIGRATECTL_TOKEN or `token_file`";
        Refusal { code: Code::Unauthenticated, message: message.to_owned(), next }
    }

    fn denied(message: String) -> Refusal {
        let next = "ask whoever runs the daemon for the right";
        Refusal { code: Code::PermissionDenied, message, next }
    }
}

/// SHA-256 of a token. Tokens are long and random, so that a slow password hash would add nothing.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Access {
    /// Reads the tokens of the configuration and the files that it names.
    ///
    /// # Errors
    /// A sentence that names the key, where a file cannot be read or holds no hash.
    pub(crate) fn load(config: &Config) -> Result<Access, String> {
        let own = rustix::process::geteuid().as_raw();
        let uids = [own, 0].into_iter().chain(config.access.unix_uids.iter().copied()).collect();
        Ok(Access { tokens: Arc::new(RwLock::new(read(config)?)), uids })
    }

    /// Reads the files again. Where that fails, the tokens stay as they are.
    ///
    /// # Errors
    /// As [`Access::load`].
    pub(crate) fn reload(&self, config: &Config) -> Result<(), String> {
        let fresh = read(config)?;
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Who calls; `None` where the call is open to everybody and nobody said who they are.
    ///
    /// # Errors
    /// Where the caller is unknown, or lacks the right.
    pub(crate) fn admit(
        &self,
        path: &str,
        peer: Option<&Peer>,
        authorization: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Option<Caller>, Refusal> {
        let Need::Right(right) = need(path) else { return Ok(None) };
        let caller = self.caller(peer, authorization, now)?;
        if caller.rights.allow(right) {
            return Ok(Some(caller));
        }
        let right = match right {
            Right::Read => "read",
            Right::Operate => "operate",
        };
        Err(Refusal::denied(format!("token {:?} lacks the right to {right}", caller.name)))
    }

    fn caller(&self, peer: Option<&Peer>, sent: Option<&[u8]>, now: Timestamp) -> Result<Caller, Refusal> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone();
        match (peer, sent) {
            // Said to whoever may not even connect: a token does not open a socket of somebody else.
            (Some(Peer::Unix { uid }), _) if !self.uids.contains(uid) => {
                Err(Refusal::denied(format!("user {uid} may not use this socket")))
            }
            (Some(Peer::Unix { uid }), None) => {
                Ok(Caller { name: format!("uid:{uid}"), rights: Rights::all() })
            }
            (_, None) if tokens.is_empty() => Ok(Caller { name: "local".into(), rights: Rights::all() }),
            (_, None) => Err(Refusal::unauthenticated("the call carries no token")),
            (_, Some(sent)) => named(&tokens, sent, now),
        }
    }
}

/// The caller that an `authorization` header names.
fn named(tokens: &[Token], sent: &[u8], now: Timestamp) -> Result<Caller, Refusal> {
    let token = std::str::from_utf8(sent).ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let Some(token) = token else {
        return Err(Refusal::unauthenticated("the authorization header is not of the form `Bearer TOKEN`"));
    };
    let hash = digest(token);
    // All are compared, each in constant time: how long it takes tells nothing.
    let mut found = None;
    for known in tokens {
        if bool::from(known.hash.ct_eq(&hash)) {
            found = Some(known);
        }
    }
    let Some(found) = found else { return Err(Refusal::unauthenticated("the token is not known")) };
    match found.expires {
        Some(end) if end <= now => {
            Err(Refusal::unauthenticated(&format!("token {:?} expired at {end}", found.name)))
        }
        _ => Ok(Caller { name: found.name.clone(), rights: found.rights.clone() }),
    }
}

fn read(config: &Config) -> Result<Arc<[Token]>, String> {
    let tokens = config.access.tokens.iter().enumerate();
    tokens
        .map(|(i, token)| {
            let at = |key: &str| format!("access.tokens[{i}] ({}).{key}", token.name);
            let no_hash = |key: &str| format!("{}: there are no 64 hexadecimal digits", at(key));
            let hash = if let Some(text) = &token.sha256 {
                sha256(text).ok_or_else(|| no_hash("sha256"))?
            } else if let Some(path) = &token.sha256_file {
                sha256(&first_line(path, &at("sha256_file"))?).ok_or_else(|| no_hash("sha256_file"))?
            } else if let Some(path) = &token.token_file {
                digest(&first_line(path, &at("token_file"))?)
            } else {
                return Err(no_hash("sha256"));
            };
            let expires = token.expires.map(|Moment(end)| end);
            Ok(Token { name: token.name.clone(), hash, rights: token.rights.clone(), expires })
        })
        .collect()
}

fn first_line(path: &Path, at: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{at}: {}: {e}", path.display()))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{at}: {}: the first line is empty", path.display())),
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
