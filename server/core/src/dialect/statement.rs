//! A statement of a script, and what keeps a script from being split.

use crate::Code;
use std::ops::Range;

/// One statement, without its terminator and without the blanks and comments around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'t> {
    /// Its text, as it is sent to the server.
    pub text: &'t str,
    /// Its first byte in the script.
    pub offset: usize,
    /// Its line, counted from the script's first line.
    pub line: u32,
    /// Its column in that line, in characters from 1.
    pub column: u32,
    /// PostgreSQL: the inline data of `COPY … FROM STDIN`, in bytes of the script, line ends included, the
    /// closing `\.` left out.
    pub copy_data: Option<Range<usize>>,
}

impl Statement<'_> {
    /// Where it stands in the script, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.text.len()
    }
}

/// A script that cannot be split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct SplitError {
    /// [`Code::ScriptUnterminated`] or [`Code::ClientCommand`].
    pub code: Code,
    /// The byte that it is about: where the unterminated construct opens, where the command stands.
    pub offset: usize,
    /// Its line, counted from the script's first line.
    pub line: u32,
    /// Its column in that line, in characters from 1.
    pub column: u32,
    /// The cause in one line.
    pub message: String,
    /// What would help; empty where nothing general does.
    pub help: String,
}
