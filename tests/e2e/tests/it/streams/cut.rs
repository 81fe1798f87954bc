//! Watchers that go away, or are cut off, at each event and between any two bytes, and come back.

use super::proxy::Proxy;
use super::{Seen, block_on, channel, last_run, next, read_to_end, step_started, watch};
use crate::harness::{Daemon, Engine, Gate, Project, on_each};
use migratectl::channel::Api;
use migratectl::run_stream::{Begin, RunStream, Told};
use migrated_proto::v1 as pb;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::transport::Channel;

/// Watches a run by turns at these daemons, leaves the stream after event `cut`, comes back, and reads to the end.
/// Tells once it has seen `held` events.
async fn leaves_and_comes_back(
    channels: [Channel; 2],
    run: String,
    cut: u64,
    held: u64,
    tell: UnboundedSender<u64>,
) -> Seen {
    let mut seen = Seen::default();
    let mut turn = cut as usize;
    'streams: while !seen.has_ended() {
        let mut stream = watch(&channels[turn % 2], &run, seen.after()).await.expect("it is there");
        turn += 1;
        if seen.after() == held {
            let _ = tell.send(cut);
        }
        while let Some(update) = next(&mut stream).await {
            for event in update.events {
                seen.take(event);
                if seen.after() == cut {
                    // What else the message brought is lost with its reader.
                    continue 'streams;
                }
                if seen.after() == held {
                    let _ = tell.send(cut);
                }
            }
        }
    }
    seen
}

/// Lets watchers leave at each event of a run that stands at the gate, and of what comes after it; all see the same.
pub(super) fn at_every_event(addresses: [&str; 2], run: &str, gate: Gate) -> Seen {
    block_on(async {
        let channels = addresses.map(channel);
        let held = step_started(&channels[0], run, 2).await;
        let (tell, mut told) = unbounded_channel();
        // More than there are events behind the gate.
        let cuts = 0..=held + 10;
        let watchers: Vec<_> = cuts
            .clone()
            .map(|cut| leaves_and_comes_back(channels.clone(), run.to_owned(), cut, held, tell.clone()))
            .map(tokio::spawn)
            .collect();
        for _ in cuts {
            told.recv().await.expect("each comes to where the run is held");
        }
        gate.open();
        let mut all = Vec::new();
        for watcher in watchers {
            all.push(watcher.await.expect("it sees each event once"));
        }
        let seen = all.swap_remove(0);
        assert!(seen.after() > held + 2, "{} events", seen.after());
        assert!(all.iter().all(|other| *other == seen), "all see the same");
        seen
    })
}

/// The same of a run that is over.
pub(super) fn at_every_event_of_what_is_over(addresses: [&str; 2], run: &str, whole: &Seen) {
    block_on(async {
        let channels = addresses.map(channel);
        for cut in 0..=whole.after() {
            let (tell, _) = unbounded_channel();
            let seen = leaves_and_comes_back(channels.clone(), run.to_owned(), cut, 0, tell).await;
            assert_eq!(seen, *whole, "cut after {cut}");
        }
    });
}

/// Serves a project, whose commands go to that daemon.
fn served(project: &Project, sections: &str) -> Daemon {
    let daemon = Daemon::serve(project, "127.0.0.1:0", sections);
    project.configure_server(&format!("http://{}", daemon.address), "");
    daemon
}

#[test]
fn watchers_that_leave_at_any_event_of_a_run_under_way_miss_none_and_get_none_twice() {
    on_each(Gate::ENGINES, |project| {
        let daemon = served(project, "");
        let gate = project.gated();
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        let run = last_run(project);
        let addresses = [daemon.address.as_str(); 2];
        let seen = at_every_event(addresses, &run, gate);
        client.ends(project).succeeds();
        at_every_event_of_what_is_over(addresses, &run, &seen);
        daemon.killed(project);
    });
}

