//! Where a statement of MySQL or MariaDB ends: at `;`, except inside of compound statements, whose blocks are
//! followed here (manuals, "Compound Statement Syntax" and "Programmatic & Compound Statements"), so that stored
//! programs need no `DELIMITER`. Where a script has such lines they are followed as the client does.

use super::block::{Blocks, Flow};
use crate::dialect::splitter::{Refusal, Seen, Verdict};
use crate::dialect::token::{TokenKind, Unterminated};

/// Commands of the mysql client that no statement begins with.
const CLIENT: &[&str] = &["SOURCE", "SYSTEM", "TEE", "NOTEE", "PAGER", "NOPAGER", "EDIT", "EGO", "REHASH"];

#[derive(Default)]
pub(crate) struct Tracker {
    stage: Stage,
    parens: u32,
    blocks: Blocks,
    begin_at: usize,
    /// CREATE or ALTER of a stored program.
    program: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    /// After CREATE or ALTER, before the kind of object.
    Create,
    /// A routine, before the end of its parameters.
    Parameters,
    /// A trigger before ROW, an event before DO.
    Trigger,
    Event,
    /// After BEGIN: `NOT ATOMIC` makes it a block (MariaDB).
    Begin,
    /// The blocks decide.
    Body,
    Plain,
}

impl Tracker {
    pub(crate) fn token(&mut self, seen: &Seen<'_>) -> Verdict {
        match seen.token.kind {
            TokenKind::Delimiter => return Verdict::End,
            TokenKind::Symbol if seen.is_symbol("\\") && !is_null(seen) => return backslash(seen),
            TokenKind::Symbol => {
                if seen.is_symbol(";") {
                    return self.semicolon(seen);
                }
                self.parenthesis(seen);
            }
            TokenKind::Word if seen.first => {
                if let Some(verdict) = client_line(seen) {
                    return verdict;
                }
            }
            _ => {}
        }
        self.follow(seen);
        Verdict::Part
    }

    fn semicolon(&mut self, seen: &Seen<'_>) -> Verdict {
        if self.stage == Stage::Body {
            self.blocks.token(seen);
        }
        let inside = !self.blocks.is_empty() || seen.in_executable || (seen.custom_delimiter && self.program);
        if inside { Verdict::Part } else { Verdict::End }
    }

    fn parenthesis(&mut self, seen: &Seen<'_>) {
        match seen.text() {
            "(" => self.parens += 1,
            ")" => {
                self.parens = self.parens.saturating_sub(1);
                if self.stage == Stage::Parameters && self.parens == 0 {
                    self.stage = Stage::Body;
                    self.blocks.expect_body();
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, seen: &Seen<'_>) {
        let is = |words: &[&str]| words.iter().any(|w| seen.is_word(w));
        let word = seen.token.kind == TokenKind::Word;
        match self.stage {
            Stage::Start if word => {
                if is(&["CREATE", "ALTER"]) {
                    self.stage = Stage::Create;
                } else if is(&["BEGIN"]) {
                    self.stage = Stage::Begin;
                    self.begin_at = seen.token.start;
                } else {
                    // MariaDB runs IF, LOOP and the like outside of stored programs too.
                    self.stage = match self.blocks.begin_statement(seen) {
                        Flow::Block => Stage::Body,
                        Flow::Plain => Stage::Plain,
                    };
                }
            }
            Stage::Start => {}
            Stage::Create if is(&["PROCEDURE", "FUNCTION"]) => {
                self.stage = Stage::Parameters;
                self.program = true;
            }
            Stage::Create if is(&["TRIGGER"]) => {
                self.stage = Stage::Trigger;
                self.program = true;
            }
            Stage::Create if is(&["EVENT"]) => {
                self.stage = Stage::Event;
                self.program = true;
            }
            Stage::Create
                if is(&[
                    "TABLE",
                    "TEMPORARY",
                    "VIEW",
                    "INDEX",
                    "UNIQUE",
                    "FULLTEXT",
                    "SPATIAL",
                    "DATABASE",
                ]) || is(&["SCHEMA", "USER", "ROLE", "SERVER", "SEQUENCE", "TABLESPACE", "INSTANCE"]) =>
            {
                self.stage = Stage::Plain;
            }
            // A loadable function has no parameters and no body.
            Stage::Parameters if self.parens == 0 && is(&["RETURNS", "SONAME"]) => self.stage = Stage::Plain,
            Stage::Trigger if is(&["ROW"]) => self.body(),
            Stage::Event if is(&["DO"]) => self.body(),
            Stage::Begin if is(&["NOT"]) => {
                self.stage = Stage::Body;
                self.blocks.begin_not_atomic(self.begin_at);
            }
            Stage::Begin => self.stage = Stage::Plain,
            Stage::Body => self.blocks.token(seen),
            Stage::Create | Stage::Parameters | Stage::Trigger | Stage::Event | Stage::Plain => {}
        }
    }

    fn body(&mut self) {
        self.stage = Stage::Body;
        self.blocks.expect_body();
    }

    pub(crate) fn open(&self) -> Option<Unterminated> {
        // Behind another delimiter the client sends what is left, so that the server judges it.
        self.blocks.open()
    }
}

/// `\N` is a spelling of NULL.
fn is_null(seen: &Seen<'_>) -> bool {
    seen.script[seen.token.end..].starts_with('N')
}

fn client_line(seen: &Seen<'_>) -> Option<Verdict> {
    if seen.is_word("DELIMITER") {
        let end = seen.line_end();
        let rest = &seen.script[seen.token.end..end];
        let argument = rest.trim_start();
        let start = end - argument.len();
        let length = argument.find(char::is_whitespace).unwrap_or(argument.len());
        return Some(if length == 0 {
            Verdict::Refuse(Refusal {
                message: "DELIMITER without a delimiter".into(),
                help: "write it as DELIMITER // and, after the last of these statements, DELIMITER ;",
            })
        } else {
            Verdict::Delimiter(start..start + length, end)
        });
    }
    let command = CLIENT.iter().find(|c| seen.is_word(c))?;
    Some(Verdict::Refuse(Refusal {
        message: format!("{command} is a command of the mysql client, not SQL"),
        help: "a revision is sent to the server, not to a client program",
    }))
}

fn backslash(seen: &Seen<'_>) -> Verdict {
    let letter: String = seen.script[seen.token.end..].chars().take(1).collect();
    Verdict::Refuse(Refusal {
        message: format!("\\{letter} is a command of the mysql client, not SQL"),
        help: "end the statement with ; instead of \\g or \\G",
    })
}
