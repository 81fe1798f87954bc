//! What can be set about the engine. The daemon's configuration fills it in.

use migrated_core::DialectName;
use migrated_target::{Retries, SessionMode};
use std::collections::BTreeMap;
use std::time::Duration;

/// Settings of the engine, with the defaults that the documentation names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this process as owner of runs.
    pub owner: String,
    /// Connections of the work, where a request does not say. Without it a fresh connection for each revision, but
    /// one for the run on SQLite: there every connection reads the whole schema anew, and what a session can keep
    /// is checked after each revision, so that a kept one shows nothing of the last.
    pub session: Option<SessionMode>,
    /// How many connections are opened ahead of the step that needs them (rule R5).
    pub preconnect: usize,
    /// How long to wait for another run on the target, where a request does not say (rule R7).
    pub lock_wait: Duration,
    /// Bound on one attempt that is tried again after a lock timeout (rule R13).
    pub retry_step_limit: Duration,
    /// Attempts at a step.
    pub retry_attempts: u32,
    /// Bound on all attempts at a step.
    pub retry_total: Duration,
    /// How long a step waits for a client that executes it.
    pub executor_wait: Duration,
    /// How long to wait after a cancel before the session is ended.
    pub cancel_grace: Duration,
    /// Whether a push or a manifest may create its project.
    pub create_projects: bool,
    /// Largest revision file in bytes.
    pub max_revision_bytes: u64,
    /// Most files in a manifest.
    pub max_manifest_entries: usize,
    /// Most statements in a run.
    pub max_statements: u64,
    /// Most runs under way in the process, waiting ones included.
    pub max_runs: usize,
    /// Most runs that wait for or work on one target.
    pub max_runs_per_target: usize,
    /// Most watchers of one run.
    pub max_watchers: usize,
    /// Most connections of ours to one server at a time.
    pub max_connections_per_server: usize,
    /// Graphs kept in memory.
    pub graphs_in_memory: usize,
    /// Longest silence on a stream.
    pub heartbeat: Duration,
    /// Age at which a stream ends itself, with a number to resume by.
    pub stream_age: Duration,
    /// Targets on whose servers scratch databases may be made, by dialect.
    pub scratch: BTreeMap<DialectName, String>,
    /// Whether a target on this machine may hold scratch databases too.
    pub scratch_beside_target: bool,
    /// How long event logs are kept.
    pub keep_events: Duration,
    /// How long a body that nothing refers to is kept.
    pub keep_bodies: Duration,
}

impl Settings {
    /// How often a step is tried again that could not get a lock.
    pub(crate) fn retries(&self) -> Retries {
        Retries {
            attempts: self.retry_attempts,
            total: self.retry_total,
            attempt_limit: self.retry_step_limit,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            owner: format!("pid {}", std::process::id()),
            session: None,
            preconnect: 2,
            lock_wait: Duration::from_secs(15 * 60),
            retry_step_limit: Duration::from_secs(60),
            retry_attempts: 10,
            retry_total: Duration::from_secs(600),
            executor_wait: Duration::from_secs(60),
            cancel_grace: Duration::from_secs(10),
            create_projects: true,
            max_revision_bytes: 256 << 20,
            max_manifest_entries: 100_000,
            max_statements: 1_000_000,
            max_runs: 1_000,
            max_runs_per_target: 100,
            max_watchers: 20_000,
            max_connections_per_server: 20,
            graphs_in_memory: 16,
            heartbeat: Duration::from_secs(15),
            stream_age: Duration::from_secs(3600),
            scratch: BTreeMap::new(),
            scratch_beside_target: false,
            keep_events: Duration::from_secs(90 * 24 * 3600),
            keep_bodies: Duration::from_secs(7 * 24 * 3600),
        }
    }
}
