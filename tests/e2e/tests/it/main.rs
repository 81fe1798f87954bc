//! migratectl, migrated and real databases together. `docs/testing.md` says how the tests are run and written.

mod at_once;
mod autogen;
mod bad_files;
mod bad_graph;
mod bad_rows;
mod bad_schema;
mod bad_schema_names;
mod bad_sql;
mod bad_store;
mod bad_targets;
mod commit;
mod corpora;
mod deaths;
mod embedded;
mod executed;
mod executed_faults;
mod harness;
mod inspected;
mod interrupts;
mod large;
mod lint;
mod messages;
mod operations_form;
mod shutdown;
mod spine;
mod tls;
