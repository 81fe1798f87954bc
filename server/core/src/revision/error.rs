//! What can be wrong with a graph or with a question to it.

use super::Deviation;
use crate::Code;

/// A refusal by the graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RevisionError {
    code: Code,
    message: String,
    revisions: Vec<String>,
    help: String,
    deviation: Option<Deviation>,
}

impl RevisionError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        RevisionError {
            code,
            message: message.into(),
            revisions: Vec::new(),
            help: String::new(),
            deviation: None,
        }
    }

    pub(super) fn about(mut self, revisions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.revisions.extend(revisions.into_iter().map(Into::into));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) fn deviating(mut self, deviation: Deviation) -> Self {
        self.deviation = Some(deviation);
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The revisions that it is about.
    pub fn revisions(&self) -> &[String] {
        &self.revisions
    }

    /// What would help; empty where nothing general does.
    pub fn advice(&self) -> &str {
        &self.help
    }

    /// The declared difference from Alembic that it is an instance of.
    pub fn deviation(&self) -> Option<Deviation> {
        self.deviation
    }

    /// `head` where there are several.
    pub(super) fn multiple_heads(argument: &str, heads: &[&str]) -> Self {
        RevisionError::new(
            Code::MultipleHeads,
            format!("there are several heads for {argument:?}: {}", heads.join(", ")),
        )
        .about(heads.iter().copied())
        .help("name one of them, narrow to a branch with LABEL@head, take all with `heads`, or `migratectl merge heads`")
    }

    /// A relative step past the end of the graph.
    pub(super) fn out_of_range(argument: &str) -> Self {
        RevisionError::new(
            Code::RelativeOutOfRange,
            format!("{argument:?} leads past the end of the history"),
        )
        .help("migratectl history shows how many revisions there are")
    }
}
