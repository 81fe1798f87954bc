//! A cancel at every edge: the run is held there, told to stop, and let on. How it ended is told as the target shows it.

use super::course::{Asked, Way, everything_once, lay, passages, undisturbed};
use super::told::{left_by_cancel, runs, truly};
use super::trace::{Hold, Trace};
use crate::harness::{Daemon, Engine, Project, on_each};

/// One cancel, and everything after it.
fn cancelled_at(project: &Project, passage: &str, asked: Asked) {
    let way = Way::Up;
    let story = format!("{} cancelled at {passage}", project.database.engine.name());
    let before = runs(project).len();
    let (trace, hold) = (Trace::new(project), Hold::new(project));
    let (told, socket) = (trace.path(), hold.path());
    let variables = [("EDGE_TRACE", told.as_str()), ("EDGE_HOLD", passage), ("EDGE_SOCKET", socket.as_str())];
    let daemon = Daemon::edged(project, &variables);
    let client = project.start(way.words());
    let held = hold.holds();
    let id = runs(project)[before..].first().cloned().unwrap_or_else(|| panic!("{story}: there is a run"));
    let canceller = project.start(&format!("runs cancel {id} --reason enough"));
    let noted = trace.passes("cancel-noted");
    held.let_on();
    let (answer, cancelled) = (client.ends(project), canceller.ends(project));
    // What is on its way may be answered while the run is held, and then nothing holds it.
    let late =
        ["statement-sent", "commit-sent"].iter().any(|edge| passage.starts_with(edge)) && answer.exit == 0;
    assert!(noted || late, "{story}: no cancel came\n{}\n{}", answer.story(), cancelled.story());
    let left = left_by_cancel(project);
    let exit = match left.state(way) {
        "SUCCEEDED" => 0,
        "PARTIAL" => 5,
        _ => 4,
    };
    assert_eq!(answer.exit, exit, "{story}: {left:?}\n{}", answer.story());
    if exit != 0 {
        assert!(answer.stderr.contains(" CANCELLED]: "), "{story}\n{}", answer.story());
        project.shell(&answer.next()).succeeds();
    }
    project.ctl(way.words()).succeeds();
    everything_once(project, asked, way, &story);
    truly(project, &runs(project)[before..], &left, way, &story);
    project.ctl(Way::Down.words()).succeeds();
    daemon.killed(project);
}

/// Edges before there is a run to be cancelled, and after it has ended.
const NONE: [&str; 1] = ["asked"];

fn at_every_edge(engine: Engine) {
    on_each(&[engine], |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let mut asked = Asked { ups: 1, downs: 1 };
        let passed = passages(project, Way::Up);
        undisturbed(project, Way::Down.words());
        for (edge, count) in passed.iter().filter(|(edge, _)| !NONE.contains(&edge.as_str())) {
            // In the middle of the run, where there is one.
            let time =
                if edge.starts_with("events") || edge.starts_with("notes") { 1 } else { count.div_ceil(2) };
            asked.ups += 1;
            cancelled_at(project, &format!("{edge}:{time}"), asked);
            asked.downs += 1;
        }
    });
}

#[test]
fn at_every_edge_of_a_run_on_sqlite() {
    at_every_edge(Engine::Sqlite);
}

#[test]
fn at_every_edge_of_a_run_on_postgres() {
    at_every_edge(Engine::Postgres);
}

#[test]
fn at_every_edge_of_a_run_on_mariadb() {
    at_every_edge(Engine::Mariadb);
}
