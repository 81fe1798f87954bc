//! A body's statements with their places, before it is known how they run.

use super::refusal::Place;
use crate::Result;
use crate::schema::script;
use migrated_core::dialect::{Classification, StatementKind, classify, split, statement_hash, summary};
use migrated_core::{DialectName, file};
use migrated_target::{ScriptStatement, Treatment};
use std::sync::Arc;

/// A body's statements, before it is known how they run.
#[derive(Default)]
pub(super) struct Source {
    pub(super) text: Arc<str>,
    /// Whether it runs in a transaction, where that is written.
    pub(super) asked: Option<bool>,
    pub(super) statements: Vec<ScriptStatement>,
    pub(super) classes: Vec<Classification>,
    pub(super) foreign_keys: Option<bool>,
}

impl Source {
    /// Adds the statements of `body`, which begins at byte `start` of the text and stands at `line` of the file; `at`
    /// is the place that all of them have.
    pub(super) fn add(
        &mut self,
        place: &Place<'_>,
        dialect: DialectName,
        body: &str,
        start: usize,
        line: u32,
        at: Option<(u32, u32)>,
    ) -> Result<()> {
        for statement in split(dialect, body, line).map_err(|e| {
            let (line, column) = at.unwrap_or((e.line, e.column));
            place.error(e.code, e.message, line, column, "").next(e.help)
        })? {
            let class = classify(dialect, statement.text);
            if let StatementKind::ForeignKeys(on) = class.kind {
                self.foreign_keys = Some(self.foreign_keys.unwrap_or(on) && on);
            }
            let (line, column) = at.unwrap_or((statement.line, statement.column));
            self.statements.push(ScriptStatement {
                range: shifted(statement.range(), start),
                line,
                column,
                copy_data: statement.copy_data.clone().map(|data| shifted(data, start)),
                hash: hex::encode(statement_hash(dialect, &statement, body)),
                summary: summary(dialect, statement.text),
                treatment: Treatment::Transactional,
            });
            self.classes.push(class);
        }
        Ok(())
    }
}

/// The statements of operations: each has the place of its operation.
pub(super) fn rendered_source(
    place: &Place<'_>,
    dialect: DialectName,
    pieces: &[file::RenderedOperation],
    asked: Option<bool>,
) -> Result<Source> {
    let mut source = Source { asked, ..Source::default() };
    let mut text = String::new();
    for piece in pieces {
        let body =
            if piece.verbatim { piece.statements.join("\n") } else { script(dialect, &piece.statements) };
        source.add(place, dialect, &body, text.len(), piece.line, Some((piece.line, piece.column)))?;
        text.push_str(&body);
        if piece.verbatim {
            // Ends what was not ended; after what was, it is an empty statement, which is none.
            text.push_str("\n;\n");
        }
    }
    source.text = text.into();
    Ok(source)
}

fn shifted(range: std::ops::Range<usize>, by: usize) -> std::ops::Range<usize> {
    range.start + by..range.end + by
}
