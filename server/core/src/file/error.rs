//! What is wrong with a revision file.

use crate::Code;

/// A revision file that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct FileError {
    /// The stable code.
    pub code: Code,
    /// The file.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in that line, in characters from 1.
    pub column: u32,
    /// The cause in one line.
    pub message: String,
    /// What would help; empty where nothing general does.
    pub help: String,
}

impl FileError {
    pub(super) fn new(code: Code, path: &str, place: (u32, u32), message: impl Into<String>) -> Self {
        let (line, column) = place;
        FileError { code, path: path.into(), line, column, message: message.into(), help: String::new() }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// The candidate that a word was probably meant to be.
pub(super) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    candidates
        .iter()
        .map(|c| (strsim::damerau_levenshtein(&word, c), *c))
        .min()
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 3))
        .map(|(_, candidate)| candidate)
}
