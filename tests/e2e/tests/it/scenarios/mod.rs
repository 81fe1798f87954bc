//! The list of `tests/scenarios`, which every client runs, with the Rust client: what `migratectl` stands on.

mod body;
mod call;
mod holds;
mod list;
mod play;
mod run;

use crate::harness::{Daemon, Database, Engine, Project};
use list::Scenario;
use play::Play;

/// The engine that a scenario names.
fn engine(name: &str) -> Engine {
    match name {
        "sqlite" => Engine::Sqlite,
        "postgresql" => Engine::Postgres,
        "mysql" => Engine::Mariadb,
        other => panic!("there is no engine {other}"),
    }
}

fn played(scenario: &Scenario, on: &str) {
    let Some(database) = Database::new(engine(on)) else { return };
    let project = Project::new(database);
    let daemon = (scenario.daemon == "shared").then(|| Daemon::serve(&project, "127.0.0.1:0", ""));
    let server = daemon.as_ref().map(|daemon| format!("http://{}", daemon.address));
    let mut play = Play::new(&project, scenario, server);
    for (number, step) in scenario.steps.iter().enumerate() {
        play.step(step, &format!("{} on {on}, step {} ({})", scenario.name, number + 1, step.call));
    }
}

#[test]
fn every_scenario_holds() {
    let mut failed = Vec::new();
    for scenario in list::read() {
        for on in &scenario.engines {
            // One that does not hold says nothing of the others.
            let run = std::panic::AssertUnwindSafe(|| played(&scenario, on));
            if std::panic::catch_unwind(run).is_err() {
                failed.push(format!("{} on {on}", scenario.name));
            }
        }
    }
    assert!(failed.is_empty(), "what does not hold stands above: {failed:?}");
}

#[test]
fn each_name_is_there_once() {
    let mut names: Vec<String> = list::read().into_iter().map(|scenario| scenario.name).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
}
