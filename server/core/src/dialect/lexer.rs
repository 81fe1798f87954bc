//! Cuts SQL text into tokens. One scanner; what the dialects disagree about stands in their [`LexRules`].

use super::token::{Token, TokenKind, Unterminated};
use memchr::{memchr, memchr2, memmem};

/// What `"…"` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoubleQuote {
    /// A name.
    Name,
    /// A string, with backslash escapes.
    Text,
}

/// How a dialect spells comments, strings, names and operators.
#[derive(Debug)]
pub(crate) struct LexRules {
    /// `# …` is a comment.
    pub(crate) hash_comments: bool,
    /// `--` opens a comment only before white space, a control character or the end.
    pub(crate) dash_needs_space: bool,
    /// Comments nest.
    pub(crate) nested_comments: bool,
    /// A comment may end with the text.
    pub(crate) open_comment_allowed: bool,
    /// `/*! … */` and `/*M! … */` are executed.
    pub(crate) executable_comments: bool,
    /// `/*+ … */` is a hint.
    pub(crate) hints: bool,
    /// `$tag$ … $tag$` is a string.
    pub(crate) dollar_quotes: bool,
    /// A backslash escapes in every `'…'`.
    pub(crate) backslash_strings: bool,
    /// What `"…"` means.
    pub(crate) double_quote: DoubleQuote,
    /// `` `…` `` is a name.
    pub(crate) backticks: bool,
    /// `[…]` is a name.
    pub(crate) brackets: bool,
    /// Letters (lower case) that belong to a string when they touch its quote.
    pub(crate) string_prefixes: &'static [u8],
    /// `E'…'` takes backslash escapes, `U&'…'` and `U&"…"` exist.
    pub(crate) escape_strings: bool,
    /// Operators of several characters, longest first. Empty: any run of operator characters is one (PostgreSQL).
    pub(crate) operators: &'static [&'static str],
}

