//! Death at every edge: the daemon is killed there, started again, and the command repeated.

use super::course::{Asked, Way, everything_once, lay, passages, recover, undisturbed};
use super::covered::{AFTER_A_DEATH, OF_A_CANCEL, Passages, is_passed_on};
use super::told::{left, runs, truly};
use super::trace::{Hold, Trace};
use crate::harness::{Daemon, Engine, Project, on_each};
use migrated_target::edge::Edge;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Edges that tasks of their own pass, beside the work: how often is nobody's to say.
const BESIDE: [&str; 4] = ["notes-stored", "events-stored", "events-shown", "events-sent"];

/// Which passages of an edge a death is tried at, of `count`.
fn chosen(edge: &str, count: u32, all: bool) -> Vec<u32> {
    match (BESIDE.contains(&edge), all) {
        (true, _) => vec![1],
        (false, true) => (1..=count).collect(),
        (false, false) if count == 1 => vec![1],
        // The first is in a transaction, the middle one in the journal.
        (false, false) => vec![1, count.div_ceil(2) + 1],
    }
}

fn listed(passed: &Passages, all: bool) -> Vec<String> {
    let passages = passed.iter().flat_map(|(edge, count)| {
        chosen(edge, *count, all).into_iter().map(move |time| format!("{edge}:{time}"))
    });
    passages.collect()
}

/// A daemon that dies at a passage of an edge, on the way.
#[track_caller]
fn dies(project: &Project, way: Way, passage: &str, story: &str) {
    let daemon = Daemon::edged(project, &[("EDGE_DIE", passage)]);
    let client = project.start(way.words());
    assert!(daemon.ends_with(client), "{story}: the run did not come there");
    daemon.ends(project);
}

/// Deaths one after the other, and everything after them.
fn survives(project: &Project, way: Way, deaths: &[&str], asked: Asked) {
    let story = format!("{} {} at {}", project.database.engine.name(), way.words(), deaths.join(", "));
    let before = runs(project).len();
    let mut found = None;
    for passage in deaths {
        dies(project, way, passage, &story);
        found.get_or_insert_with(|| left(project));
    }
    let found = found.expect("a death");
    let daemon = Daemon::edged(project, &[]);
    project.ctl(way.words()).succeeds();
    everything_once(project, asked, way, &story);
    truly(project, &runs(project)[before..], &found, way, &story);
    daemon.killed(project);
}

/// Goes up and down through all of these deaths, and tells of every one that was not survived.
fn tries(project: &Project, asked: &mut Asked, lives: &[(Way, Vec<String>)]) {
    let mut failed = Vec::new();
    for (way, deaths) in lives {
        let deaths: Vec<&str> = deaths.iter().map(String::as_str).collect();
        asked.once_more(*way);
        let one = AssertUnwindSafe(|| survives(project, *way, &deaths, *asked));
        if let Err(why) = catch_unwind(one) {
            let why = why.downcast_ref::<String>().map_or("it panicked", String::as_str);
            failed.push(why.to_owned());
            *asked = recover(project, *way);
        }
    }
    assert!(failed.is_empty(), "{} of {} lives:\n{}", failed.len(), lives.len(), failed.join("\n\n"));
}

/// Pairs what happens on the way up with what happens on the way down.
fn up_and_down(ups: Vec<Vec<String>>, downs: Vec<Vec<String>>) -> Vec<(Way, Vec<String>)> {
    let rounds = ups.len().max(downs.len());
    let ways = [(Way::Up, ups), (Way::Down, downs)];
    (0..rounds)
        .flat_map(|at| ways.iter().map(move |(way, all)| (*way, all[at % all.len()].clone())))
        .collect()
}

