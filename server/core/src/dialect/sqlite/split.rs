//! Where a SQLite statement ends: at `;`, except for `CREATE TRIGGER`, which ends at `; END ;` as
//! `sqlite3_complete()` has it.

use crate::dialect::splitter::{Refusal, Seen, Verdict};
use crate::dialect::token::{TokenKind, Unterminated};

#[derive(Default)]
pub(crate) struct Tracker {
    stage: Stage,
    begin_at: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    Create,
    /// CREATE TRIGGER, before its BEGIN.
    Trigger,
    Body,
    /// In the body, right after a `;`.
    AfterSemicolon,
    /// After `; END`.
    Ended,
    Plain,
}

impl Tracker {
    pub(crate) fn token(&mut self, seen: &Seen<'_>) -> Verdict {
        let semicolon = seen.is_symbol(";");
        self.stage = match self.stage {
            Stage::Start if seen.is_symbol(".") => return dot_command(seen),
            Stage::Start | Stage::Create | Stage::Trigger | Stage::Plain | Stage::Ended if semicolon => {
                return Verdict::End;
            }
            Stage::Start if ["EXPLAIN", "QUERY", "PLAN"].iter().any(|w| seen.is_word(w)) => Stage::Start,
            Stage::Start if seen.is_word("CREATE") => Stage::Create,
            Stage::Create if seen.is_word("TEMP") || seen.is_word("TEMPORARY") => Stage::Create,
            Stage::Create if seen.is_word("TRIGGER") => Stage::Trigger,
            Stage::Start | Stage::Create | Stage::Plain => Stage::Plain,
            Stage::Trigger if seen.is_word("BEGIN") => {
                self.begin_at = seen.token.start;
                Stage::Body
            }
            Stage::Trigger => Stage::Trigger,
            Stage::AfterSemicolon if seen.is_word("END") => Stage::Ended,
            _ if semicolon => Stage::AfterSemicolon,
            _ => Stage::Body,
        };
        Verdict::Part
    }

    pub(crate) fn open(&self) -> Option<Unterminated> {
        matches!(self.stage, Stage::Body | Stage::AfterSemicolon)
            .then_some(Unterminated { what: "BEGIN block", at: self.begin_at })
    }
}

/// A dot that begins a statement belongs to the sqlite3 shell.
fn dot_command(seen: &Seen<'_>) -> Verdict {
    debug_assert_eq!(seen.token.kind, TokenKind::Symbol);
    let line = seen.script[seen.token.start..seen.line_end()].trim_end();
    let command = line.split_whitespace().next().unwrap_or(".");
    Verdict::Refuse(Refusal {
        message: format!("{command} is a command of the sqlite3 shell, not SQL"),
        help: "a revision is sent to the database, not to its shell",
    })
}
