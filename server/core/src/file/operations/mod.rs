//! The operations form of a revision: YAML with the header's fields as keys, and `up` and `down` as lists of typed
//! operations.

mod decode;
mod read;
mod shorthand;
mod tree;
mod write;
mod wrong;

pub(super) use read::parse;
pub use write::render_operations;

use super::error::FileError;
use crate::Code;
use crate::dialect::hash::TokenHash;
use crate::event::Direction;
use crate::operation::{Operation, OperationError, Server};

/// What a revision in the operations form does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// The upgrade; `None` where the file does not say.
    pub up: Option<Vec<Step>>,
    /// The downgrade; `None`: the upgrade, reversed.
    pub down: Option<Vec<Step>>,
    /// Whether it runs in a transaction, where that is written.
    pub transactional: Option<bool>,
}

/// An operation of a revision, with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub operation: Operation,
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// It drops an object that is only named, so it cannot be reversed.
    pub only_named: bool,
}

/// An operation as SQL, with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedOperation {
    /// Its statements, without semicolons at their ends. SQL that was written by hand is one text, which may hold several.
    pub statements: Vec<String>,
    /// The SQL was written by hand.
    pub verbatim: bool,
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
}

impl Operations {
    /// What is done in a direction, in its order; `None` where the file does not say. A downgrade that is not written
    /// is the upgrade's operations reversed, the last one first.
    ///
    /// # Errors
    /// [`Code::OperationInvalid`] for an operation that cannot be reversed, with its place.
    pub fn steps(&self, path: &str, direction: Direction) -> Result<Option<Vec<Step>>, FileError> {
        match (direction, &self.up, &self.down) {
            (Direction::Up, up, _) => Ok(up.clone()),
            (Direction::Down, _, Some(down)) => Ok(Some(down.clone())),
            (Direction::Down, None, None) => Ok(None),
            (Direction::Down, Some(up), None) => {
                up.iter().rev().map(|step| step.reversed(path)).collect::<Result<_, _>>().map(Some)
            }
        }
    }

    /// The statements of a direction on `server`, operation by operation; `None` where the file does not say.
    ///
    /// # Errors
    /// [`Code::OperationInvalid`] for what cannot be reversed or what the server has no way to do, with its place.
    pub fn render(
        &self,
        path: &str,
        direction: Direction,
        server: &Server,
    ) -> Result<Option<Vec<RenderedOperation>>, FileError> {
        let Some(steps) = self.steps(path, direction)? else { return Ok(None) };
        let rendered = steps.iter().map(|step| {
            let statements = step.operation.render(server).map_err(|error| step.refused(path, &error))?;
            let verbatim = matches!(step.operation, Operation::Execute(_));
            Ok(RenderedOperation { statements, verbatim, line: step.line, column: step.column })
        });
        rendered.collect::<Result<_, _>>().map(Some)
    }

    /// Adds what they do to a revision's identity.
    pub(super) fn add_to(&self, hash: &mut TokenHash) {
        for (direction, steps) in [(&b"up"[..], &self.up), (b"down", &self.down)] {
            let Some(steps) = steps else { continue };
            hash.fact(b'B', direction);
            if let Some(transactional) = self.transactional {
                hash.fact(b'X', if transactional { b"true" } else { b"false" });
            }
            for step in steps {
                // Structs, lists, words and numbers: nothing that JSON cannot hold.
                let data = serde_json::to_vec(&step.operation)
                    .unwrap_or_else(|_| format!("{:?}", step.operation).into_bytes());
                hash.fact(b'Y', &data);
            }
        }
    }
}

impl Step {
    fn reversed(&self, path: &str) -> Result<Step, FileError> {
        let reversed = if self.only_named {
            Err(OperationError::Irreversible {
                what: self.operation.summary(),
                why: "it is only named, and what it was is not known".into(),
            })
        } else {
            self.operation.reverse()
        };
        let operation = reversed.map_err(|error| {
            self.refused(path, &error)
                .help("write the way back under `down:` (`down: []` where nothing is to be undone)")
        })?;
        Ok(Step { operation, only_named: false, ..*self })
    }

    fn refused(&self, path: &str, error: &OperationError) -> FileError {
        let message = match error {
            OperationError::Irreversible { .. } => error.to_string(),
            _ => format!("{}: {error}", self.operation.summary()),
        };
        FileError::new(Code::OperationInvalid, path, (self.line, self.column), message)
    }
}
