//! What watchers of a run see, whatever they do and whatever is done to them: each event once, in order, without a gap.

mod aged;
mod cut;
mod proxy;
mod pruned;
mod replicas;
mod slow;

use crate::harness::{Gate, Project};
use migrated_proto::v1 as pb;
use pb::event::Kind;
use pb::run_service_client::RunServiceClient;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// More than anything here takes on a loaded machine; only a failing test waits for it.
const LONG: Duration = crate::harness::LONG;

/// A runtime for the watchers of a test.
fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let test = async { tokio::time::timeout(LONG, test).await.expect("the watchers come to an end") };
    runtime.expect("a runtime").block_on(test)
}

/// A channel to `host:port`, for the runtime that it is made in.
fn channel(address: &str) -> Channel {
    Endpoint::new(format!("http://{address}")).expect("an address").connect_lazy()
}

/// Watches a run after a number on.
async fn watch(channel: &Channel, run: &str, after: u64) -> Result<Streaming<pb::WatchRunResponse>, Status> {
    let request = pb::WatchRunRequest { run_id: run.into(), after_sequence: after };
    Ok(RunServiceClient::new(channel.clone()).watch_run(request).await?.into_inner())
}

/// The next message of a stream that stands; `None` at its end.
async fn next(stream: &mut Streaming<pb::WatchRunResponse>) -> Option<pb::RunUpdate> {
    stream.message().await.expect("the stream stands").map(|message| message.update.unwrap_or_default())
}

fn is_end(event: &pb::Event) -> bool {
    matches!(event.kind, Some(Kind::RunFinished(_)))
}

/// What one watcher has seen.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    events: Vec<pb::Event>,
}

impl Seen {
    fn after(&self) -> u64 {
        self.events.len() as u64
    }

    /// Takes an event, which is the next one.
    #[track_caller]
    fn take(&mut self, event: pb::Event) {
        assert_eq!(event.sequence, self.after() + 1, "no gap and nothing twice");
        assert!(!self.events.last().is_some_and(is_end), "nothing comes after the end");
        self.events.push(event);
    }

    fn has_ended(&self) -> bool {
        self.events.last().is_some_and(is_end)
    }
}

/// Reads on to the end of the run, however often streams end by themselves.
async fn read_to_end(channel: &Channel, run: &str, mut seen: Seen) -> Seen {
    while !seen.has_ended() {
        let mut stream = watch(channel, run, seen.after()).await.expect("it is there");
        while let Some(update) = next(&mut stream).await {
            update.events.into_iter().for_each(|event| seen.take(event));
        }
    }
    seen
}

/// Waits for the step of that number, counted from 1, and tells the number of the event.
async fn step_started(channel: &Channel, run: &str, step: u32) -> u64 {
    let mut seen = Seen::default();
    let mut stream = watch(channel, run, 0).await.expect("it is there");
    while let Some(update) = next(&mut stream).await {
        for event in update.events {
            let index = match &event.kind {
                Some(Kind::StepStarted(started)) => started.index,
                _ => 0,
            };
            seen.take(event);
            if index == step {
                return seen.after();
            }
        }
    }
    panic!("the run ended before step {step}: {seen:#?}")
}

/// The last run of a daemon whose store is a file.
fn last_run(project: &Project) -> String {
    project.store("SELECT id FROM run ORDER BY id DESC LIMIT 1").trim().to_owned()
}

/// Writes revisions of which the second stops at the gate and then says `notices` things.
fn gated_and_talkative(project: &Project, notices: u32) -> Gate {
    project.three();
    let stop = Gate::stop(&project.database);
    let talk =
        format!("DO $$ BEGIN FOR i IN 1..{notices} LOOP RAISE NOTICE 'row % of many', i; END LOOP; END $$;");
    project.revision(
        "b2",
        "a1",
        &format!("{stop}\n{talk}\nCREATE TABLE t_b2 (id integer);"),
        "DROP TABLE t_b2;",
    );
    Gate::shut(&project.database)
}
