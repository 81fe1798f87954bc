//! The revision graph: what identifiers mean, which revisions a request goes through, and which rows the version
//! table holds after each of them.
//!
//! Behaviour follows Alembic (`alembic.script.revision`, `alembic.runtime.migration`), order of plans included;
//! [`Deviation`] lists where it knowingly does not.

mod build;
mod deviation;
mod error;
mod graph;
mod history;
mod identifier;
mod label;
mod new;
mod node;
mod plan;
mod related;
mod row;
mod stamp;
mod topology;
mod walk;

pub use deviation::Deviation;
pub use error::RevisionError;
pub use graph::RevisionGraph;
pub use new::{NewHeads, NewParents};
pub use node::Node;
pub use plan::{Plan, Step};
pub use row::RowChange;

/// Result of a question to the graph.
pub type Result<T> = std::result::Result<T, RevisionError>;