/// Reads tokens one after the other; ends at the end of the text or at the first unterminated construct.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    rules: &'static LexRules,
    at: usize,
    executable: Option<usize>,
    delimiter: Option<&'t str>,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str, rules: &'static LexRules) -> Self {
        Lexer { text, rules, at: 0, executable: None, delimiter: None }
    }

    /// The byte at which the next token begins.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Goes on at another byte, which must be a character's first.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.at = offset;
    }

    /// Whether an executable comment is open.
    pub(crate) fn in_executable(&self) -> bool {
        self.executable.is_some()
    }

    /// Makes another terminator known (`None`: the plain `;`).
    pub(crate) fn set_delimiter(&mut self, delimiter: Option<&'t str>) {
        self.delimiter = delimiter;
    }

    /// The terminator that stands in for `;`, if any.
    pub(crate) fn delimiter(&self) -> Option<&'t str> {
        self.delimiter
    }

    /// The next token.
    pub(crate) fn token(&mut self) -> Option<Result<Token, Unterminated>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let Some(&first) = bytes.get(start) else {
            return self.executable.take().map(|at| Err(Unterminated { what: "executable comment", at }));
        };
        if let Some(delimiter) = self.delimiter
            && bytes[start..].starts_with(delimiter.as_bytes())
        {
            self.at = start + delimiter.len();
            return Some(Ok(Token { kind: TokenKind::Delimiter, start, end: self.at }));
        }
        let (kind, mut end) = match self.scan(bytes, start, first) {
            Ok(found) => found,
            Err(what) => {
                self.at = bytes.len();
                self.executable = None;
                return Some(Err(Unterminated { what, at: start }));
            }
        };
        if let Some(delimiter) = self.delimiter
            && matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::Symbol)
            && let Some(found) = memmem::find(&bytes[start..end], delimiter.as_bytes())
        {
            end = start + found;
        }
        match kind {
            TokenKind::ExecutableOpen => self.executable = Some(start),
            TokenKind::ExecutableClose => self.executable = None,
            _ => {}
        }
        self.at = end;
        Some(Ok(Token { kind, start, end }))
    }

    fn scan(&self, b: &[u8], at: usize, first: u8) -> Result<(TokenKind, usize), &'static str> {
        let rules = self.rules;
        let next = b.get(at + 1).copied().unwrap_or(0);
        Ok(match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => (TokenKind::Space, run(b, at, is_space)),
            // A byte order mark inside of a text comes from files that were joined.
            0xEF if b[at..].starts_with(b"\xEF\xBB\xBF") => (TokenKind::Space, at + 3),
            b'-' if next == b'-' && (!rules.dash_needs_space || b.get(at + 2).is_none_or(|c| *c <= b' ')) => {
                (TokenKind::Comment, line_end(b, at))
            }
            b'#' if rules.hash_comments => (TokenKind::Comment, line_end(b, at)),
            b'/' if next == b'*' => self.block_comment(b, at)?,
            b'*' if next == b'/' && self.executable.is_some() => (TokenKind::ExecutableClose, at + 2),
            b'\'' => (TokenKind::Text, quoted(b, at, b'\'', rules.backslash_strings).ok_or("string")?),
            b'"' if rules.double_quote == DoubleQuote::Text => {
                (TokenKind::Text, quoted(b, at, b'"', true).ok_or("string")?)
            }
            b'"' => (TokenKind::QuotedName, quoted(b, at, b'"', false).ok_or("quoted name")?),
            b'`' if rules.backticks => {
                (TokenKind::QuotedName, quoted(b, at, b'`', false).ok_or("quoted name")?)
            }
            b'[' if rules.brackets => {
                let close = memchr(b']', &b[at..]).ok_or("quoted name")?;
                (TokenKind::QuotedName, at + close + 1)
            }
            b'$' if rules.dollar_quotes && dollar_tag(b, at).is_some() => {
                let body = dollar_tag(b, at).unwrap_or(at);
                let close = memmem::find(&b[body..], &b[at..body]).ok_or("dollar-quoted string")?;
                (TokenKind::Text, body + close + (body - at))
            }
            b'0'..=b'9' => (TokenKind::Number, number(b, at)),
            c if is_word_start(c) => self.word(b, at)?,
            _ => (TokenKind::Symbol, self.symbol(b, at)),
        })
    }

    fn block_comment(&self, b: &[u8], at: usize) -> Result<(TokenKind, usize), &'static str> {
        let rules = self.rules;
        let rest = &b[at + 2..];
        if rules.open_comment_allowed && rest.is_empty() {
            // Nothing is left that could be a comment: SQLite reads a slash.
            return Ok((TokenKind::Symbol, at + 1));
        }
        if rules.executable_comments && self.executable.is_none() {
            let mark = if rest.starts_with(b"M!") { 2 } else { usize::from(rest.starts_with(b"!")) };
            if mark > 0 {
                return Ok((TokenKind::ExecutableOpen, run(b, at + 2 + mark, |c| c.is_ascii_digit())));
            }
        }
        let kind =
            if rules.hints && rest.first() == Some(&b'+') { TokenKind::Hint } else { TokenKind::Comment };
        let mut depth = 1usize;
        let mut i = at + 2;
        while let Some(found) = memchr2(b'*', b'/', &b[i..]) {
            i += found;
            match (b[i], b.get(i + 1)) {
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        return Ok((kind, i));
                    }
                }
                (b'/', Some(b'*')) if rules.nested_comments => {
                    depth += 1;
                    i += 2;
                }
                _ => i += 1,
            }
        }
        if rules.open_comment_allowed { Ok((kind, b.len())) } else { Err("comment") }
    }

    /// A word, or a string whose prefix looks like one.
    fn word(&self, b: &[u8], at: usize) -> Result<(TokenKind, usize), &'static str> {
        let end = run(b, at, is_word_part);
        let quote = b.get(end).copied();
        if end - at == 1 {
            let letter = b[at].to_ascii_lowercase();
            if quote == Some(b'\'') && self.rules.string_prefixes.contains(&letter) {
                let escapes = self.rules.backslash_strings || (self.rules.escape_strings && letter == b'e');
                let mut close = quoted(b, end, b'\'', escapes).ok_or("string")?;
                // `E'a'` goes on after a line end with a further `'b'`, by the same rules of escaping.
                while letter == b'e'
                    && let Some(again) = continuation(b, close)
                {
                    close = quoted(b, again, b'\'', escapes).ok_or("string")?;
                }
                return Ok((TokenKind::Text, close));
            }
            if self.rules.escape_strings && letter == b'u' && quote == Some(b'&') {
                match b.get(end + 1) {
                    Some(b'\'') => {
                        return Ok((TokenKind::Text, quoted(b, end + 1, b'\'', false).ok_or("string")?));
                    }
                    Some(b'"') => {
                        let close = quoted(b, end + 1, b'"', false).ok_or("quoted name")?;
                        return Ok((TokenKind::QuotedName, close));
                    }
                    _ => {}
                }
            }
        }
        Ok((TokenKind::Word, end))
    }

    fn symbol(&self, b: &[u8], at: usize) -> usize {
        if !self.rules.operators.is_empty() {
            let rest = &b[at..];
            let known = self.rules.operators.iter().find(|o| rest.starts_with(o.as_bytes()));
            return at + known.map_or(1, |o| o.len());
        }
        if !is_operator(b[at]) {
            return at + 1;
        }
        // PostgreSQL manual, "Operators": a run of operator characters, cut at a comment; it ends in + or - only
        // where it also holds one of the characters that no SQL-standard operator has.
        let mut end = at + 1;
        while end < b.len()
            && is_operator(b[end])
            && !b[end..].starts_with(b"--")
            && !b[end..].starts_with(b"/*")
        {
            end += 1;
        }
        if !b[at..end].iter().any(|c| b"~!@#%^&|`?".contains(c)) {
            while end > at + 1 && matches!(b[end - 1], b'+' | b'-') {
                end -= 1;
            }
        }
        end
    }
}

