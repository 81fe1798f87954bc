//! The revision graph: identifiers, plans, version rows and history, answered as Alembic 1.20 answers them.
//!
//! [`RevisionGraph::new`] checks the links of a list of [`Node`]s; everything else is a question to the graph.
//! Plans are pure: they take the version rows as they were read, and say which revisions to run, in which order,
//! and how the version table changes with each. Where an answer is deliberately better than Alembic's it carries a
//! [`Deviation`], and `deviation.rs` tells why.

mod build;
mod current;
mod cycle;
mod deviation;
mod error;
mod graph;
mod ident;
mod label;
mod lineage;
mod marks;
mod node;
mod parents;
mod plan;
mod resolve;
mod rows;
mod suggest;
mod topology;
mod walk;

pub use current::{Applied, Standing};
pub use deviation::Deviation;
pub use error::{Fault, RevisionError};
pub use graph::RevisionGraph;
pub use node::{Node, verify_id};
pub use parents::NewParents;
pub use plan::{Direction, DowngradeGoal, Plan, Span, StampPlan, Step};
pub use resolve::Resolved;
pub use rows::RowChange;
