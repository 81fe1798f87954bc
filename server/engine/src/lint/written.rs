//! A body as the text that the rules read.

use crate::prepare::LoadedBody;
use migrated_core::event::Direction;
use migrated_core::lint;
use std::sync::Arc;

/// A body as the SQL form that the rules read.
pub(super) struct Written {
    pub(super) path: String,
    pub(super) text: Arc<str>,
    /// Of a body that was rendered: the line at which each statement begins here, and its operation's place.
    places: Vec<(u32, u32, u32)>,
}

impl Written {
    pub(super) fn of(body: &LoadedBody, direction: Direction) -> Written {
        if body.rendered {
            return as_written(body, direction);
        }
        Written { path: body.path.clone(), text: body.script.text.clone(), places: Vec::new() }
    }

    /// The finding at its place in the revision's file.
    pub(super) fn placed(&self, mut found: lint::Finding) -> lint::Finding {
        if let Some((_, line, column)) = self.places.iter().rev().find(|(here, ..)| *here <= found.line) {
            (found.line, found.column) = (*line, *column);
        }
        found
    }
}

/// A body that was rendered from operations, written down as the SQL form would have it.
fn as_written(body: &LoadedBody, direction: Direction) -> Written {
    let way = if direction == Direction::Up { "up" } else { "down" };
    let mut text = format!("-- revision: rendered\n\n-- migrate:{way}\n");
    let mut places = Vec::with_capacity(body.script.statements.len());
    for statement in &body.script.statements {
        let line = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).saturating_add(1);
        places.push((line, statement.line, statement.column));
        text.push_str(&body.script.text[statement.range.clone()]);
        text.push_str(";\n");
    }
    Written { path: "rendered.sql".to_owned(), text: text.into(), places }
}
