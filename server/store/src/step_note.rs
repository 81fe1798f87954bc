//! What became of steps, as it is noted while a run goes on: what several notes on one step come to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec;
use crate::{StepNote, StepState};

/// Notes on the steps of a run.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    pub(crate) run: String,
    pub(crate) notes: Vec<StepNote>,
}

/// What the notes on one step come to: run, position, state; when it began anew, for then what was known of its
/// transaction no longer holds; its transaction; when it ended.
#[derive(Serialize)]
pub(crate) struct Row<'a>(
    pub(crate) &'a str,
    pub(crate) u32,
    pub(crate) &'static str,
    pub(crate) Option<i64>,
    pub(crate) Option<&'a str>,
    pub(crate) Option<i64>,
);

impl<'a> Row<'a> {
    fn of(run: &'a str, note: &'a StepNote) -> Row<'a> {
        let (mut begun, mut ended) = (None, None);
        match note.state {
            StepState::Planned => {}
            StepState::Started => begun = Some(note.at),
            StepState::Done | StepState::Failed => ended = Some(note.at),
        }
        Row(run, note.index, codec::step_state_word(note.state), begun, note.xid.as_deref(), ended)
    }

    /// Both, `self` first.
    fn then(self, later: Row<'a>) -> Row<'a> {
        let xid = if later.3.is_some() { later.4 } else { later.4.or(self.4) };
        Row(later.0, later.1, later.2, later.3.or(self.3), xid, later.5)
    }
}

/// One row a step: an UPDATE would take any one of several.
pub(crate) fn rows<'a>(all: impl IntoIterator<Item = &'a Notes>) -> Vec<Row<'a>> {
    let mut rows: BTreeMap<(&str, u32), Row<'_>> = BTreeMap::new();
    for Notes { run, notes } in all {
        for note in notes {
            let row = Row::of(run, note);
            let row = match rows.remove(&(run.as_str(), note.index)) {
                Some(earlier) => earlier.then(row),
                None => row,
            };
            rows.insert((run, note.index), row);
        }
    }
    rows.into_values().collect()
}
