//! Where the graph answers better than Alembic 1.20, and why.
//!
//! Everything else, the order of the steps included, is Alembic's answer to the letter. Two more differences
//! carry no mark, since they change no meaning:
//!
//! - *Rows are always canonical*, the maximal elements of what is applied. When a revision with several
//!   parents or dependencies is applied or taken back, Alembic may write a row that another row implies (and
//!   then refuse its own table as overlapping), or die of a `KeyError` in the middle of a run.
//! - *Where Alembic dies of an assertion* (`REV+N` past the last revision, `label@-N` without a row on the
//!   branch, a history range over a dependency), an error with a code is returned.
//!
//! A duplicate revision id is an error here (`DUPLICATE_REVISION`); Alembic warns, and the later file silently
//! orphans the earlier one's descendants.

/// A declared difference from Alembic, carried by the answer or the error that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deviation {
    /// `LABEL@…` with a label that nobody carries is an error of its own. Alembic's `downgrade` looks at the label
    /// only when it has several roots to choose from, so a misspelt label on a simple graph downgrades everything;
    /// `LABEL@head` is refused there as if a revision were missing.
    UnknownLabel,
    /// `downgrade LABEL@…` takes back revisions of that branch alone (and what depends on them). Alembic ignores
    /// the label for `head`, does not notice a target on another branch, and takes the sister branches along when
    /// the way down leads through the point where they part. Here `LABEL@base` leaves the shared trunk while an
    /// applied sister stands on it, and a target below such a point is refused.
    LabelHonoured,
    /// Text after a relative step (`+1x`) is an error. Alembic reads `+1` and drops the rest.
    TrailingGarbage,
    /// `downgrade -N` with several version rows is an error. Alembic warns and starts from whichever row the
    /// database hands back first.
    SeveralRows,
    /// `stamp` leaves the rows that a real upgrade or downgrade to its targets would leave, planned together.
    /// Alembic plans each target against the rows as they were before, which ends in a `KeyError` or in
    /// redundant rows, and forgets the other parents of a merge and what a removed row had implied.
    StampCanonical,
    /// A circle among the revisions is found wherever it stands. Alembic only asks whether every revision is
    /// reachable from some head and some base, so a circle with a way in and a way out loads, and is then run
    /// in a wrong order or never finishes planning.
    CycleFound,
}

impl Deviation {
    /// The name in UPPER_SNAKE.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownLabel => "UNKNOWN_LABEL",
            Self::LabelHonoured => "LABEL_HONOURED",
            Self::TrailingGarbage => "TRAILING_GARBAGE",
            Self::SeveralRows => "SEVERAL_ROWS",
            Self::StampCanonical => "STAMP_CANONICAL",
            Self::CycleFound => "CYCLE_FOUND",
        }
    }
}
