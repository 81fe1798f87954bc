use super::*;
use crate::{ResolveTarget, Settings, SystemClock};
use migrated_core::event::RunKind;
use migrated_store::{ProjectRecord, SqliteOptions, SqliteStore, Store};

const RUN: &str = "0123456789abcdef0123456789abcdef";

struct Place {
    engine: Engine,
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new(settings: Settings) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteOptions { readers: 2, busy_timeout: Duration::from_secs(60), max_bytes: None };
        let store = SqliteStore::open(&folder.path().join("store.db"), options).await.expect("it opens");
        let store: Arc<dyn Store> = Arc::new(store);
        let project =
            ProjectRecord { name: "p".into(), description: String::new(), created_at: 1, version: 1 };
        store.create_project(&project).await.expect("created");
        store.create_run(&run()).await.expect("created");
        let nowhere: ResolveTarget =
            Arc::new(|_| Box::pin(async { Err(EngineError::new(Code::Internal, "there is no target")) }));
        let engine = Engine::new(store.clone(), Arc::new(SystemClock), settings, nowhere);
        Place { engine, store, _folder: folder }
    }

    /// A log with so many events, all stored; it goes on.
    async fn log(&self, events: u64) -> Arc<RunLog> {
        let log = RunLog::start(RUN, 0, &self.engine);
        for _ in 0..events {
            log.push(EventKind::Locked { waited_ms: 1 });
        }
        let shown = log.subscribe().wait_for(|shown| shown.seq == events).await.map(|_| ());
        shown.expect("the log is there");
        log
    }
}

fn run() -> RunRecord {
    RunRecord {
        id: RUN.into(),
        project: "p".into(),
        target: "t".into(),
        target_key: "t".into(),
        kind: RunKind::Upgrade,
        goal: vec!["head".into()],
        graph: None,
        state: RunState::Running,
        actor: "ann".into(),
        request_id: None,
        owner: "me".into(),
        rows_before: Vec::new(),
        rows_after: Vec::new(),
        steps_planned: 0,
        steps_done: 0,
        failure: None,
        created_at: 1,
        started_at: None,
        finished_at: None,
        version: 1,
    }
}

/// Numbers of the events until the stream ends, and the number to resume by, where it told one.
async fn read(mut watch: RunWatch) -> (Vec<u64>, Option<u64>) {
    let (mut numbers, mut resume) = (Vec::new(), None);
    while let Some(update) = watch.next().await.expect("it is told") {
        match update {
            RunUpdate::Events(part) => numbers.extend(part.events().iter().map(|event| event.seq)),
            RunUpdate::ResumeAfter(seq) => resume = Some(seq),
            RunUpdate::Heartbeat | RunUpdate::GoalReached => {}
        }
    }
    (numbers, resume)
}

#[tokio::test]
async fn an_old_stream_ends_though_there_is_more_to_tell_and_never_without_having_told_something() {
    let old = Settings { stream_age: Duration::ZERO, ..Settings::default() };
    let place = Place::new(old).await;
    let log = place.log(3_000).await;
    let (mut numbers, mut streams) = (Vec::new(), 0);
    while numbers.len() < 3_000 {
        let after = numbers.len() as u64;
        let (told, resume) = read(RunWatch::of_log(&place.engine, RUN, log.clone(), after)).await;
        assert_eq!(told.first(), Some(&(after + 1)), "each brings something");
        assert_eq!(resume, told.last().copied(), "and the number to resume by");
        numbers.extend(told);
        streams += 1;
    }
    assert_eq!(numbers, (1..=3_000).collect::<Vec<u64>>());
    assert!(streams > 3, "{streams}");
    // One with nothing to tell ends as well, and so does one of a run that has ended.
    assert_eq!(read(RunWatch::of_log(&place.engine, RUN, log.clone(), 3_000)).await, (vec![], Some(3_000)));
    let (told, resume) = read(RunWatch::new(&place.engine, RUN, Source::Store, 0)).await;
    assert_eq!((told.len(), resume), (BATCH as usize, Some(u64::from(BATCH))));
}

