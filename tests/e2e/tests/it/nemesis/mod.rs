//! Clients, daemons and targets under random faults. Afterwards every target has gone through its graph in a legal
//! order, each statement once, no two runs at a time; what was told of runs is what the targets show; and every watcher
//! saw a log without a gap.
//!
//! Faults and commands are drawn from a seed (`NEMESIS_SEED`), and last for `NEMESIS_SECONDS`; when a fault meets a
//! command is not drawn, so a seed that fails once may have to be tried a few times.

mod client;
mod course;
mod disk;
mod fault;
mod ledger;
mod member;
mod story;
mod told;
mod watcher;
mod wire;
mod world;

use crate::harness::{Draw, any_seed, report, setting};
use member::Member;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use world::World;

/// Seed of the short test, unless NEMESIS_SEED says another.
const SEED: u64 = 20_261_121;
/// Clients at once.
const CLIENTS: u64 = 4;
/// How long a part of a long test lasts before everything is checked and made anew.
const PART: Duration = Duration::from_secs(120);

#[test]
fn sixty_seconds_of_everything() {
    let seed = setting("NEMESIS_SEED").unwrap_or(SEED);
    let span = Duration::from_secs(setting("NEMESIS_SECONDS").unwrap_or(30));
    if let Some((world, members)) = World::shared() {
        nemesis(world, members, seed, span);
    }
    let (world, members) = World::alone();
    nemesis(world, members, seed, span / 4);
}

#[test]
#[ignore = "long: an hour of faults"]
fn long_nemesis() {
    let mut seed = setting("NEMESIS_SEED").unwrap_or_else(any_seed);
    let mut left = Duration::from_secs(setting("NEMESIS_SECONDS").unwrap_or(3_600));
    while !left.is_zero() {
        let span = left.min(PART);
        left -= span;
        if let Some((world, members)) = World::shared() {
            nemesis(world, members, seed, span);
        }
        let (world, members) = World::alone();
        nemesis(world, members, seed, span / 4);
        seed = seed.wrapping_add(1);
    }
}

/// Does everything that the seed says to a world, heals it, and checks it.
fn nemesis(world: World, mut members: Vec<Member>, seed: u64, span: Duration) {
    let seconds = span.as_secs();
    let named = format!("NEMESIS_SEED={seed} NEMESIS_SECONDS={seconds}");
    let acts = fault::schedule(&mut Draw::numbered(seed, 0), span, members.len(), world.servers.is_some());
    let begun = Instant::now();
    let healed = Arc::new(AtomicBool::new(false));
    let (mut said, seen) = std::thread::scope(|scope| {
        let watching = Arc::clone(&healed);
        let world = &world;
        let watchers = scope.spawn(move || watcher::watch_all(world, seed, watching));
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|number| scope.spawn(move || client::client(world, seed, number, begun + span)))
            .collect();
        for act in acts {
            // The moments are what is tried.
            std::thread::sleep((begun + act.at.min(span)).saturating_duration_since(Instant::now()));
            act.done(world, &mut members);
            members.iter_mut().for_each(Member::tend);
        }
        world.heal(&mut members);
        let said: Vec<_> = clients.into_iter().flat_map(|client| client.join().expect("a client")).collect();
        let said = said.into_iter().chain(last(world)).collect::<Vec<_>>();
        healed.store(true, Ordering::SeqCst);
        (said, watchers.join().expect("the watchers"))
    });
    said.sort_by_key(|said| said.target);
    let told = told::ask(&world);
    told::runs_agree(&world, &told);
    told::watchers_agree(&world, &told, &seen);
    told::clients_agree(&world, &told, &said);
    let mut steps = 0;
    for target in &world.targets {
        let passes = ledger::check(&world, target);
        told::ledger_agrees(&world, &told, target.name, &passes);
        steps += passes.values().sum::<usize>();
    }
    let logs: String = members.iter().map(Member::log).collect();
    world.story.ends(&named, &logs);
    let (commands, runs, watchers) = (said.len(), told.len(), seen.len());
    let lines = world.story.length();
    report(&format!(
        "{named}: {} daemons, {commands} commands, {runs} runs, {steps} revisions, {watchers} watchers, {lines} lines",
        members.len()
    ));
}

/// Brings every target to its heads, following what failures say, a few times at most.
fn last(world: &World) -> Vec<client::Said> {
    let mut all = Vec::new();
    for at in 0..world.targets.len() {
        let daemon = at % world.places.len();
        let mut words = "upgrade heads".to_owned();
        for _ in 0..4 {
            let said = client::given(world, at, daemon, &words);
            world.story.tell(&format!("last: {}: exit {} {}", said.words, said.exit, said.reason));
            let (exit, next) = (said.exit, said.next());
            all.push(said);
            if exit == 0 && words == "upgrade heads" {
                break;
            }
            words = next.filter(|_| exit != 0).unwrap_or_else(|| "upgrade heads".to_owned());
        }
        let heads = all.last().is_some_and(|said| said.exit == 0 && said.words.starts_with("upgrade heads"));
        world.story.holds(heads, || format!("{}: cannot be brought to its heads", world.targets[at].name));
    }
    all
}
