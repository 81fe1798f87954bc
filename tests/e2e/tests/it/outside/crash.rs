//! The server crashes, and comes back, while it builds an index.

use super::alone::{lay, settled, told};
use super::index::{INDEX, building, snapshots, writers_before};
use super::phase::Held;
use crate::harness::{Daemon, Database, LONG, Project};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Instant;

#[test]
fn a_server_that_crashes_and_comes_back() {
    let Some(database) = Database::on_a_server_of_its_own() else { return };
    let project = &Project::new(database);
    lay(project, &INDEX, false);
    let daemon = Daemon::edged(project, &[]);
    project.ctl("upgrade a1").succeeds();
    let holds: [fn(&Project) -> Held; 3] = [writers_before, building, snapshots];
    for hold in holds {
        let held = hold(project);
        let client = project.start("upgrade head");
        let (pid, held) = held.reached(project);
        let story = format!("crashed at `{}`", held.phase());
        // A backend that is killed takes all others with it: nobody knows what it did to the memory that they share.
        let pid = pid.parse().ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, Signal::KILL).expect("it runs");
        let answer = client.ends(project);
        let since = Instant::now();
        while let Err(why) = project.database.try_sql("SELECT 1") {
            assert!(since.elapsed() < LONG, "{story}: it does not come back: {why}");
        }
        drop(held);
        assert_eq!(answer.exit, 5, "{story}: {}", answer.story());
        told(project, &INDEX, &story);
        project.shell(&answer.next()).succeeds();
        assert_eq!(project.database.sql(INDEX.whole), "t", "{story}");
        assert_eq!(project.database.sql("SELECT v FROM tally"), "11", "{story}: each statement once");
        settled(project, &story);
        project.ctl("downgrade a1").succeeds();
    }
    daemon.killed(project);
}
