//! Where we knowingly do not do what Alembic does, because its answer is a trap for its user.

/// A declared difference from Alembic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deviation {
    /// `downgrade nosuch@base` is an error. Alembic looks at the label only where there are several roots, and
    /// otherwise downgrades everything.
    UnknownLabel,
    /// `downgrade label@…` touches the label's branch only. Alembic ignores the label for `head`, and for `base`
    /// drops the sister branches above the same root too.
    LabelHonoured,
    /// `+1foo` is an error. Alembic reads it as `+1`.
    TrailingGarbage,
    /// `downgrade -1` from several version rows is an error. Alembic walks from the row that comes first.
    SeveralRows,
    /// `stamp` leaves the rows of what is applied after it. Alembic forgets the other parent of a merge and what
    /// a dependency implied, and dies where several targets share a row.
    StampCanonical,
    /// Every cycle is found. Alembic misses those with a way in and a way out.
    CycleFound,
}

impl Deviation {
    /// The name in UPPER_SNAKE.
    pub const fn as_str(self) -> &'static str {
        match self {
            Deviation::UnknownLabel => "UNKNOWN_LABEL",
            Deviation::LabelHonoured => "LABEL_HONOURED",
            Deviation::TrailingGarbage => "TRAILING_GARBAGE",
            Deviation::SeveralRows => "SEVERAL_ROWS",
            Deviation::StampCanonical => "STAMP_CANONICAL",
            Deviation::CycleFound => "CYCLE_FOUND",
        }
    }
}
