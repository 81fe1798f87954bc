//! Private database servers for tests: started on a free port in a folder of their own, and ended with the test
//! process however that ends.
//!
//! Each server is the child of a small shell that waits for the end of its standard input. The other end belongs
//! to the test process, so the kernel closes it even where the process is killed: the shell then stops the server
//! and removes the folder. That is why servers can live in a `static`, which is never dropped.

mod certificates;
mod find;
mod guard;
mod mariadb;
mod pgbouncer;
mod port;
mod postgres;

pub use certificates::Authority;
pub use mariadb::Mariadb;
pub use pgbouncer::Pgbouncer;
pub use port::free_port;
pub use postgres::{Postgres, PostgresOptions, psql};

/// Why a server is not there.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program that is needed is not installed.
    #[error("{0} is not installed")]
    Missing(String),
    /// A program failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: String,
        /// What it said.
        output: String,
    },
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What to do where a server is missing: on a build server (`CI=true`) that is a failure, elsewhere the test is
/// skipped, loudly.
///
/// # Panics
/// With the reason, where `CI` is `true`.
pub fn present<T>(server: Result<T, &StartError>) -> Option<T> {
    server.map_err(|reason| skipped(&format!("no server: {reason}"))).ok()
}

/// Says loudly that a test is skipped, for a reason that is none of the product's.
///
/// # Panics
/// With the reason, where `CI` is `true`: on a build server nothing is skipped.
pub fn skipped(reason: &str) {
    use std::io::Write;
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
    // Past the test harness' capturing, which would show it for failed tests only.
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {reason} ***\n");
}
