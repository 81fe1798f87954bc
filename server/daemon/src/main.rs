//! `migrated`, as people run it: nobody listens at the edges of its runs.

use migrated_engine::SystemClock;
use migrated_target::edge::Unwatched;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    migrated::main(Arc::new(Unwatched), Arc::new(SystemClock))
}
