//! Lines and columns.

use memchr::{memchr_iter, memrchr};

/// A place in a text: byte, line and column. Moves forward only, so that a whole text costs one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Byte, from 0.
    pub offset: usize,
    /// Line, from the number that the text's first line was given.
    pub line: u32,
    /// Column in that line, in characters from 1.
    pub column: u32,
}

impl Position {
    /// The start of a text whose first line has that number.
    pub fn start(first_line: u32) -> Self {
        Position { offset: 0, line: first_line, column: 1 }
    }

    /// The same place seen from byte `to` of the same text; a byte that lies behind is taken as no move.
    #[must_use]
    pub fn advance(self, text: &str, to: usize) -> Self {
        let to = to.min(text.len());
        let Some(passed) = text.as_bytes().get(self.offset..to) else { return self };
        let lines = memchr_iter(b'\n', passed).count();
        let chars = |b: &[u8]| b.iter().filter(|c| **c & 0xC0 != 0x80).count() as u32;
        match memrchr(b'\n', passed) {
            Some(last) => Position {
                offset: to,
                line: self.line + lines as u32,
                column: 1 + chars(&passed[last + 1..]),
            },
            None => Position { offset: to, line: self.line, column: self.column + chars(passed) },
        }
    }

    /// The place `chars` characters further on, as an engine that counts characters reports it.
    #[must_use]
    pub fn advance_chars(self, text: &str, chars: usize) -> Self {
        let rest = text.get(self.offset..).unwrap_or("");
        let bytes = rest.char_indices().nth(chars).map_or(rest.len(), |(at, _)| at);
        self.advance(text, self.offset + bytes)
    }
}
