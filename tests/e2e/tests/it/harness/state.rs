//! What a failure must leave alone.

use super::Project;

/// Target and store at one moment: everything that a refused command may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Schema and rows, the version table among them.
    pub(crate) target: String,
    /// Runs as the daemon lists them.
    pub(crate) runs: String,
    /// The published graph.
    pub(crate) published: String,
}

impl Project {
    /// How target and store stand. Starts the daemon where it does not run.
    pub(crate) fn state(&self) -> State {
        let runs = self.ctl("runs list --all-projects --output json --limit 1000").succeeds().stdout;
        // A folder without revisions: the graph is the published one.
        let published = self.ctl("projects list --output json").succeeds().stdout;
        State { target: self.database.dump(), runs, published }
    }
}
