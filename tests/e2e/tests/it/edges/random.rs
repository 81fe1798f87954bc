//! Daemons that are killed at moments that nobody chose.

use super::course::{Asked, Way, everything_once, lay, undisturbed};
use super::told::{left, runs, truly};
use crate::harness::{Daemon, Draw, Engine, Project, any_seed, on_each, report, setting};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long an upgrade takes that nobody disturbs.
fn usual(project: &Project, way: Way) -> Duration {
    let daemon = Daemon::edged(project, &[]);
    let begun = Instant::now();
    project.ctl(way.words()).succeeds();
    let took = begun.elapsed();
    daemon.killed(project);
    took
}

#[test]
#[ignore = "long: kills daemons at random moments"]
fn long_killed_at_random() {
    let seed = setting("EDGE_SEED").filter(|seed| *seed != 0).unwrap_or_else(any_seed);
    let times = setting("EDGE_TIMES").unwrap_or(1_000);
    let only = std::env::var("EDGE_ENGINE").ok();
    let engines: Vec<Engine> = Engine::ALL
        .iter()
        .copied()
        .filter(|engine| only.as_ref().is_none_or(|only| only == engine.name()))
        .collect();
    assert!(!engines.is_empty(), "EDGE_ENGINE is sqlite, postgres or mariadb");
    report(&format!("EDGE_SEED={seed} EDGE_TIMES={times}"));
    on_each(&engines, |project| {
        let (engine, mut draw) = (project.database.engine, Draw::new(seed));
        lay(project);
        undisturbed(project, Way::First.words());
        let bound = (usual(project, Way::Up) + usual(project, Way::Down)).mul_f64(0.6);
        let mut asked = Asked { ups: 1, downs: 1 };
        let mut cut_off = 0;
        for time in 0..times {
            let way = if time % 2 == 0 { Way::Up } else { Way::Down };
            asked.once_more(way);
            let after = draw.up_to(bound);
            let story = format!("EDGE_SEED={seed}: {} kill {time}, after {after:?}", engine.name());
            let before = runs(project).len();
            let daemon = Daemon::edged(project, &[]);
            let client = project.start(way.words());
            // The moment is what is tried.
            std::thread::sleep(after);
            daemon.signal(Signal::KILL);
            drop(client);
            daemon.ends(project);
            let found = left(project);
            cut_off += u32::from(found.row != way.goal() && runs(project).len() > before);
            let daemon = Daemon::edged(project, &[]);
            project.ctl(way.words()).succeeds();
            everything_once(project, asked, way, &story);
            truly(project, &runs(project)[before..], &found, way, &story);
            daemon.killed(project);
        }
        assert!(times < 20 || cut_off > 0, "EDGE_SEED={seed}: {}: no kill came into a run", engine.name());
        report(&format!("{}: {times} kills, {cut_off} of them in the middle of a run", engine.name()));
    });
}
