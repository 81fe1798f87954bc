//! The blocks of compound statements. Most keywords concerned are not reserved (`end` may be a column), so that a
//! block opens and ends only where a statement may begin.

use crate::dialect::splitter::Seen;
use crate::dialect::token::{TokenKind, Unterminated};

/// What opens a block at the beginning of a statement, and what it is called after END.
const OPENERS: &[(&str, Block)] = &[
    ("BEGIN", Block::Begin),
    ("IF", Block::If),
    ("CASE", Block::Case),
    ("LOOP", Block::Loop),
    ("REPEAT", Block::Repeat),
    ("WHILE", Block::While),
    ("FOR", Block::For),
];

/// What begins a body that is a single statement. A routine's characteristics begin otherwise.
const SINGLE: &[&str] = &[
    "RETURN", "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "CALL", "DO", "WITH", "CREATE", "DROP",
    "ALTER", "TRUNCATE", "SIGNAL", "RESIGNAL", "COMMIT", "ROLLBACK", "START", "GRANT", "REVOKE", "ANALYZE",
    "OPTIMIZE", "RENAME", "LEAVE", "ITERATE", "EXECUTE", "PREPARE", "KILL", "FLUSH", "LOCK", "UNLOCK",
    "VALUES", "TABLE",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Block {
    Begin,
    If,
    /// The statement, ended by END CASE.
    Case,
    /// The expression, ended by END.
    CaseValue,
    Loop,
    Repeat,
    While,
    For,
}

/// Whether a statement is a block.
pub(super) enum Flow {
    Block,
    Plain,
}

#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<(Block, usize)>,
    place: Place,
    previous: Previous,
    /// The statement is a DECLARE.
    declare: bool,
}

/// Where in a statement we are.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A statement may begin here.
    Start,
    /// A body is awaited, behind characteristics or the conditions of a handler.
    Body,
    /// Right after the first word of a statement: a colon makes it a label.
    Label,
    /// Right after END: the block's name may follow.
    AfterEnd(Block),
    /// After DECLARE … HANDLER, before FOR.
    Handler,
    /// After UNTIL.
    Until,
    /// After BEGIN NOT, before ATOMIC.
    Atomic,
    #[default]
    Inside,
}

/// The token before, as far as it matters.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Dot,
    /// CHARACTER or RETURNS, after which SET is not a statement.
    BeforeSet,
    #[default]
    Other,
}

impl Blocks {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn open(&self) -> Option<Unterminated> {
        let (block, at) = *self.open.last()?;
        let what = match block {
            Block::Begin => "BEGIN block",
            Block::If => "IF",
            Block::Case | Block::CaseValue => "CASE",
            Block::Loop => "LOOP",
            Block::Repeat => "REPEAT",
            Block::While => "WHILE",
            Block::For => "FOR",
        };
        Some(Unterminated { what, at })
    }

    /// The body of a stored program comes next.
    pub(super) fn expect_body(&mut self) {
        self.place = Place::Body;
    }

    /// `BEGIN NOT` was read, the BEGIN at that byte.
    pub(super) fn begin_not_atomic(&mut self, at: usize) {
        self.open.push((Block::Begin, at));
        self.place = Place::Atomic;
    }

    /// Reads the first word of a statement outside of stored programs.
    pub(super) fn begin_statement(&mut self, seen: &Seen<'_>) -> Flow {
        self.place = Place::Start;
        self.token(seen);
        if self.open.is_empty() { Flow::Plain } else { Flow::Block }
    }

    pub(super) fn token(&mut self, seen: &Seen<'_>) {
        let dotted = self.previous == Previous::Dot;
        let before_set = self.previous == Previous::BeforeSet;
        self.previous = Previous::Other;
        match seen.token.kind {
            TokenKind::Word if dotted => self.place = self.past_label(),
            TokenKind::Word => self.word(seen, before_set),
            TokenKind::Symbol => match seen.text() {
                ";" => {
                    self.place = Place::Start;
                    self.declare = false;
                }
                ":" if self.place == Place::Label => self.place = Place::Start,
                "." => {
                    self.previous = Previous::Dot;
                    self.place = self.past_label();
                }
                _ => self.place = self.past_label(),
            },
            // A label may be quoted.
            TokenKind::QuotedName if self.place == Place::Start => self.place = Place::Label,
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose | TokenKind::Hint => {}
            _ => self.place = self.past_label(),
        }
    }

