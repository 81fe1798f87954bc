//! Measures the store on this machine: `cargo run --release -p migrated-store --example figures [FOLDER]`.
//!
//! Each line is the median and the worst of several rounds. The folder should lie on the disk that the store will
//! live on: most of a durable write is the wait for that disk.

use std::future::Future;
use std::io::Write;
use std::time::{Duration, Instant};

use migrated_core::event::{Direction, Event, EventKind, RunKind, RunState};
use migrated_store::{
    Body, Hash, Manifest, Result, RevisionHeader, RunRecord, SqliteOptions, SqliteStore, StepRecord,
    StepState, Store,
};
use sha2::{Digest, Sha256};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args_os().nth(1).unwrap_or_else(|| std::env::temp_dir().into_os_string());
    let folder = tempfile::tempdir_in(parent)?;
    let store = SqliteStore::open(folder.path().join("store.db"), SqliteOptions::default()).await?;
    let project = migrated_store::ProjectRecord {
        name: "p".into(),
        description: String::new(),
        created_at: 0,
        version: 1,
    };
    store.create_project(&project).await?;
    let bodies: Vec<Body> = (0..10_000).map(body).collect();
    let hashes: Vec<Hash> = bodies.iter().map(|body| body.hash).collect();

    measure("missing_bodies, 10,000 of 10,000 missing", 9, |_| store.missing_bodies(&hashes)).await?;
    measure("put_bodies, 10,000 small ones", 1, |_| store.put_bodies(&bodies, 1)).await?;
    measure("missing_bodies, none of 10,000 missing", 9, |_| store.missing_bodies(&hashes)).await?;
    let manifests: Vec<Manifest> = (0..5).map(|round| manifest(&bodies, round)).collect();
    measure("put_manifest, 10,000 revisions", 5, |round| store.put_manifest("p", &manifests[round], 1))
        .await?;
    let digest = manifests[0].digest;
    measure("manifest, 10,000 revisions", 15, |_| store.manifest("p", &digest)).await?;
    measure("known_revisions, all 10,000", 9, |_| store.known_revisions("p", &[])).await?;
    let ids = ["r00007".to_owned(), "r09000".to_owned()];
    measure("known_revisions, 2 ids", 99, |_| store.known_revisions("p", &ids)).await?;
    measure("touch_manifest", 99, |_| store.touch_manifest("p", &digest, 1)).await?;

    for run in 0..20 {
        store.create_run(&record(run)).await?;
    }
    let log: Vec<Event> = (1..=1000).map(event).collect();
    for (name, first, size) in [("groups of 50", 0, 50), ("groups of 1", 5, 1), ("one group", 10, 1000)] {
        let groups = |round: usize| {
            let (store, log, run) = (&store, &log, record(first + round).id);
            async move {
                for group in log.chunks(size) {
                    store.append_events(&run, group).await?;
                }
                Ok(())
            }
        };
        measure(&format!("append_events, 1,000 in {name}"), 5, groups).await?;
    }
    let run = record(0).id;
    measure("events, 1,000 that came in groups of 50", 15, |_| store.events(&run, 0, 1000)).await?;
    let run = &record(15).id;
    measure("put_steps, 1", 199, |round| one_step(&store, run, round)).await?;
    let steps: Vec<StepRecord> = (1..=10_000).map(step).collect();
    measure("put_steps, 10,000", 3, |_| store.put_steps(run, &steps)).await?;
    measure("update_run", 199, |round| update(&store, round)).await?;
    let alternating = |round: usize| {
        let (store, run) = (&store, record(16).id);
        async move {
            store.append_events(&run, &[event(u64::try_from(round).unwrap_or(0) + 1)]).await?;
            one_step(store, &run, round).await
        }
    };
    measure("append_events, 1, then put_steps, 1", 199, alternating).await?;

    let bytes = vec![b'-'; 100 << 20];
    let large = [Body { hash: Sha256::digest(&bytes).into(), bytes, header: header("large") }];
    measure("put_bodies, one of 100 MiB", 1, |_| store.put_bodies(&large, 1)).await?;
    measure("body, of 100 MiB", 3, |_| store.body(&large[0].hash)).await?;
    measure("collect, nothing to take", 3, |_| store.collect(0)).await?;
    measure("collect, 5 manifests and 10,001 bodies", 1, |_| store.collect(i64::MAX)).await?;
    measure("close", 1, |_| store.close()).await?;
    Ok(())
}

