//! The pure heart of migrated: the revision graph and its plans, revision files, the statement splitters of
//! the three dialects, and the vocabulary (codes, events) that every other crate speaks.
//!
//! Nothing in here does IO, reads a clock or draws a random number; time and ids are passed in. `clippy.toml`
//! beside this crate and the tidy test keep it so.

mod advice;
pub mod code;
pub mod dialect;
pub mod diff;
pub mod event;
pub mod file;
pub mod lint;
pub mod operation;
pub mod revision;
pub mod schema;

pub use code::Code;
pub use dialect::DialectName;
