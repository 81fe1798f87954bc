//! Revision files: read, written, named, hashed. They are written in SQL, in YAML as typed operations, or in a programming
//! language: then their client executes them.
//!
//! A file of SQL begins with header lines (`-- revision: 3f2a9c1b7d4e`), followed by sections, each opened by a line
//! `-- migrate:up` or `-- migrate:down` with options. Everything that could get lost without a word is an error:
//! an unknown key or option, SQL before the first section, a section given twice.
//!
//! A line that looks like a section's opening is one wherever it stands, inside of strings and inline data too, so that
//! the sections of a file are known without knowing its dialect.

mod client;
mod created;
mod error;
mod hash;
mod header;
mod name;
mod operations;
mod parse;
mod section;
mod write;

pub use client::ClientForm;
pub use created::Created;
pub use error::FileError;
pub use hash::{raw_hash, token_hash};
pub use header::check_id;
pub use name::{DEFAULT_TEMPLATE, TRUNCATE_SLUG_LENGTH, file_name, slug};
pub use operations::{Operations, RenderedOperation, Step, render_operations};
pub use parse::{parse, parse_text};
pub use section::Section;
pub use write::{NewRevision, render};

use crate::DialectName;
use crate::event::Direction;
use std::sync::Arc;

/// A revision file. Its text is held once; the sections point into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionFile {
    /// Where it was found.
    pub path: String,
    /// Its id.
    pub revision: String,
    /// The revisions that it follows, in the order written; empty for a base.
    pub down_revisions: Vec<String>,
    /// The revisions and labels that it depends on.
    pub depends_on: Vec<String>,
    /// Its own branch labels.
    pub branch_labels: Vec<String>,
    /// What it is about; empty where nothing is said.
    pub message: String,
    /// When it was made, in RFC 3339 as written; empty where nothing is said.
    pub created: String,
    /// Its sections, in the order written.
    pub sections: Vec<Section>,
    /// Its operations, where it is written in that form; then it has no sections.
    pub operations: Option<Operations>,
    /// What is known of a body that its client executes; then it has no sections.
    pub client: Option<ClientForm>,
    /// The whole file.
    pub text: Arc<str>,
}

impl RevisionFile {
    /// The section for a direction and a dialect: one that names the dialect, else the one that names none.
    pub fn section(&self, direction: Direction, dialect: DialectName) -> Option<&Section> {
        let of = || self.sections.iter().filter(|s| s.direction == direction);
        of().find(|s| s.dialects.contains(&dialect)).or_else(|| of().find(|s| s.dialects.is_empty()))
    }

    /// A section's statements, as text.
    pub fn body(&self, section: &Section) -> &str {
        self.text.get(section.body.clone()).unwrap_or("")
    }
}