/// Times `rounds` calls, each awaited, and writes a line.
async fn measure<T, F>(name: &str, rounds: usize, call: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = Result<T>>,
{
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..rounds {
        let start = Instant::now();
        let result = call(round).await?;
        times.push(start.elapsed());
        drop(result);
    }
    times.sort();
    let (median, worst) = (times[times.len() / 2].as_secs_f64(), times[times.len() - 1].as_secs_f64());
    let line = format!("{name:45} {:>10.3} ms  worst {:>10.3} ms\n", median * 1e3, worst * 1e3);
    // A reader that went away does not make the figures wrong.
    let _ = std::io::stdout().write_all(line.as_bytes());
    Ok(())
}

async fn one_step(store: &SqliteStore, run: &str, round: usize) -> Result<()> {
    store.put_steps(run, &[step(u32::try_from(round).unwrap_or(0) + 1)]).await
}

async fn update(store: &SqliteStore, round: usize) -> Result<u64> {
    let version = u64::try_from(round).unwrap_or(0) + 1;
    store.update_run(&RunRecord { state: RunState::Running, ..record(17) }, version).await
}

fn header(revision: &str) -> RevisionHeader {
    RevisionHeader {
        revision: revision.to_owned(),
        down_revisions: vec![format!("below-{revision}")],
        message: format!("add the table of {revision} and an index"),
        created: "2026-11-21T07:12:00Z".into(),
        token_hash: Sha256::digest(revision).into(),
        size: 400,
        ..RevisionHeader::default()
    }
}

fn body(index: usize) -> Body {
    let header = header(&format!("r{index:05}"));
    let bytes =
        format!("-- revision: {}\n{}", header.revision, "ALTER TABLE t ADD c int;\n".repeat(15)).into_bytes();
    Body { hash: Sha256::digest(&bytes).into(), bytes, header }
}

fn manifest(bodies: &[Body], round: u32) -> Manifest {
    let path = |body: &Body| format!("20261121_0712_{}_add_the_table_and_an_index.sql", body.header.revision);
    Manifest {
        digest: Sha256::digest(round.to_le_bytes()).into(),
        entries: bodies.iter().map(|body| (path(body), body.hash)).collect(),
    }
}

fn record(index: usize) -> RunRecord {
    RunRecord {
        id: format!("01jd3k{index:020}"),
        project: "p".into(),
        target: "prod".into(),
        target_key: "key".into(),
        kind: RunKind::Upgrade,
        goal: vec!["head".into()],
        graph: None,
        state: RunState::Queued,
        actor: "ann".into(),
        request_id: None,
        owner: "daemon".into(),
        rows_before: vec![],
        rows_after: vec![],
        steps_planned: 0,
        steps_done: 0,
        failure: None,
        created_at: 1,
        started_at: None,
        finished_at: None,
        version: 1,
    }
}

fn step(index: u32) -> StepRecord {
    StepRecord {
        index,
        revision: format!("r{index:05}"),
        direction: Direction::Up,
        body_hash: Some([7; 32]),
        token_hash: Some([8; 32]),
        state: StepState::Started,
        backend_pid: Some(4711),
        backend_start: Some("2026-11-21 07:12:00.123456+00".into()),
        xid: None,
        started_at: Some(1),
        finished_at: None,
    }
}

fn event(seq: u64) -> Event {
    let what = EventKind::StatementFinished {
        index: 1,
        total: 2,
        line: 7,
        summary: format!("CREATE TABLE invoices_{seq}"),
        rows: 0,
        duration_us: 1234,
    };
    Event { seq, at: 1_700_000_000_000_000, what }
}
