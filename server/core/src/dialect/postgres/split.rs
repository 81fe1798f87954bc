//! Where a PostgreSQL statement ends: at `;`, but not inside of parentheses (`CREATE RULE … DO (a; b)`) nor
//! inside of `BEGIN ATOMIC … END` (manual, "CREATE FUNCTION", `sql_body`).

use crate::dialect::splitter::{Refusal, Seen, Verdict};
use crate::dialect::token::{TokenKind, Unterminated};

/// psql's commands that a script may contain without being changed by them: they print, time or protect.
/// `\set ON_ERROR_STOP` heads our own offline scripts, `\restrict` and `\unrestrict` frame those of `pg_dump`.
const HARMLESS: &[&str] = &["echo", "qecho", "warn", "timing", "pset", "restrict", "unrestrict"];

#[derive(Default)]
pub(crate) struct Tracker {
    words: u32,
    statement: Kind,
    parens: u32,
    paren_at: usize,
    begin_at: Option<usize>,
    depth: u32,
    previous_from: bool,
    copy_at: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Create,
    Routine,
    Copy,
    CopyIn,
    Other,
}

impl Tracker {
    pub(crate) fn token(&mut self, seen: &Seen<'_>) -> Verdict {
        match seen.token.kind {
            TokenKind::Word => self.word(seen),
            TokenKind::Symbol => return self.symbol(seen),
            _ => {
                self.previous_from = false;
                self.begin_at = self.begin_at.filter(|_| self.depth > 0);
            }
        }
        Verdict::Part
    }

    fn word(&mut self, seen: &Seen<'_>) {
        self.words += 1;
        match self.statement {
            Kind::Unknown if seen.is_word("CREATE") => self.statement = Kind::Create,
            Kind::Unknown if seen.is_word("COPY") => self.statement = Kind::Copy,
            Kind::Unknown | Kind::Other | Kind::CopyIn => {
                self.statement = if self.statement == Kind::CopyIn { Kind::CopyIn } else { Kind::Other };
            }
            Kind::Create if seen.is_word("FUNCTION") || seen.is_word("PROCEDURE") => {
                self.statement = Kind::Routine;
            }
            Kind::Create if seen.is_word("OR") || seen.is_word("REPLACE") => {}
            Kind::Create => self.statement = Kind::Other,
            Kind::Copy => {
                if self.previous_from && seen.is_word("STDIN") {
                    self.statement = Kind::CopyIn;
                    self.copy_at = seen.token.start;
                }
                self.previous_from = self.parens == 0 && seen.is_word("FROM");
            }
            Kind::Routine => self.routine_word(seen),
        }
    }

    fn routine_word(&mut self, seen: &Seen<'_>) {
        if self.depth > 0 {
            // Both are reserved words, so that a name spelled like them is quoted.
            if seen.is_word("CASE") {
                self.depth += 1;
            } else if seen.is_word("END") {
                self.depth -= 1;
            }
        } else if self.begin_at.is_some() && seen.is_word("ATOMIC") {
            self.depth = 1;
        } else {
            self.begin_at = (self.parens == 0 && seen.is_word("BEGIN")).then_some(seen.token.start);
        }
    }

    fn symbol(&mut self, seen: &Seen<'_>) -> Verdict {
        self.previous_from = false;
        match seen.text() {
            ";" if self.parens == 0 && self.depth == 0 => {
                return if self.statement == Kind::CopyIn { Verdict::EndWithData } else { Verdict::End };
            }
            "(" => {
                if self.parens == 0 {
                    self.paren_at = seen.token.start;
                }
                self.parens += 1;
            }
            ")" => self.parens = self.parens.saturating_sub(1),
            "\\" => return meta_command(seen),
            _ => {}
        }
        Verdict::Part
    }

    pub(crate) fn open(&self) -> Option<Unterminated> {
        match self.begin_at {
            Some(at) if self.depth > 0 => Some(Unterminated { what: "BEGIN block", at }),
            _ if self.parens > 0 => Some(Unterminated { what: "parenthesis", at: self.paren_at }),
            _ if self.statement == Kind::CopyIn => {
                Some(Unterminated { what: "inline data of COPY", at: self.copy_at })
            }
            _ => None,
        }
    }
}

/// A backslash outside of quotes belongs to psql.
fn meta_command(seen: &Seen<'_>) -> Verdict {
    let end = seen.line_end();
    let line = seen.script[seen.token.start..end].trim_end();
    let mut words = line[1..].split_whitespace();
    let command = words.next().unwrap_or("");
    let stops_on_error = command == "set" && words.next() == Some("ON_ERROR_STOP");
    if seen.first && (stops_on_error || HARMLESS.contains(&command)) {
        return Verdict::Skip(end);
    }
    let help = match command {
        "copy" => "use COPY … FROM STDIN with inline data, ended by \\.",
        "c" | "connect" => "a revision runs on its target's own connection",
        "i" | "ir" | "include" | "include_relative" => "put the file's statements into the revision",
        "." => "inline data may only follow COPY … FROM STDIN;",
        _ => "a revision is sent to the server, not to psql",
    };
    Verdict::Refuse(Refusal { message: format!("\\{command} is a command of psql, not SQL"), help })
}
