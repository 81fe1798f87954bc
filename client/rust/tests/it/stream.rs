//! The reader of a run's log: each event exactly once and in order, wherever the stream breaks.

use crate::fake::{self, Break, Fake, RUN, Script, run_log};
use migratectl::error::Error;
use migratectl::run_stream::{Begin, RunStream, Told};
use migrated_proto::v1 as pb;
use pb::RunState;
use pb::event::Kind;
use std::sync::Mutex;
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(20);

fn script(breaks: Vec<(usize, Break)>) -> Script {
    let events = run_log(3, RunState::Succeeded, None);
    Script { events, breaks: Mutex::new(breaks), ..Script::default() }
}

fn begin() -> Begin {
    Begin::Watch(pb::WatchRunRequest { run_id: RUN.into(), after_sequence: 0 })
}

async fn open(fake: &Fake, budget: Duration) -> RunStream {
    let api = fake::api(&fake.socket()).await;
    let stream = begin().open(&api).await.expect("it opens");
    RunStream::new(api, begin(), stream, budget)
}

/// Reads to the end: the events' numbers.
async fn numbers(mut stream: RunStream) -> Result<Vec<u64>, Box<Error>> {
    let mut numbers = Vec::new();
    loop {
        match stream.next().await? {
            Told::Event(event) => {
                numbers.push(event.sequence);
                if matches!(event.kind, Some(Kind::RunFinished(_))) {
                    return Ok(numbers);
                }
            }
            Told::GoalReached | Told::Ended(_) => return Ok(numbers),
            Told::Run(id) => assert_eq!(id, RUN),
            Told::Lost(_) | Told::Back => {}
        }
    }
}

fn all() -> Vec<u64> {
    (1..=run_log(3, RunState::Succeeded, None).len() as u64).collect()
}

#[tokio::test]
async fn a_stream_that_breaks_at_any_event_goes_on_after_it() {
    for how in [Break::Status, Break::Silence, Break::Handover] {
        for at in 0..all().len() {
            let fake = Fake::start(script(vec![(at, how)]));
            let read = numbers(open(&fake, BUDGET).await).await;
            assert_eq!(read, Ok(all()), "broken after {at}, {how:?}");
            let watches = fake.calls();
            assert_eq!(watches.last(), Some(&format!("WatchRun {RUN} {at}")), "{how:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_after_every_event_still_comes_whole() {
    let fake = Fake::start(script(vec![(1, Break::Status); all().len() - 1]));
    assert_eq!(numbers(open(&fake, BUDGET).await).await, Ok(all()));
}

#[tokio::test]
async fn streams_of_a_silent_run_that_grow_old_are_no_losses() {
    let old = [(2, Break::Old), (0, Break::Old), (0, Break::Handover), (0, Break::Handover), (0, Break::Old)];
    let fake = Fake::start(script(old.to_vec()));
    let mut stream = open(&fake, BUDGET).await;
    let mut numbers = Vec::new();
    while numbers.len() < all().len() {
        match stream.next().await.expect("it goes on") {
            Told::Event(event) => numbers.push(event.sequence),
            Told::Run(id) => assert_eq!(id, RUN),
            other => panic!("the user is told: {other:?}"),
        }
    }
    assert_eq!(numbers, all());
    assert_eq!(fake.calls()[1..], vec![format!("WatchRun {RUN} 2"); old.len()]);
}

#[tokio::test]
async fn events_that_come_twice_are_told_once() {
    let fake = Fake::start(Script { repeats: 2, ..script(vec![(4, Break::Status)]) });
    assert_eq!(numbers(open(&fake, BUDGET).await).await, Ok(all()));
}

#[tokio::test]
async fn a_gap_is_read_again() {
    let mut events = run_log(3, RunState::Succeeded, None);
    let whole = events.clone();
    events.remove(4);
    // The first stream lacks an event; the daemon that answers the second has it.
    let torn = Fake::start(Script { events, ..script(vec![]) });
    let healthy = Fake::start(Script { events: whole, ..script(vec![]) });
    let stream = begin().open(&fake::api(&torn.socket()).await).await.expect("it opens");
    let reader = RunStream::new(fake::api(&healthy.socket()).await, begin(), stream, BUDGET);
    assert_eq!(numbers(reader).await, Ok(all()));
    assert_eq!(healthy.calls(), [format!("WatchRun {RUN} 4")]);
}

#[tokio::test]
async fn a_stream_that_does_not_come_back_is_given_up_with_the_way_on() {
    let fake = Fake::start(script(vec![(2, Break::Status)]));
    let socket = fake.socket();
    let dead = fake.dir.path().join("dead");
    let stream = begin().open(&fake::api(&socket).await).await.expect("it opens");
    // Later tries meet a daemon that never answers well.
    let listener = tokio::net::UnixListener::bind(&dead).expect("it binds");
    let refuser = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let endpoint = tonic::transport::Endpoint::from_static("http://localhost");
    let channel = endpoint.connect_with_connector_lazy(tower::service_fn(move |_: http::Uri| {
        let dead = dead.clone();
        async move { tokio::net::UnixStream::connect(dead).await.map(hyper_util::rt::TokioIo::new) }
    }));
    let api = migratectl::channel::Api::new(channel, None).expect("no token");
    let mut reader = RunStream::new(api, begin(), stream, Duration::from_millis(300));
    let error = loop {
        match reader.next().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    refuser.abort();
    assert_eq!((error.code.as_str(), error.exit().number()), ("MG7003", 9));
    assert_eq!(error.next, format!("`migratectl runs watch {RUN} --after 2`"));
    assert!(error.state.contains("may still go on"), "{}", error.state);
}

#[tokio::test]
async fn a_joined_request_ends_when_its_goal_stands_and_is_sent_again_when_its_stream_breaks() {
    let mut events = run_log(3, RunState::Succeeded, None);
    events.truncate(4);
    for (breaks, calls) in [(vec![], 1), (vec![(2, Break::Status)], 2)] {
        let fake = Fake::start(Script { events: events.clone(), joins: true, ..script(breaks) });
        assert_eq!(numbers(open(&fake, BUDGET).await).await, Ok(vec![1, 2, 3, 4]));
        assert_eq!(fake.calls(), vec![format!("WatchRun {RUN} 0"); calls]);
    }
}

#[tokio::test]
async fn a_run_that_ended_before_what_is_asked_for_is_told_from_its_record() {
    let ended = pb::Run {
        id: RUN.into(),
        state: RunState::Succeeded.into(),
        end_time: Some(pbjson_types::Timestamp::default()),
        ..pb::Run::default()
    };
    let fake = Fake::start(Script { runs: vec![ended.clone()], ..script(Vec::new()) });
    let api = fake::api(&fake.socket()).await;
    let begin = Begin::Watch(pb::WatchRunRequest { run_id: RUN.into(), after_sequence: all().len() as u64 });
    let stream = begin.open(&api).await.expect("it opens");
    let mut stream = RunStream::new(api, begin, stream, BUDGET);
    let told = loop {
        match stream.next().await.expect("it is told") {
            Told::Run(_) => {}
            other => break other,
        }
    };
    assert_eq!(told, Told::Ended(Box::new(ended)));
    assert_eq!(fake.calls(), [format!("WatchRun {RUN} {}", all().len())], "once is enough");
}
