//! Many watchers of one run, for `scripts/bench --only watchers`: `migrated-watchers ADDRESS RUN WATCHERS CONNECTIONS`.
//!
//! It writes `ready` once every watcher has its first message, and at the end a line of JSON: how many events came, in
//! how many messages. Each watcher checks that its events are dense from 1 to the run's end, and comes back where its
//! stream ended itself. Of an event nothing but its number and whether it is the last is decoded, so that the machine
//! is left to the daemon.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

/// WatchRunResponse, as far as it matters here.
#[derive(Clone, PartialEq, prost::Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    update: Option<Update>,
}

/// RunUpdate.
#[derive(Clone, PartialEq, prost::Message)]
struct Update {
    #[prost(message, repeated, tag = "2")]
    events: Vec<Event>,
}

/// Event: its number, and whether it is `run_finished`.
#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(message, optional, tag = "27")]
    finished: Option<Nothing>,
}

/// What is not looked at.
#[derive(Clone, PartialEq, prost::Message)]
struct Nothing {}

#[derive(Default)]
struct Tally {
    events: AtomicU64,
    messages: AtomicU64,
    streams: AtomicU64,
}

const USAGE: &str = "migrated-watchers ADDRESS RUN WATCHERS CONNECTIONS";
/// Streams that are opened at the same time.
const OPENING: usize = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let watched =
        runtime.map_err(|e| e.to_string()).and_then(|runtime| runtime.block_on(watched(&arguments)));
    match watched {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "{fault}");
            ExitCode::FAILURE
        }
    }
}

async fn watched(arguments: &[String]) -> Result<(), String> {
    let [address, run, watchers, connections] = arguments else { return Err(USAGE.to_owned()) };
    let number = |text: &str| text.parse::<usize>().map_err(|e| format!("{text}: {e}"));
    let (watchers, connections) = (number(watchers)?, number(connections)?.max(1));
    let mut channels = Vec::new();
    for _ in 0..connections {
        let endpoint = Endpoint::new(format!("http://{address}")).map_err(|e| e.to_string())?;
        channels.push(endpoint.connect().await.map_err(|e| format!("connection {}: {e}", channels.len()))?);
    }
    let (tally, opening) = (Arc::new(Tally::default()), Arc::new(Semaphore::new(OPENING)));
    let (begun, mut ready) = tokio::sync::mpsc::unbounded_channel();
    let mut reading = tokio::task::JoinSet::new();
    for index in 0..watchers {
        let (channel, run, tally) = (channels[index % connections].clone(), run.clone(), tally.clone());
        let (opening, begun) = (opening.clone(), begun.clone());
        reading.spawn(async move {
            let place = opening.acquire_owned().await.map_err(|e| e.to_string())?;
            let told = move || {
                drop(place);
                let _ = begun.send(());
            };
            watch(channel, &run, &tally, told).await.map_err(|e| format!("watcher {index}: {e}"))
        });
    }
    drop(begun);
    for _ in 0..watchers {
        if ready.recv().await.is_none() {
            break;
        }
    }
    tell("ready")?;
    while let Some(done) = reading.join_next().await {
        done.map_err(|e| e.to_string())??;
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (events, messages) = (count(&tally.events), count(&tally.messages));
    tell(&format!(
        "{{\"events\": {events}, \"messages\": {messages}, \"streams\": {}}}",
        count(&tally.streams)
    ))
}

fn tell(line: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|e| e.to_string())
}

/// Watches to the end of the run.
async fn watch(channel: Channel, run: &str, tally: &Tally, told: impl FnOnce()) -> Result<(), String> {
    let (mut seen, mut told) = (0, Some(told));
    loop {
        let request = migrated_proto::v1::WatchRunRequest { run_id: run.to_owned(), after_sequence: seen };
        let mut grpc = Grpc::new(channel.clone());
        grpc.ready().await.map_err(|e| e.to_string())?;
        let path = PathAndQuery::from_static("/migrated.v1.RunService/WatchRun");
        let codec = ProstCodec::<migrated_proto::v1::WatchRunRequest, Answer>::default();
        let answer = grpc.server_streaming(Request::new(request), path, codec).await;
        let mut stream = answer.map_err(|e| e.to_string())?.into_inner();
        tally.streams.fetch_add(1, Ordering::Relaxed);
        while let Some(answer) = stream.message().await.map_err(|e| e.to_string())? {
            if let Some(told) = told.take() {
                told();
            }
            tally.messages.fetch_add(1, Ordering::Relaxed);
            for event in answer.update.unwrap_or_default().events {
                if event.sequence != seen + 1 {
                    return Err(format!("event {} came after {seen}", event.sequence));
                }
                seen += 1;
                tally.events.fetch_add(1, Ordering::Relaxed);
                if event.finished.is_some() {
                    return Ok(());
                }
            }
        }
    }
}