/// Reads a run with the client's reader through a proxy, and calls `at` with each number.
async fn numbers(mut stream: RunStream, mut at: impl FnMut(u64)) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        match stream.next().await.expect("it comes back") {
            Told::Event(event) => {
                numbers.push(event.sequence);
                at(event.sequence);
                if super::is_end(&event) {
                    return numbers;
                }
            }
            Told::Ended(_) | Told::GoalReached => return numbers,
            Told::Run(_) | Told::Lost(_) | Told::Back => {}
        }
    }
}

async fn reader(address: &str, run: &str) -> Option<RunStream> {
    let api = Api::new(channel(address), None).expect("no token");
    let begin = Begin::Watch(pb::WatchRunRequest { run_id: run.into(), after_sequence: 0 });
    let stream = begin.open(&api).await.ok()?;
    Some(RunStream::new(api, begin, stream, Duration::from_secs(60)))
}

#[test]
fn the_clients_reader_is_cut_off_at_each_event_of_a_run_under_way() {
    on_each(Gate::ENGINES, |project| {
        let daemon = served(project, "");
        let gate = project.gated();
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        let run = last_run(project);
        let proxy = Proxy::start(&daemon.address);
        block_on(async {
            let held = step_started(&channel(&daemon.address), &run, 2).await;
            let stream = reader(&proxy.address, &run).await.expect("it is there");
            let mut gate = Some(gate);
            let told = numbers(stream, |number| {
                proxy.cut();
                if number == held {
                    gate.take().expect("once").open();
                }
            });
            let told = told.await;
            let whole = read_to_end(&channel(&daemon.address), &run, Seen::default()).await;
            assert_eq!(told, (1..=whole.after()).collect::<Vec<_>>());
            assert!(proxy.taken() > 1, "it was cut off");
        });
        client.ends(project).succeeds();
        daemon.killed(project);
    });
}

/// Wherever a connection is cut: in a message, a frame, a header.
#[test]
fn the_clients_reader_and_the_command_are_cut_off_between_any_bytes() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = served(project, "");
        project.three();
        project.ctl("upgrade head").succeeds();
        let run = last_run(project);
        let whole = block_on(async { read_to_end(&channel(&daemon.address), &run, Seen::default()).await });
        let all: Vec<u64> = (1..=whole.after()).collect();
        let proxy = Proxy::start(&daemon.address);
        block_on(async {
            let mut cuts = 0;
            for bytes in (1..).step_by(11) {
                proxy.cut_after(bytes);
                let before = proxy.taken();
                let stream = match reader(&proxy.address, &run).await {
                    Some(stream) => stream,
                    // The answer had not begun; the next try meets nothing that cuts.
                    None => reader(&proxy.address, &run).await.expect("it is there"),
                };
                assert_eq!(numbers(stream, |_| {}).await, all, "cut after {bytes} bytes");
                if proxy.taken() - before == 1 {
                    break;
                }
                cuts += 1;
            }
            assert!(cuts > 50, "only {cuts} cuts");
        });
        let mut cuts = 0;
        for bytes in (200..).step_by(97) {
            proxy.cut_after(bytes);
            let before = proxy.taken();
            let words = format!("runs watch {run} --output json --server http://{}", proxy.address);
            let answer = project.ctl(&words);
            if answer.exit == 9 {
                // It had no stream yet to come back to, and says so.
                assert_eq!(answer.stdout, "");
                assert!(answer.stderr.contains("DAEMON_UNREACHABLE"), "{}", answer.story());
                continue;
            }
            let told: Vec<u64> = answer
                .succeeds()
                .stdout
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .filter_map(|line| line["sequence"].as_str().and_then(|n| n.parse().ok()))
                .collect();
            assert_eq!(told, all, "the command, cut after {bytes} bytes");
            if proxy.taken() - before == 1 {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 2, "only {cuts} cuts of the command");
        daemon.killed(project);
    });
}
