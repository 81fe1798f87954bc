//! What is told of runs, against each other and against the ledgers.

use super::client::Said;
use super::ledger::Passes;
use super::watcher::{self, Seen};
use super::world::World;
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::{Direction, Event, Run, RunState, RunStep, StepState};
use std::collections::BTreeMap;

/// A run as the daemons tell it in the end.
pub(super) struct Told {
    run: Run,
    steps: Vec<RunStep>,
    log: Vec<Event>,
}

impl Told {
    /// The ends that its log tells. A run that ended UNKNOWN is asked about again, and then says how it ended.
    fn ends(&self) -> impl Iterator<Item = RunState> {
        self.log.iter().filter_map(|event| match &event.kind {
            Some(Kind::RunFinished(end)) => Some(end.state()),
            _ => None,
        })
    }

    /// Whether another daemon went on with it, or settled it. What it then calls done is what stands in the target: where
    /// another run had the lock first, that may have been done by that.
    fn was_left(&self) -> bool {
        let taken =
            |event: &Event| matches!(&event.kind, Some(Kind::Warning(w)) if w.reason == "RUN_TAKEN_OVER");
        let reason = self.run.failure.as_ref().map_or("", |failure| failure.reason.as_str());
        self.log.iter().any(taken) || self.ends().count() > 1 || reason == "RUN_INTERRUPTED"
    }

    /// What is done by it: `b1+`, `b1-`.
    fn done(&self) -> impl Iterator<Item = String> {
        let done = self.steps.iter().filter(|step| step.state() == StepState::Done);
        done.map(|step| {
            let way = if step.direction() == Direction::Up { '+' } else { '-' };
            format!("{}{way}", step.revision)
        })
    }

    fn line(&self) -> String {
        let Told { run, steps, .. } = self;
        let steps: Vec<String> =
            steps.iter().map(|s| format!("{} {:?} {:?}", s.revision, s.direction(), s.state())).collect();
        let failure = run.failure.as_ref().map_or("", |failure| failure.message.as_str());
        format!(
            "{} {:?} {:?} by {}: {failure}: {}",
            run.id,
            run.goal,
            run.state(),
            self.was_left(),
            steps.join(", ")
        )
    }
}

/// Asks for everything, of one daemon after the other.
pub(super) fn ask(world: &World) -> BTreeMap<String, Told> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let asked = runtime.block_on(async {
        let mut clients = Vec::new();
        for place in &world.places {
            clients.push(watcher::connect(place).await?);
        }
        let count = clients.len();
        let runs = watcher::runs(&mut clients[0]).await?;
        let mut all = BTreeMap::new();
        for (at, run) in runs.into_iter().enumerate() {
            let steps = watcher::steps(&mut clients[at % count], &run.id).await?;
            let log = watcher::log(&mut clients[(at + 1) % count], &run.id).await;
            let log = log.unwrap_or_else(|why| {
                world.story.wrong(&format!(
                    "the log of run {}, {:?}, is not told: {why}",
                    run.id,
                    run.state()
                ));
                Vec::new()
            });
            all.insert(run.id.clone(), Told { run, steps, log });
        }
        Ok::<_, String>(all)
    });
    asked.unwrap_or_else(|why| {
        world.story.wrong(&format!("what became of the runs is not told: {why}"));
        BTreeMap::new()
    })
}

/// Fails where a run's state, steps and log do not agree.
pub(super) fn runs_agree(world: &World, all: &BTreeMap<String, Told>) {
    let story = &world.story;
    for (id, told) in all {
        let Told { run, steps, log } = told;
        let done = steps.iter().filter(|step| step.state() == StepState::Done).count();
        let complete = done == steps.len();
        story.holds(steps.iter().take(done).all(|step| step.state() == StepState::Done), || {
            format!("run {id}: steps after one that is not done: {steps:?}")
        });
        let agrees = match run.state() {
            RunState::Succeeded => complete,
            RunState::Failed | RunState::Cancelled | RunState::Partial => !complete || steps.is_empty(),
            _ => false,
        };
        story.holds(agrees && run.steps_done as usize == done, || {
            format!("run {id} is {:?} with {} done: {steps:?}", run.state(), run.steps_done)
        });
        let numbers: Vec<u64> = log.iter().map(|event| event.sequence).collect();
        story.holds(numbers.iter().copied().eq(1..=log.len() as u64), || {
            format!("run {id}: the events are {numbers:?}")
        });
        let ends: Vec<RunState> = told.ends().collect();
        // A run that ended UNKNOWN is asked about again, and then says how it ended.
        let settled = ends.len() == 2 && ends[0] == RunState::Unknown;
        story.holds((ends.len() == 1 || settled) && ends.last() == Some(&run.state()), || {
            format!("run {id} is {:?}, its log has the ends {ends:?}", run.state())
        });
    }
}

