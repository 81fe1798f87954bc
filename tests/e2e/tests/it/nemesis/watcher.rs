//! Watchers: each follows a run from its first event to its last, through whichever daemon answers.

use super::world::World;
use crate::harness::Draw;
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::run_service_client::RunServiceClient;
use migrated_proto::v1::{Event, GetRunRequest, ListRunsRequest, Run, RunStep, WatchRunRequest};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::{Channel, Endpoint};

/// Silence after which a stream is given up: daemons send a sign of life every 15 s.
const SILENCE: Duration = Duration::from_secs(20);
/// Pause before another daemon is asked.
const PAUSE: Duration = Duration::from_millis(150);
/// How long watchers may need to the end of their runs once everything is healed.
const PATIENCE: Duration = Duration::from_secs(60);

type Client = RunServiceClient<Channel>;

/// What a watcher saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) run: String,
    pub(super) events: Vec<Event>,
    /// Where it was not what came next.
    pub(super) gap: Option<String>,
    pub(super) has_end: bool,
}

/// A daemon's service of runs.
pub(super) async fn connect(place: &str) -> Result<Client, String> {
    let endpoint = Endpoint::from_shared(place.to_owned()).map_err(|e| e.to_string())?;
    let endpoint = endpoint.connect_timeout(Duration::from_secs(3));
    let channel = timeout(Duration::from_secs(4), endpoint.connect()).await.map_err(|e| e.to_string())?;
    let channel = channel.map_err(|e| format!("{e:?}"))?;
    Ok(RunServiceClient::new(channel).max_decoding_message_size(64 << 20))
}

/// All runs, as a daemon tells them, newest first.
pub(super) async fn runs(client: &mut Client) -> Result<Vec<Run>, String> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListRunsRequest { page_size: 500, page_token, ..ListRunsRequest::default() };
        let page = timeout(SILENCE, client.list_runs(request)).await.map_err(|e| e.to_string())?;
        let page = page.map_err(|e| e.to_string())?.into_inner();
        all.extend(page.runs);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// The steps of a run.
pub(super) async fn steps(client: &mut Client, run: &str) -> Result<Vec<RunStep>, String> {
    let request = GetRunRequest { run_id: run.to_owned() };
    client.get_run(request).await.map(|answer| answer.into_inner().steps).map_err(|e| e.to_string())
}

/// The whole log of a run.
pub(super) async fn log(client: &mut Client, run: &str) -> Result<Vec<Event>, String> {
    let request = WatchRunRequest { run_id: run.to_owned(), after_sequence: 0 };
    let mut stream = client.watch_run(request).await.map_err(|e| e.to_string())?.into_inner();
    let mut events = Vec::new();
    while let Some(message) =
        timeout(SILENCE, stream.message()).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?
    {
        events.extend(message.update.into_iter().flat_map(|update| update.events));
    }
    Ok(events)
}

/// Watches every run that comes, twice, until `healed`, and then to their ends.
pub(super) fn watch_all(world: &World, seed: u64, healed: Arc<AtomicBool>) -> Vec<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let places = Arc::new(world.places.clone());
    runtime.block_on(async {
        let mut watchers = JoinSet::new();
        let mut known: BTreeMap<String, ()> = BTreeMap::new();
        let mut draw = Draw::numbered(seed, 1_000);
        loop {
            // Looked at once more after that: then nothing new comes.
            let was_healed = healed.load(Ordering::SeqCst);
            let place = &places[draw.below(places.len())];
            let listed = async {
                let mut client = connect(place).await?;
                runs(&mut client).await
            };
            let listed = listed.await;
            let is_known = listed.is_ok();
            for run in listed.unwrap_or_default() {
                if known.insert(run.id.clone(), ()).is_none() {
                    for _ in 0..2 {
                        let number = 2_000 + known.len() as u64 * 2 + watchers.len() as u64;
                        let draw = Draw::numbered(seed, number);
                        let (places, healed) = (Arc::clone(&places), Arc::clone(&healed));
                        watchers.spawn(watch(places, run.id.clone(), draw, healed));
                    }
                }
            }
            if was_healed && is_known {
                break;
            }
            sleep(PAUSE).await;
        }
        watchers.join_all().await
    })
}

async fn watch(places: Arc<Vec<String>>, run: String, mut draw: Draw, healed: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen { run, ..Seen::default() };
    let mut healed_at = None;
    while !seen.has_end && seen.gap.is_none() {
        if healed.load(Ordering::SeqCst) && healed_at.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            break;
        }
        let place = &places[draw.below(places.len())];
        if let Ok(client) = connect(place).await {
            follow(client, &mut seen).await;
        }
        sleep(PAUSE).await;
    }
    seen
}

/// Takes what one stream tells.
async fn follow(mut client: Client, seen: &mut Seen) {
    let after_sequence = seen.events.last().map_or(0, |event| event.sequence);
    let request = WatchRunRequest { run_id: seen.run.clone(), after_sequence };
    let Ok(Ok(stream)) = timeout(SILENCE, client.watch_run(request)).await else { return };
    let mut stream = stream.into_inner();
    while let Ok(Ok(Some(message))) = timeout(SILENCE, stream.message()).await {
        for event in message.update.into_iter().flat_map(|update| update.events) {
            let last = seen.events.last().map_or(0, |event| event.sequence);
            if event.sequence != last + 1 {
                seen.gap = Some(format!("event {} came after {last}", event.sequence));
                return;
            }
            seen.has_end |= matches!(event.kind, Some(Kind::RunFinished(_)));
            seen.events.push(event);
        }
        if seen.has_end {
            return;
        }
    }
}