fn run(b: &[u8], at: usize, part: impl Fn(u8) -> bool) -> usize {
    b[at..].iter().position(|c| !part(*c)).map_or(b.len(), |n| at + n)
}

fn line_end(b: &[u8], at: usize) -> usize {
    memchr(b'\n', &b[at..]).map_or(b.len(), |n| at + n)
}

/// The byte after the closing quote; a doubled quote does not close.
fn quoted(b: &[u8], at: usize, quote: u8, backslash: bool) -> Option<usize> {
    let mut i = at + 1;
    loop {
        let found = if backslash { memchr2(quote, b'\\', &b[i..])? } else { memchr(quote, &b[i..])? };
        i += found;
        if b[i] == b'\\' && backslash {
            // An escaped character may be several bytes long: its rest is neither a quote nor a backslash.
            i += 2;
            if i > b.len() {
                return None;
            }
        } else if b.get(i + 1) == Some(&quote) {
            i += 2;
        } else {
            return Some(i + 1);
        }
    }
}

/// The quote that continues a string after a line end, where there is one.
fn continuation(b: &[u8], at: usize) -> Option<usize> {
    let end = run(b, at, is_space);
    (b.get(end) == Some(&b'\'') && b[at..end].contains(&b'\n')).then_some(end)
}

/// The byte after `$tag$`.
fn dollar_tag(b: &[u8], at: usize) -> Option<usize> {
    let tag = run(b, at + 1, |c| is_word_part(c) && c != b'$');
    let empty = tag == at + 1;
    (b.get(tag) == Some(&b'$') && (empty || !b[at + 1].is_ascii_digit())).then_some(tag + 1)
}

fn number(b: &[u8], at: usize) -> usize {
    let hexadecimal = b[at] == b'0' && matches!(b.get(at + 1), Some(b'x' | b'X'));
    let mut i = at + 1;
    while let Some(&c) = b.get(i) {
        let exponent = !hexadecimal
            && matches!(c, b'+' | b'-')
            && matches!(b[i - 1], b'e' | b'E')
            && b.get(i + 1).is_some_and(u8::is_ascii_digit);
        if !(is_word_part(c) || c == b'.' || exponent) {
            break;
        }
        i += 1;
    }
    i
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_word_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 0x80
}

fn is_word_part(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'$' || c >= 0x80
}

fn is_operator(c: u8) -> bool {
    b"+-*/<>=~!@#%^&|`?".contains(&c)
}
