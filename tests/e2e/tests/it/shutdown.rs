//! SIGTERM: the daemon lets the revision under way end, and the next one takes the run's log up.

use crate::harness::{Daemon, Gate, Leaves, Project, on_each};
use rustix::process::Signal;
use tonic_health::pb::health_check_response::ServingStatus;

/// The sequence numbers of the events that a command told with `--output json`.
fn sequences(stdout: &str) -> Vec<u64> {
    let number = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line is an event");
        event["sequence"].as_str().and_then(|n| n.parse().ok())
    };
    stdout.lines().filter_map(number).collect()
}

fn only_run(project: &Project) -> String {
    project.store("SELECT id FROM run ORDER BY created_at DESC LIMIT 1").trim().to_owned()
}

#[test]
fn a_daemon_that_is_told_to_stop_lets_the_revision_end() {
    on_each(Gate::ENGINES, |project| {
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        let address = daemon.address.clone();
        project.configure_server(&format!("http://{address}"), "");
        let mut health = daemon.health();
        health.becomes(ServingStatus::Serving);
        let gate = project.gated();
        let client = project.start("upgrade head");
        let watcher = {
            gate.reached(&project.database);
            project.start(&format!("runs watch {} --output json", only_run(project)))
        };
        daemon.signal(Signal::TERM);
        health.becomes(ServingStatus::NotServing);
        // Another run is refused, with nothing left of it.
        project.refuses("downgrade base", 9, "SHUTTING_DOWN", "shutting_down_*");
        gate.open();
        let answer = client.ends(project).exits(4).is("SHUTTING_DOWN").recorded("stopped_between_*");
        daemon.ends(project).succeeds();
        let rows = |sql: &str| project.database.sql(sql);
        assert_eq!(rows("SELECT version_num FROM alembic_version"), "b2", "the revision under way ended");
        let run = only_run(project);
        assert_eq!(project.store("SELECT state FROM run"), "FAILED\n", "the run is marked");

        // What was told is dense, and can be taken up at any number with the daemon that comes after.
        let told = sequences(&watcher.ends(project).exits(4).stdout);
        assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>());
        let last = told.len() as u64;
        let daemon = Daemon::serve(project, &address, "");
        for after in [0, 3, last - 1, last] {
            let words = format!("runs watch {run} --after {after} --output json");
            let told = sequences(&project.ctl(&words).exits(4).stdout);
            assert_eq!(told, (after + 1..=last).collect::<Vec<_>>(), "after {after}");
        }
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        daemon.signal(Signal::TERM);
        daemon.ends(project).succeeds();
    });
}

#[test]
fn a_second_signal_cancels_the_revision() {
    on_each(Gate::ENGINES, |project| {
        let mut daemon = Daemon::serve(project, "127.0.0.1:0", "");
        let address = daemon.address.clone();
        project.configure_server(&format!("http://{address}"), "");
        let gate = project.gated();
        project.ctl("upgrade a1").succeeds();
        let before = project.place();
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        daemon.signal(Signal::TERM);
        daemon.logged("told to stop");
        daemon.signal(Signal::TERM);
        let answer = client.ends(project).exits(4).is("CANCELLED").recorded("stopped_at_once_*");
        daemon.ends(project).succeeds();
        before.is_kept(&project.place(), Leaves::Run("CANCELLED"));
        gate.open();
        let daemon = Daemon::serve(project, &address, "");
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        daemon.killed(project);
    });
}
