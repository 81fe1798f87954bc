//! Clients: `migratectl` processes, one after the other, with commands that were drawn.

use super::course;
use super::world::World;
use crate::harness::{Answer, Draw, commands};
use rustix::process::Signal;
use serde_json::Value;
use std::time::{Duration, Instant};

/// What a client asks for.
#[derive(Clone, Debug)]
enum Order {
    /// A command, to its end.
    Plain(&'static str),
    /// A command, and Ctrl-C after a while.
    Interrupted(&'static str, Duration),
    /// The end of a run that is under way.
    Cancel,
}

/// A command and what came of it.
pub(super) struct Said {
    pub(super) target: usize,
    pub(super) words: String,
    pub(super) exit: i32,
    /// Its run; empty where it has none.
    pub(super) run: String,
    /// Numbers of the events that it told.
    pub(super) told: Vec<u64>,
    /// The reason of its failure; empty where it succeeded.
    pub(super) reason: String,
    /// Why a zero may be the answer though the run did not succeed.
    pub(super) joined: bool,
    pub(super) story: String,
}

/// Gives commands until then, those of that client's number.
pub(super) fn client(world: &World, seed: u64, number: u64, until: Instant) -> Vec<Said> {
    let mut draw = Draw::numbered(seed, number);
    let mut all = Vec::new();
    while Instant::now() < until {
        let at = draw.below(world.targets.len());
        let daemon = draw.below(world.places.len());
        let words = draw.pick(course::commands(world.targets[at].engine));
        let after = draw.up_to(Duration::from_millis(900));
        let order = match draw.below(8) {
            0 => Order::Interrupted(words, after),
            1 => Order::Cancel,
            _ => Order::Plain(words),
        };
        let said = match order {
            Order::Plain(words) => Some(given(world, at, daemon, words)),
            Order::Interrupted(words, after) => Some(interrupted(world, at, daemon, words, after)),
            Order::Cancel => cancelled(world, at, daemon),
        };
        let Some(said) = said else { continue };
        tell(world, number, &said);
        let next = said.next();
        all.push(said);
        // What it was told to do next, it does.
        if let Some(next) = next {
            let said = given(world, at, daemon, &next);
            tell(world, number, &said);
            all.push(said);
        }
    }
    all
}

fn tell(world: &World, number: u64, said: &Said) {
    let Said { words, exit, run, reason, .. } = said;
    world.story.tell(&format!("client {number}: {words}: exit {exit} {reason} {run}"));
}

/// A command for a target through a daemon.
pub(super) fn given(world: &World, at: usize, daemon: usize, words: &str) -> Said {
    let project = &world.projects[world.targets[at].project];
    let words = full(world, at, daemon, words);
    Said::of(at, project.ctl(&words))
}

fn full(world: &World, at: usize, daemon: usize, words: &str) -> String {
    let (target, place) = (world.targets[at].name, &world.places[daemon]);
    let wait = if words.starts_with("runs") { "" } else { " --lock-wait 20s" };
    format!("{words}{wait} --target {target} --server {place} --output json")
}

fn interrupted(world: &World, at: usize, daemon: usize, words: &str, after: Duration) -> Said {
    let project = &world.projects[world.targets[at].project];
    let running = project.start(&full(world, at, daemon, words));
    if !running.has_ended_within(after) {
        running.signal(Signal::INT);
    }
    let mut said = Said::of(at, running.ends(project));
    said.words.push_str(" (Ctrl-C)");
    said
}

/// Cancels the newest run of the target that has not ended.
fn cancelled(world: &World, at: usize, daemon: usize) -> Option<Said> {
    let listed = given(world, at, daemon, "runs list --limit 5");
    let listed: Value = serde_json::from_str(&listed.story).unwrap_or_default();
    let open = |run: &&Value| run["endTime"].is_null();
    let run = listed["runs"].as_array().into_iter().flatten().find(open)?;
    let id = run["id"].as_str()?;
    let mut said = given(world, at, daemon, &format!("runs cancel {id}"));
    // It is the answer to the cancel, not the run's end.
    said.run.clear();
    Some(said)
}

/// What a command wrote, of its events the last.
fn short(answer: &Answer) -> String {
    let last = answer.stdout.lines().last().unwrap_or_default();
    format!("{}\nexit {}\n{last}\n{}", answer.words, answer.exit, answer.stderr)
}

impl Said {
    fn of(target: usize, answer: Answer) -> Said {
        let lines = || answer.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let events = || lines().filter(|line| line["sequence"].is_string());
        let run = events().next_back().and_then(|event| event["runId"].as_str().map(str::to_owned));
        let run = run.unwrap_or_default();
        let number = |event: Value| event["sequence"].as_str().and_then(|n| n.parse().ok());
        let told = events().filter(|event| event["runId"] == run.as_str()).filter_map(number).collect();
        let error = answer.stderr.lines().find_map(|line| {
            let error: Value = serde_json::from_str(line).ok()?;
            error["error"]["reason"].as_str().map(str::to_owned)
        });
        let has_end = events().any(|event| event.get("runFinished").is_some());
        let is_list = answer.words.starts_with("runs list");
        Said {
            target,
            exit: answer.exit,
            run,
            told,
            reason: error.unwrap_or_default(),
            joined: !has_end,
            story: if is_list { answer.stdout.clone() } else { short(&answer) },
            words: answer.words.split(" --lock-wait").next().unwrap_or_default().to_owned(),
        }
    }

    /// The command that the failure names, where it goes on with a run.
    pub(super) fn next(&self) -> Option<String> {
        let error = self.story.lines().find(|line| line.starts_with("{\"error\""))?;
        let error: Value = serde_json::from_str(error).ok()?;
        let all = commands(error["error"]["next"].as_str()?);
        let first = all.into_iter().next()?;
        let words = first.strip_prefix("migratectl ")?;
        let goes_on = ["resume", "upgrade", "downgrade"];
        let words = words.split(" --").next().unwrap_or_default();
        goes_on.iter().any(|verb| words.starts_with(verb)).then(|| words.to_owned())
    }
}
