//! Splits a script into statements. The walk is common; where a statement ends, each dialect's tracker says.

use super::lexer::{LexRules, Lexer};
use super::position::Position;
use super::statement::{SplitError, Statement};
use super::token::{Token, TokenKind, Unterminated};
use super::{DialectName, mysql, postgres, sqlite};
use crate::Code;
use std::ops::Range;

/// What a tracker says about a token.
pub(crate) enum Verdict {
    /// It is part of the statement.
    Part,
    /// It ends the statement and is not part of it.
    End,
    /// As `End`; inline data follows on the next line (PostgreSQL's COPY).
    EndWithData,
    /// A line for the client that changes nothing: passed over up to this byte.
    Skip(usize),
    /// A `DELIMITER` line (MySQL): the new terminator's range; reading goes on at the second number.
    Delimiter(Range<usize>, usize),
    /// Nothing that a server would understand.
    Refuse(Refusal),
}

/// Why a script is refused.
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// A token with what a tracker may look at.
pub(crate) struct Seen<'t> {
    pub(crate) token: Token,
    /// The whole script.
    pub(crate) script: &'t str,
    /// No token of the statement came before it.
    pub(crate) first: bool,
    /// Another terminator than `;` is in force.
    pub(crate) custom_delimiter: bool,
    /// An executable comment is open.
    pub(crate) in_executable: bool,
}

impl<'t> Seen<'t> {
    /// The token's text.
    pub(crate) fn text(&self) -> &'t str {
        &self.script[self.token.range()]
    }

    /// Whether the token is this keyword (given in upper case).
    pub(crate) fn is_word(&self, keyword: &str) -> bool {
        self.token.kind == TokenKind::Word && self.text().eq_ignore_ascii_case(keyword)
    }

    /// Whether the token is exactly this symbol.
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.token.kind == TokenKind::Symbol && self.text() == symbol
    }

    /// The end of the token's line, the line end left out.
    pub(crate) fn line_end(&self) -> usize {
        let rest = &self.script.as_bytes()[self.token.start..];
        memchr::memchr(b'\n', rest).map_or(self.script.len(), |n| self.token.start + n)
    }
}

enum Tracker {
    Postgres(postgres::split::Tracker),
    Mysql(mysql::split::Tracker),
    Sqlite(sqlite::split::Tracker),
}

impl Tracker {
    fn new(dialect: DialectName) -> Self {
        match dialect {
            DialectName::Postgres => Tracker::Postgres(Default::default()),
            DialectName::Mysql => Tracker::Mysql(Default::default()),
            DialectName::Sqlite => Tracker::Sqlite(Default::default()),
        }
    }

    fn token(&mut self, seen: &Seen<'_>) -> Verdict {
        match self {
            Tracker::Postgres(tracker) => tracker.token(seen),
            Tracker::Mysql(tracker) => tracker.token(seen),
            Tracker::Sqlite(tracker) => tracker.token(seen),
        }
    }

    fn open(&self) -> Option<Unterminated> {
        match self {
            Tracker::Postgres(tracker) => tracker.open(),
            Tracker::Mysql(tracker) => tracker.open(),
            Tracker::Sqlite(tracker) => tracker.open(),
        }
    }
}

/// The statements of a script, one after the other, in one pass and without copying any text. After an error
/// there are no more.
pub struct Splitter<'t> {
    dialect: DialectName,
    text: &'t str,
    lexer: Lexer<'t>,
    position: Position,
    done: bool,
}

impl<'t> Splitter<'t> {
    /// A splitter over a text whose first line has the number `first_line`.
    pub fn new(dialect: DialectName, text: &'t str, first_line: u32) -> Self {
        Splitter {
            dialect,
            text,
            lexer: Lexer::new(text, rules(dialect)),
            position: Position::start(first_line),
            done: false,
        }
    }

    /// The byte up to which the text was read.
    pub(crate) fn offset(&self) -> usize {
        self.lexer.offset()
    }