#[tokio::test]
async fn ages_differ_and_none_is_more_than_was_configured() {
    let place = Place::new(Settings::default()).await;
    let log = place.log(1).await;
    let begun = Instant::now();
    let ages: Vec<Duration> =
        (0..100).map(|_| RunWatch::of_log(&place.engine, RUN, log.clone(), 0).until - begun).collect();
    let most = Settings::default().stream_age;
    let slack = begun.elapsed();
    assert!(ages.iter().all(|age| *age <= most + slack && *age >= most.mul_f64(0.8)), "{ages:?}");
    let spread = ages.iter().max().zip(ages.iter().min()).map(|(most, least)| *most - *least);
    assert!(spread > Some(most / 20 + slack), "they come back together: {spread:?}");
}

#[tokio::test]
async fn who_is_equally_far_shares_what_is_read_and_memory_is_bounded() {
    let place = Place::new(Settings::default()).await;
    let log = place.log(20_000).await;
    assert!(log.held().0 <= 2_048, "{:?} events and parts", log.held());
    let mut after = 0;
    while after < 20_000 {
        // As many as are told at once, and some who have turns.
        let mut parts = Vec::new();
        for _ in 0..3 {
            parts.push(log.part(after, 20_000).await.expect("it is stored"));
        }
        assert!(parts.iter().all(|part| Arc::ptr_eq(part, &parts[0])), "after {after}");
        let numbers: Vec<u64> = parts[0].events().iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (after + 1..=after + numbers.len() as u64).collect::<Vec<_>>());
        after = *numbers.last().expect("there is more");
        // Who began elsewhere meets the others at the next boundary.
        let other = log.part(after.saturating_sub(5), 20_000).await.expect("it is stored");
        assert_eq!(other.last(), Some(after));
        assert!(log.held().1 <= 32, "{:?} events and parts", log.held());
    }
}

#[tokio::test]
async fn a_crowd_that_reads_as_it_likes_gets_everything_in_order() {
    let place = Place::new(Settings::default()).await;
    let log = place.log(100).await;
    let watches: Vec<RunWatch> =
        (0..200).map(|n| RunWatch::of_log(&place.engine, RUN, log.clone(), n % 100)).collect();
    assert_eq!(log.watchers(), 200);
    let readers: Vec<_> = watches.into_iter().map(|watch| tokio::spawn(read(watch))).collect();
    for _ in 0..900 {
        log.push(EventKind::Locked { waited_ms: 1 });
    }
    log.finish(EventKind::Locked { waited_ms: 2 }).await;
    for (n, reader) in readers.into_iter().enumerate() {
        let (told, resume) = reader.await.expect("it reads");
        assert_eq!(told, (n as u64 % 100 + 1..=1_001).collect::<Vec<_>>(), "watcher {n}");
        assert_eq!(resume, None);
    }
    assert_eq!(log.watchers(), 0, "their seats are free again");
}

#[tokio::test]
async fn who_comes_back_for_what_was_pruned_is_told_where_the_rest_is() {
    let place = Place::new(Settings { keep_events: Duration::ZERO, ..Settings::default() }).await;
    let log = place.log(3_000).await;
    let mut slow = RunWatch::of_log(&place.engine, RUN, log.clone(), 0);
    slow.next().await.expect("it is told").expect("it goes on");
    place.engine.tidy_store().await.expect("tidied");
    let told = place.engine.watch_run(RUN, 0).await;
    assert!(told.is_ok(), "nothing of a run under way is pruned");

    let ended = RunRecord { state: RunState::Failed, finished_at: Some(2), ..run() };
    place.store.update_run(&ended, 1).await.expect("changed");
    place.engine.tidy_store().await.expect("tidied");
    let gone = |error: EngineError| {
        assert_eq!(
            (error.code, error.state.contains("ended as FAILED")),
            (Code::EventsPruned, true),
            "{error:?}"
        );
        let next = format!(
            "`migratectl runs show {RUN}` tells how it ended, `migratectl runs watch {RUN} --after 3000` what is left"
        );
        assert_eq!(error.next, next);
    };
    gone(place.engine.watch_run(RUN, 2_999).await.err().expect("it is gone"));
    // A slow watcher of a run that had not ended yet when it began is told the same.
    gone(slow.next().await.expect_err("it is gone"));
    assert!(place.engine.watch_run(RUN, 3_000).await.is_ok());
}
