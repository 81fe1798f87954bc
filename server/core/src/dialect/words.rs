//! A statement's significant tokens, read one after the other: what classification is made from.

use super::lexer::Lexer;
use super::token::TokenKind;
use super::{DialectName, literal, splitter};

/// A cursor over a statement. Blanks, comments, hints and the marks of executable comments are passed over.
#[derive(Clone)]
pub(crate) struct Words<'t> {
    dialect: DialectName,
    text: &'t str,
    lexer: Lexer<'t>,
}

/// A significant token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'t> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'t str,
}

impl Word<'_> {
    /// Whether it is this keyword (given in upper case).
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords.
    pub(crate) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|k| self.is(k))
    }
}

impl<'t> Iterator for Words<'t> {
    type Item = Word<'t>;

    fn next(&mut self) -> Option<Word<'t>> {
        loop {
            let token = self.lexer.token()?.ok()?;
            match token.kind {
                TokenKind::Space
                | TokenKind::Comment
                | TokenKind::Hint
                | TokenKind::ExecutableOpen
                | TokenKind::ExecutableClose => {}
                kind => return Some(Word { kind, text: &self.text[token.range()] }),
            }
        }
    }
}

impl<'t> Words<'t> {
    pub(crate) fn new(dialect: DialectName, text: &'t str) -> Self {
        Words { dialect, text, lexer: Lexer::new(text, splitter::rules(dialect)) }
    }

    pub(crate) fn dialect(&self) -> DialectName {
        self.dialect
    }

    pub(crate) fn peek(&self) -> Option<Word<'t>> {
        self.clone().next()
    }

    pub(crate) fn peek_is(&self, keywords: &[&str]) -> bool {
        self.peek().is_some_and(|w| w.is_any(keywords))
    }

    pub(crate) fn peek_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|w| w.kind == TokenKind::Symbol && w.text == symbol)
    }

    /// Takes the next token where it is one of these keywords.
    pub(crate) fn eat(&mut self, keywords: &[&str]) -> bool {
        let mut ahead = self.clone();
        let taken = ahead.next().is_some_and(|w| w.is_any(keywords));
        if taken {
            *self = ahead;
        }
        taken
    }

    /// Takes the next tokens where they are these keywords in this order.
    pub(crate) fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let mut ahead = self.clone();
        let taken = keywords.iter().all(|k| ahead.eat(&[k]));
        if taken {
            *self = ahead;
        }
        taken
    }

    pub(crate) fn eat_symbol(&mut self, symbol: &str) -> bool {
        let taken = self.peek_symbol(symbol);
        if taken {
            self.next();
        }
        taken
    }

    /// A name with or without a schema in front, unquoted and folded as the engine folds it.
    pub(crate) fn name(&mut self) -> Option<(Option<String>, String)> {
        let mut name = self.name_part()?;
        let mut schema = None;
        while self.eat_symbol(".") {
            schema = Some(std::mem::replace(&mut name, self.name_part()?));
        }
        Some((schema, name))
    }

    fn name_part(&mut self) -> Option<String> {
        let word = self.next()?;
        let quoted = word.kind == TokenKind::Text && word.text.starts_with('"');
        match word.kind {
            TokenKind::Word | TokenKind::QuotedName | TokenKind::Number => {
                Some(literal::unquote_name(self.dialect, word.text))
            }
            // SQLite takes 'x' for a name, MySQL takes "x" for one under ANSI_QUOTES.
            TokenKind::Text if quoted || self.dialect == DialectName::Sqlite => {
                Some(literal::unquote_name(self.dialect, word.text))
            }
            _ => None,
        }
    }

    /// Goes on behind the first of these keywords outside of parentheses. Where there is none, to the end.
    pub(crate) fn skip_to(&mut self, keywords: &[&str]) -> bool {
        let mut depth = 0u32;
        for word in self.by_ref() {
            match word.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if depth == 0 && word.is_any(keywords) => return true,
                _ => {}
            }
        }
        false
    }
}
