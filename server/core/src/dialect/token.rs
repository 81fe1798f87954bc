//! The pieces that SQL text falls into, alike for all dialects.

use std::ops::Range;

/// What a piece of SQL text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TokenKind {
    /// White space, line ends and byte order marks.
    Space,
    /// A comment that no engine reads.
    Comment,
    /// An optimizer hint, `/*+ … */`: engines read it, so it counts.
    Hint,
    /// The opening of an executable comment, `/*!50100` or `/*M!`; what follows are ordinary tokens.
    ExecutableOpen,
    /// The closing of an executable comment.
    ExecutableClose,
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name.
    QuotedName,
    /// A string literal of any spelling, prefix included.
    Text,
    /// A number.
    Number,
    /// An operator or punctuation; `;` too.
    Symbol,
    /// The terminator that a `DELIMITER` line asked for.
    Delimiter,
}

/// One piece. Pieces follow each other without gaps, so that together they are the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// First byte.
    pub(crate) start: usize,
    /// The byte after its last one.
    pub(crate) end: usize,
}

impl Token {
    /// Where it stands, in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether it says nothing to an engine.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }
}

/// Something that was opened and never ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unterminated {
    /// What it is, as `string` or `dollar-quoted string`.
    pub(crate) what: &'static str,
    /// Byte at which it opens.
    pub(crate) at: usize,
}