    /// The next statement; `part` is told each of its tokens, blanks and comments left out.
    pub(crate) fn next_with(
        &mut self,
        mut part: impl FnMut(Token),
    ) -> Option<Result<Statement<'t>, SplitError>> {
        if self.done {
            return None;
        }
        let mut tracker = Tracker::new(self.dialect);
        let mut range: Option<Range<usize>> = None;
        let mut says_something = false;
        loop {
            let token = match self.lexer.token() {
                Some(Ok(token)) if token.is_blank() => continue,
                Some(Ok(token)) => token,
                Some(Err(open)) => return Some(Err(self.unterminated(open))),
                None => {
                    self.done = true;
                    if let Some(open) = tracker.open() {
                        return Some(Err(self.unterminated(open)));
                    }
                    return range.filter(|_| says_something).map(|range| Ok(self.statement(range, None)));
                }
            };
            let verdict = tracker.token(&Seen {
                token,
                script: self.text,
                first: range.is_none(),
                custom_delimiter: self.lexer.delimiter().is_some(),
                in_executable: self.lexer.in_executable(),
            });
            match verdict {
                Verdict::Part => {
                    part(token);
                    // A `;` that the terminator of a DELIMITER line follows is not sent.
                    let semicolon = &self.text[token.range()] == ";";
                    let start = range.as_ref().map_or(token.start, |r| r.start);
                    let end = range.as_ref().map_or(token.start, |r| r.end);
                    range = Some(start..if semicolon { end } else { token.end });
                    says_something |= !semicolon
                        && !matches!(
                            token.kind,
                            TokenKind::Hint | TokenKind::ExecutableOpen | TokenKind::ExecutableClose
                        );
                }
                Verdict::End => {
                    if let Some(range) = range.take().filter(|_| says_something) {
                        return Some(Ok(self.statement(range, None)));
                    }
                    tracker = Tracker::new(self.dialect);
                }
                Verdict::EndWithData => {
                    let data = match self.inline_data(token) {
                        Ok(data) => data,
                        Err(error) => return Some(Err(error)),
                    };
                    let range = range.unwrap_or(token.start..token.start);
                    return Some(Ok(self.statement(range, Some(data))));
                }
                Verdict::Skip(to) => self.lexer.seek(to),
                Verdict::Delimiter(delimiter, to) => {
                    let delimiter = &self.text[delimiter];
                    self.lexer.set_delimiter((delimiter != ";").then_some(delimiter));
                    self.lexer.seek(to);
                }
                Verdict::Refuse(refusal) => {
                    return Some(Err(self.error(
                        Code::ClientCommand,
                        token.start,
                        refusal.message,
                        refusal.help,
                    )));
                }
            }
        }
    }

    fn statement(&mut self, range: Range<usize>, copy_data: Option<Range<usize>>) -> Statement<'t> {
        self.position = self.position.advance(self.text, range.start);
        let Position { offset, line, column } = self.position;
        Statement { text: &self.text[range], offset, line, column, copy_data }
    }

    /// The lines after a COPY statement up to `\.`, past which reading goes on.
    fn inline_data(&mut self, terminator: Token) -> Result<Range<usize>, SplitError> {
        let bytes = self.text.as_bytes();
        let end_of_line = |at: usize| memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        let line_end = end_of_line(terminator.end);
        let rest = self.text[terminator.end..line_end].trim();
        if !rest.is_empty() && !rest.starts_with("--") {
            return Err(self.error(
                Code::ClientCommand,
                terminator.end,
                "text after COPY … FROM STDIN on the same line".into(),
                "inline data begins on the line after the `;`",
            ));
        }
        let start = (line_end + 1).min(bytes.len());
        let mut line = start;
        while line < bytes.len() {
            let end = end_of_line(line);
            if self.text[line..end].trim_end_matches('\r') == "\\." {
                self.lexer.seek(end);
                return Ok(start..line);
            }
            line = end + 1;
        }
        Err(self.unterminated(Unterminated { what: "inline data of COPY", at: terminator.start }))
    }

    fn unterminated(&mut self, open: Unterminated) -> SplitError {
        let help = match open.what {
            "inline data of COPY" => "end the data with a line that holds only \\.",
            "BEGIN block" => "end the body with END;",
            _ => "",
        };
        self.error(Code::ScriptUnterminated, open.at, format!("{} never ends", open.what), help)
    }

    fn error(&mut self, code: Code, at: usize, message: String, help: &str) -> SplitError {
        self.done = true;
        self.position = self.position.advance(self.text, at);
        let Position { line, column, .. } = self.position;
        SplitError { code, offset: at, line, column, message, help: help.into() }
    }
}

impl<'t> Iterator for Splitter<'t> {
    type Item = Result<Statement<'t>, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with(|_| ())
    }
}

/// How a dialect spells its tokens.
pub(crate) fn rules(dialect: DialectName) -> &'static LexRules {
    match dialect {
        DialectName::Postgres => &postgres::lex::RULES,
        DialectName::Mysql => &mysql::lex::RULES,
        DialectName::Sqlite => &sqlite::lex::RULES,
    }
}

/// Splits a script into its statements. `first_line` is the number of its first line, so that lines are those
/// of the file that it stands in.
///
/// # Errors
/// [`Code::ScriptUnterminated`] with the place where the construct opens, [`Code::ClientCommand`] for what only
/// a client program understands.
pub fn split(dialect: DialectName, text: &str, first_line: u32) -> Result<Vec<Statement<'_>>, SplitError> {
    Splitter::new(dialect, text, first_line).collect()
}
