//! Section `access`: who may call.

use super::Problems;
use super::schema::{Kind, Typed, section};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::PathBuf;

section! {
    /// Who may call. Where there are tokens, every TCP call but the health check needs one. A Unix socket is known by
    /// its peer's user id and needs none.
    Access {
        /// Bearer tokens. `migrated token` makes one together with its entry. Files are read again on SIGHUP.
        tokens: Vec<Token> = Vec::new(),
        /// User ids that may call over a Unix socket, besides the daemon's own and root's. The socket's mode is 0600:
        /// others need a folder and an access list of yours that let them in.
        unix_uids: Vec<u32> = Vec::new(),
    }
}

section! {
    /// A bearer token. Exactly one of `sha256`, `sha256_file` and `token_file` says what it is.
    Token {
        /// Name, shown as the actor of runs.
        name: String = String::new(),
        /// SHA-256 of the token in hexadecimal digits.
        sha256: Option<String> = None,
        /// File whose first line is the SHA-256 of the token.
        sha256_file: Option<PathBuf> = None,
        /// File whose first line is the token itself.
        token_file: Option<PathBuf> = None,
        /// What it may do: `read`, `operate` (which includes `read`).
        rights: Rights = Rights(Vec::new()),
        /// Moment at which it stops to be valid, as `2027-01-31T00:00:00Z`.
        expires: Option<Moment> = None,
    }
}

impl Typed for Vec<Token> {
    const KIND: Kind = Kind::List(Token::KEYS);
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Right {
    /// See everything, change nothing.
    Read,
    /// Run migrations, publish revisions, change targets and projects.
    Operate,
}

/// Rights of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rights(pub(crate) Vec<Right>);

impl Typed for Rights {
    const KIND: Kind = Kind::Literal("list of `read`, `operate`");
}

impl Rights {
    /// All of them.
    pub(crate) fn all() -> Rights {
        Rights(vec![Right::Read, Right::Operate])
    }

    /// Whether they hold `right`; to operate includes to read.
    pub(crate) fn allow(&self, right: Right) -> bool {
        self.0.contains(&right) || (right == Right::Read && self.0.contains(&Right::Operate))
    }
}

/// A moment in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(pub(crate) jiff::Timestamp);

impl Typed for Moment {
    const KIND: Kind = Kind::Text("RFC 3339 time");
}

/// Whether a text is a SHA-256 in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

impl Access {
    /// Finds tokens that could never admit anybody, or would admit the wrong one.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        let mut names = HashSet::new();
        for (i, token) in self.tokens.iter().enumerate() {
            let at = match token.name.is_empty() {
                true => format!("access.tokens[{i}]"),
                false => format!("access.tokens[{i}] ({})", token.name),
            };
            if token.name.is_empty() {
                problems.add(&at, "`name` is missing");
            } else if !names.insert(&token.name) {
                problems.add(&at, "another token has that name");
            }
            let given = [token.sha256.is_some(), token.sha256_file.is_some(), token.token_file.is_some()];
            if given.iter().filter(|g| **g).count() != 1 {
                problems.add(&at, "exactly one of `sha256`, `sha256_file` and `token_file` is needed");
            }
            if token.sha256.as_deref().is_some_and(|s| sha256(s).is_none()) {
                problems.add(&at, "`sha256` must be 64 hexadecimal digits");
            }
            if token.rights.0.is_empty() {
                problems.add(&at, "`rights` is missing: [\"read\"] or [\"operate\"]");
            }
        }
    }
}
