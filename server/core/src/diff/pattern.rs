//! Patterns for names.

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A pattern for a whole name: a glob as `audit_*`, or a regular expression between slashes as `/^tmp_\d+$/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Glob(GlobMatcher),
    Regex(Regex),
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no pattern: {why}")]
pub struct PatternError {
    /// The pattern.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] where the glob or the regular expression is malformed.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let wrong = |why: String| PatternError { text: text.to_owned(), why };
        let slashes = text.len() > 1 && text.starts_with('/') && text.ends_with('/');
        let matcher = if slashes {
            Matcher::Regex(Regex::new(&text[1..text.len() - 1]).map_err(|e| wrong(e.to_string()))?)
        } else {
            let glob = GlobBuilder::new(text).backslash_escape(true).build();
            Matcher::Glob(glob.map_err(|e| wrong(e.kind().to_string()))?.compile_matcher())
        };
        Ok(Pattern { text: text.to_owned(), matcher })
    }

    /// Whether a name fits. A regular expression may fit any part of it, unless it is anchored.
    pub fn fits(&self, name: &str) -> bool {
        match &self.matcher {
            Matcher::Glob(glob) => glob.is_match(name),
            Matcher::Regex(regex) => regex.is_match(name),
        }
    }

    /// `text` with what fits put in another form: a glob replaces the whole, a regular expression what it matches,
    /// with `$1` for its groups.
    pub fn rewrite(&self, text: &str, with: &str) -> Option<String> {
        match &self.matcher {
            Matcher::Glob(glob) => glob.is_match(text).then(|| with.to_owned()),
            Matcher::Regex(regex) => regex.is_match(text).then(|| regex.replace_all(text, with).into_owned()),
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Pattern, PatternError> {
        Pattern::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.text
    }
}