/// Fails where a watcher saw anything else than the log that is there in the end.
pub(super) fn watchers_agree(world: &World, all: &BTreeMap<String, Told>, seen: &[Seen]) {
    for Seen { run, events, gap, has_end } in seen {
        if let Some(gap) = gap {
            world.story.wrong(&format!("a watcher of run {run}: {gap}"));
        }
        world.story.holds(*has_end || gap.is_some(), || {
            format!("a watcher of run {run} saw no end, only {} events", events.len())
        });
        let log = all.get(run).map(|told| told.log.as_slice()).unwrap_or_default();
        if let Some((seen, _)) = events.iter().zip(log).find(|(seen, kept)| seen != kept) {
            let kept = &log[seen.sequence as usize - 1];
            world.story.wrong(&format!("run {run}: a watcher saw {seen:?}, the log has {kept:?}"));
        }
        world.story.holds(events.len() <= log.len(), || {
            format!("run {run}: a watcher saw {} events, the log has {}", events.len(), log.len())
        });
    }
}

/// Fails where the steps that runs call done are not those that the ledger of the target has.
pub(super) fn ledger_agrees(world: &World, all: &BTreeMap<String, Told>, target: &str, passes: &Passes) {
    let runs = || all.values().filter(|told| told.run.target == target);
    let count = |told: &mut dyn Iterator<Item = &Told>| {
        let mut done = Passes::new();
        for step in told.flat_map(Told::done) {
            *done.entry(step).or_default() += 1;
        }
        done
    };
    let (sure, all) = (count(&mut runs().filter(|told| !told.was_left())), count(&mut runs()));
    let within = |less: &Passes, more: &Passes| {
        less.iter().all(|(step, count)| more.get(step).is_some_and(|more| count <= more))
    };
    world.story.holds(within(&sure, passes) && within(passes, &all), || {
        let runs: Vec<String> = runs().map(Told::line).collect();
        format!(
            "{target}: runs call done {all:?}, {sure:?} by themselves, the ledger has {passes:?}: {runs:#?}"
        )
    });
}

/// Reasons that a command may fail with here.
const REASONS: &[&str] = &[
    // Relative goals where the target stands at several rows, or at an end of the graph.
    "AMBIGUOUS_WALK",
    "AMBIGUOUS_RELATIVE",
    "RELATIVE_OUT_OF_RANGE",
    "INVALID_DOWNGRADE_TARGET",
    "NOT_AN_ANCESTOR",
    // What the faults do.
    "CANCELLED",
    "CONNECTION_LOST",
    "DAEMON_UNREACHABLE",
    "HEADS_CHANGED",
    "LEASE_LOST",
    "LOCK_LOST",
    "LOCK_TIMEOUT",
    "LOCK_WAIT_EXPIRED",
    "OUTCOME_UNKNOWN",
    "RUN_INTERRUPTED",
    "SHUTTING_DOWN",
    "STORE_FULL",
    "STORE_UNAVAILABLE",
    "STREAM_LOST",
    "TARGET_PARTIAL",
    "TARGET_UNREACHABLE",
    "VERSION_ROWS_CHANGED",
];

/// Fails where a client was told something else than what came of its run.
pub(super) fn clients_agree(world: &World, all: &BTreeMap<String, Told>, said: &[Said]) {
    for one in said {
        let Said { words, exit, run, reason, told, story, .. } = one;
        // What the cancel itself answers: how the run stands.
        if words.starts_with("runs cancel") && *exit == 5 {
            continue;
        }
        let wrong = |what: &str| {
            let target = world.targets[one.target].name;
            world.story.wrong(&format!("{target}: {words}: {what}\n{story}"));
        };
        // A program that was interrupted before it listened for that ends by the signal.
        let interrupted = *exit == 130 || (*exit == -1 && words.ends_with("(Ctrl-C)"));
        if *exit != 0 && !interrupted && !REASONS.contains(&reason.as_str()) {
            wrong(&format!("exit {exit}, {reason}"));
        }
        let from = told.first().copied().unwrap_or(1);
        if !told.iter().copied().eq(from..from + told.len() as u64) {
            wrong(&format!("it told the events {told:?}"));
        }
        if run.is_empty() {
            continue;
        }
        let Some(end) = all.get(run).and_then(|told| told.ends().next()) else {
            wrong("nobody knows its run");
            continue;
        };
        let agrees = match exit {
            0 => end == RunState::Succeeded || one.joined,
            4 => matches!(end, RunState::Failed | RunState::Cancelled),
            // One that is not known is settled later. One that met what another run had left is told of that.
            5 => matches!(end, RunState::Partial | RunState::Unknown) || reason == "TARGET_PARTIAL",
            6 => end == RunState::Failed,
            // The run went on without it.
            -1 | 1 | 9 | 130 => true,
            _ => false,
        };
        if !agrees {
            wrong(&format!("exit {exit}, and the run was {end:?}"));
        }
    }
}