fn at_every_edge(engine: Engine, all: bool) {
    on_each(&[engine], |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let passed = [passages(project, Way::Up), passages(project, Way::Down)];
        let mut asked = Asked { ups: 1, downs: 1 };
        let [ups, downs] =
            passed.map(|passed| listed(&passed, all).into_iter().map(|one| vec![one]).collect::<Vec<_>>());
        tries(project, &mut asked, &up_and_down(ups, downs));
    });
}

#[test]
fn at_every_edge_of_a_run_on_sqlite() {
    at_every_edge(Engine::Sqlite, false);
}

#[test]
fn at_every_edge_of_a_run_on_postgres() {
    at_every_edge(Engine::Postgres, false);
}

#[test]
fn at_every_edge_of_a_run_on_mariadb() {
    at_every_edge(Engine::Mariadb, false);
}

#[test]
#[ignore = "long: dies at every passage of every edge"]
fn long_at_every_passage_of_every_edge() {
    for engine in Engine::ALL {
        at_every_edge(*engine, true);
    }
}

#[test]
fn at_the_edges_of_the_first_run_of_all() {
    let edges = ["compared", "journal-made", "intent-written", "statement-done", "commit-sent", "committed"];
    for edge in edges {
        on_each(Engine::ALL, |project| {
            lay(project);
            let engine = project.database.engine;
            let journalled = ["journal-made", "intent-written"].contains(&edge);
            if engine == Engine::Mariadb || !journalled {
                survives(project, Way::First, &[edge], Asked::default());
            }
        });
    }
}

#[test]
fn at_the_edges_of_what_comes_after_a_death() {
    on_each(Engine::ALL, |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let (mut asked, engine) = (Asked::default(), project.database.engine);
        // The statement that commits by itself took effect, and nothing says so but the catalog. It is the fourth on
        // the way up, and the third on the way down, but for SQLite's pragma in front of it.
        let down = if engine == Engine::Sqlite { "statement-done:4" } else { "statement-done:3" };
        let [ups, downs] = ["statement-done:4", down].map(|first| {
            let lives = AFTER_A_DEATH.iter().filter(|edge| is_passed_on(**edge, engine));
            lives.map(|edge| vec![first.to_owned(), edge.name().to_owned()]).collect::<Vec<_>>()
        });
        tries(project, &mut asked, &up_and_down(ups, downs));
    });
}

#[test]
fn at_the_edges_of_a_cancel() {
    on_each(Engine::ALL, |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let (way, mut asked) = (Way::Up, Asked::default());
        for edge in OF_A_CANCEL {
            // In the middle of the journalled revision, where what is done stays.
            let story = format!("{} cancelled, dead at {edge}", project.database.engine.name());
            let (before, hold, trace) = (runs(project).len(), Hold::new(project), Trace::new(project));
            let (socket, told) = (hold.path(), trace.path());
            let daemon = Daemon::edged(
                project,
                &[
                    ("EDGE_HOLD", "done-written"),
                    ("EDGE_SOCKET", &socket),
                    ("EDGE_TRACE", &told),
                    ("EDGE_DIE", edge.name()),
                ],
            );
            let client = project.start(way.words());
            let held = hold.holds();
            let id = runs(project)[before..].first().cloned().expect("there is a run");
            let canceller = project.start(&format!("runs cancel {id}"));
            if edge == Edge::CancelNoted {
                assert!(daemon.ends_with(client), "{story}: the cancel did not come there");
                held.let_on();
            } else {
                assert!(trace.passes("cancel-noted"), "{story}: no cancel came");
                held.let_on();
                assert!(daemon.ends_with(client), "{story}: the attempt did not end");
            }
            daemon.ends(project);
            drop(canceller);
            let found = left(project);
            asked.ups += 1;
            let daemon = Daemon::edged(project, &[]);
            project.ctl(way.words()).succeeds();
            everything_once(project, asked, way, &story);
            truly(project, &runs(project)[before..], &found, way, &story);
            project.ctl(Way::Down.words()).succeeds();
            asked.downs += 1;
            daemon.killed(project);
        }
    });
}
