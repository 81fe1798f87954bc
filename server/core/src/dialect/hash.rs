//! A statement's identity: the hash of its tokens.

use super::DialectName;
use super::lexer::Lexer;
use super::splitter::{Splitter, rules};
use super::statement::Statement;
use super::token::{Token, TokenKind};
use sha2::{Digest, Sha256};

/// A hash over tokens. White space, line ends, comments and the blanks between statements do not count; everything
/// that an engine reads does, verbatim: keywords in their case, executable comments, hints, inline data.
///
/// A line end inside of a token (a function's body) is always taken for `\n`, because a checkout on another system
/// changes it. That is the only change inside of a string that is not seen.
pub(crate) struct TokenHash {
    sha: Sha256,
    buffer: Vec<u8>,
}

/// Small pieces are collected up to this size before they are hashed.
const BUFFER: usize = 16 * 1024;

impl TokenHash {
    /// A new hash; `domain` keeps hashes of different things apart.
    pub(crate) fn new(domain: &str) -> Self {
        let mut hash = TokenHash { sha: Sha256::new(), buffer: Vec::with_capacity(BUFFER) };
        hash.fact(b'D', domain.as_bytes());
        hash
    }

    /// Adds a fact: its bytes, then its tag and length, so that no two sequences of facts give the same bytes.
    pub(crate) fn fact(&mut self, tag: u8, bytes: &[u8]) {
        let mut length = 0u64;
        let mut rest = bytes;
        while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
            length += self.push(&rest[..at]);
            rest = &rest[at + 1..];
        }
        length += self.push(rest);
        self.push(&[tag]);
        self.push(&length.to_le_bytes());
    }

    /// Adds a script's statements, read by one dialect's rules. What that dialect cannot read counts verbatim.
    pub(crate) fn script(&mut self, dialect: DialectName, text: &str) {
        self.fact(b'L', dialect.as_str().as_bytes());
        let mut splitter = Splitter::new(dialect, text, 1);
        let mut read = 0;
        while let Some(next) = splitter.next_with(|token| self.token(text, token)) {
            match next {
                Ok(statement) => {
                    if let Some(data) = &statement.copy_data {
                        self.fact(b'C', &text.as_bytes()[data.clone()]);
                    }
                    self.fact(b';', b"");
                    read = splitter.offset();
                }
                Err(_) => self.fact(b'U', &text.as_bytes()[read..]),
            }
        }
    }

    fn token(&mut self, text: &str, token: Token) {
        let tag = match token.kind {
            TokenKind::Space | TokenKind::Comment | TokenKind::Delimiter => return,
            TokenKind::Hint => b'H',
            TokenKind::ExecutableOpen => b'<',
            TokenKind::ExecutableClose => b'>',
            TokenKind::Word => b'W',
            TokenKind::QuotedName => b'Q',
            TokenKind::Text => b'T',
            TokenKind::Number => b'N',
            TokenKind::Symbol => b'S',
        };
        self.fact(tag, &text.as_bytes()[token.range()]);
    }

    /// The hash.
    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.sha.update(&self.buffer);
        self.sha.finalize().into()
    }

    fn push(&mut self, bytes: &[u8]) -> u64 {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.sha.update(&self.buffer);
            self.buffer.clear();
        }
        if bytes.len() > BUFFER {
            self.sha.update(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        bytes.len() as u64
    }
}

/// The identity of a statement: SHA-256 over its tokens and, where it has any, its inline data in `script`.
pub fn statement_hash(dialect: DialectName, statement: &Statement<'_>, script: &str) -> [u8; 32] {
    let mut hash = TokenHash::new("migrated statement 1");
    let mut lexer = Lexer::new(statement.text, rules(dialect));
    while let Some(token) = lexer.token() {
        match token {
            Ok(token) => hash.token(statement.text, token),
            Err(open) => hash.fact(b'U', &statement.text.as_bytes()[open.at..]),
        }
    }
    if let Some(data) = statement.copy_data.as_ref().and_then(|range| script.get(range.clone())) {
        hash.fact(b'C', data.as_bytes());
    }
    hash.finish()
}
