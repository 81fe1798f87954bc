//! migratectl, migrated and real databases together. `docs/testing.md` says how the tests are run and written.

mod bad_files;
mod bad_graph;
mod bad_store;
mod bad_targets;
mod corpora;
mod harness;
mod large;
mod messages;
mod pressure;
mod spine;