    /// The place behind a token that is no keyword.
    fn past_label(&self) -> Place {
        match self.place {
            Place::Start | Place::Label | Place::AfterEnd(_) | Place::Atomic => Place::Inside,
            place => place,
        }
    }

    fn word(&mut self, seen: &Seen<'_>, before_set: bool) {
        match self.place {
            Place::Start => self.first_word(seen),
            Place::Body => self.body_word(seen, before_set),
            Place::AfterEnd(block) => {
                let named = OPENERS.iter().any(|(word, b)| *b == block && seen.is_word(word));
                self.place = Place::Inside;
                if !named && block == Block::CaseValue {
                    self.inner_word(seen);
                }
            }
            Place::Handler if seen.is_word("FOR") => self.place = Place::Body,
            Place::Handler => {}
            Place::Until if seen.is_word("END") && self.top() == Some(Block::Repeat) => self.close(),
            Place::Atomic => self.place = Place::Start,
            Place::Label | Place::Inside | Place::Until => {
                self.place = if self.place == Place::Until { Place::Until } else { Place::Inside };
                self.inner_word(seen);
            }
        }
    }

    fn first_word(&mut self, seen: &Seen<'_>) {
        if self.opens(seen) {
            return;
        }
        if seen.is_word("END") {
            self.close();
        } else if seen.is_word("ELSE") {
            self.place = Place::Start;
        } else if seen.is_word("UNTIL") {
            self.place = Place::Until;
        } else {
            self.declare = seen.is_word("DECLARE");
            let keyword = ["ELSEIF", "WHEN"].iter().any(|w| seen.is_word(w));
            self.place = if keyword || self.declare { Place::Inside } else { Place::Label };
        }
    }

    fn body_word(&mut self, seen: &Seen<'_>, before_set: bool) {
        if self.opens(seen) {
            return;
        }
        if SINGLE.iter().any(|w| seen.is_word(w)) || (seen.is_word("SET") && !before_set) {
            self.place = Place::Inside;
        } else if ["CHARACTER", "CHAR", "RETURNS"].iter().any(|w| seen.is_word(w)) {
            self.previous = Previous::BeforeSet;
        }
    }

    fn inner_word(&mut self, seen: &Seen<'_>) {
        if seen.is_word("CASE") {
            self.open_block(Block::CaseValue, seen.token.start);
        } else if seen.is_word("END") && self.top() == Some(Block::CaseValue) {
            self.open.pop();
        } else if (seen.is_word("THEN") && matches!(self.top(), Some(Block::If | Block::Case)))
            || (seen.is_word("DO") && matches!(self.top(), Some(Block::While | Block::For)))
        {
            self.place = Place::Start;
        } else if self.declare && seen.is_word("HANDLER") {
            self.place = Place::Handler;
        }
    }

    fn opens(&mut self, seen: &Seen<'_>) -> bool {
        let Some((_, block)) = OPENERS.iter().find(|(word, _)| seen.is_word(word)) else { return false };
        self.open_block(*block, seen.token.start);
        self.declare = false;
        self.place = match block {
            Block::Begin | Block::Loop | Block::Repeat => Place::Start,
            _ => Place::Inside,
        };
        true
    }

    fn open_block(&mut self, block: Block, at: usize) {
        self.open.push((block, at));
    }

    fn top(&self) -> Option<Block> {
        self.open.last().map(|(block, _)| *block)
    }

    fn close(&mut self) {
        self.place = self.open.pop().map_or(Place::Inside, |(block, _)| Place::AfterEnd(block));
    }
}
