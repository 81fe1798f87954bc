//! What the tests stand on: projects in folders of their own, the real programs, real databases.

mod answer;
mod daemon;
mod database;
mod draw;
mod executor;
mod gate;
mod other;
mod place;
mod programs;
mod project;
mod replicas;
mod revisions;
mod running;
mod terminal;
mod way;

pub(crate) use answer::{Answer, commands};
pub(crate) use daemon::Daemon;
pub(crate) use database::{Database, Engine, mariadb, postgres};
pub(crate) use draw::{Draw, any_seed, report, setting};
pub(crate) use executor::{Executor, value};
pub(crate) use gate::Gate;
pub(crate) use other::Other;
pub(crate) use place::Leaves;
pub(crate) use programs::folder as programs;
pub(crate) use project::Project;
pub(crate) use replicas::{Replica, SharedStore};
pub(crate) use running::Running;
pub(crate) use terminal::OnTerminal;
pub(crate) use way::{Commit, Then, Way};

use std::time::Duration;

/// More than anything here takes on a loaded machine; only a failing test waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Runs a test on every engine that is there. A server that is missing is told by the test kit.
pub(crate) fn on_each(engines: &[Engine], test: impl Fn(&Project)) {
    for engine in engines {
        let Some(database) = Database::new(*engine) else { continue };
        test(&Project::new(database));
    }
}
