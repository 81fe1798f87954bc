//! Section `limits`: what one caller may ask of the daemon.

use super::Problems;
use super::schema::section;
use super::value::Size;

section! {
    /// Limits. A request beyond one is refused with LIMIT_EXCEEDED; nothing is cut off silently.
    Limits {
        /// Largest revision file.
        max_revision_size: Size = Size::mebibytes(256),
        /// Most files in a project's folder.
        max_manifest_entries: usize = 100_000,
        /// Most statements in a run; a revision that its client executes may send as many.
        max_statements: u64 = 1_000_000,
        /// Most runs under way, waiting ones included.
        max_runs: usize = 1_000,
        /// Most runs that wait for or work on one target.
        max_runs_per_target: usize = 100,
        /// Most watchers of one run.
        max_watchers: usize = 20_000,
        /// Most connections of ours to one database server at a time; the rest wait.
        max_connections_per_server: usize = 20,
        /// Revision graphs that are kept in memory.
        graphs_in_memory: usize = 16,
    }
}

impl Limits {
    /// A limit of nothing would refuse everything.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (key, number) in [
            ("limits.max_revision_size", self.max_revision_size.0),
            ("limits.max_manifest_entries", self.max_manifest_entries as u64),
            ("limits.max_statements", self.max_statements),
            ("limits.max_runs", self.max_runs as u64),
            ("limits.max_runs_per_target", self.max_runs_per_target as u64),
            ("limits.max_watchers", self.max_watchers as u64),
            ("limits.graphs_in_memory", self.graphs_in_memory as u64),
        ] {
            if number == 0 {
                problems.add(key, "must be at least 1");
            }
        }
        // One holds the lock, one works, one watches and cancels: fewer than three could wait for each other forever.
        if self.max_connections_per_server < 3 {
            problems.add("limits.max_connections_per_server", "must be at least 3");
        }
    }
}
