//! Several callers at once, callers that go away, and opening again.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use migrated_store::{CreatedRun, Manifest, RunRecord, StepState, Store, StoreError};

use super::Place;
use crate::records::{applied, audit, body, events, project, run, sha, step, store_manifest, target};

/// Starts every call at once and returns what each gave.
async fn at_once<T, F>(calls: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no call panics"));
    }
    results
}

fn one_winner(results: Vec<Result<u64, StoreError>>, expected: u64) {
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(won.into_iter().flatten().all(|version| version == expected + 1));
    for error in lost.into_iter().filter_map(Result::err) {
        let told = matches!(error, StoreError::Conflict { expected: e, found: f, .. } if (e, f) == (expected, expected + 1));
        assert!(told, "{error}");
    }
}

pub(crate) async fn of_two_writers_one_wins(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_target(&target("t")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let digest = store_manifest(&*store, "p", &[body("a1", "x")], 1).await.digest;
    let each = || (0..8).map(|_| Arc::clone(&store));
    one_winner(
        at_once(each().map(|s| async move { s.publish("p", 0, &digest, &audit("push", "p")).await })).await,
        0,
    );
    one_winner(at_once(each().map(|s| async move { s.update_project(&project("p"), 1).await })).await, 1);
    one_winner(at_once(each().map(|s| async move { s.update_target(&target("t"), 1).await })).await, 1);
    one_winner(at_once(each().map(|s| async move { s.update_run(&run("run-1", "p"), 1).await })).await, 1);
    assert_eq!(store.audit_log("p", 100).await.expect("read").len(), 1);
}

pub(crate) async fn the_same_request_twice_at_once_is_one_run(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let results = at_once((0..8).map(|index| {
        let (store, request) = (Arc::clone(&store), Some("req".to_owned()));
        let record = RunRecord { request_id: request, ..run(&format!("run-{index}"), "p") };
        async move { (record.id.clone(), store.create_run(&record).await.expect("made or known")) }
    }))
    .await;
    let new: Vec<&String> =
        results.iter().filter(|(_, made)| *made == CreatedRun::New).map(|(id, _)| id).collect();
    assert_eq!(new.len(), 1);
    for (_, made) in &results {
        assert!(
            matches!(made, CreatedRun::New) || matches!(made, CreatedRun::Existing(run) if run.id == *new[0])
        );
    }
}

pub(crate) async fn of_two_appends_at_once_one_wins(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let results = at_once((0..8).map(|_| {
        let store = Arc::clone(&store);
        async move { store.append_events("run-1", &events(1, 20)).await }
    }))
    .await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    let lost = |error: &StoreError| matches!(error, StoreError::Conflict { expected: 0, found: 20, .. });
    assert!(results.iter().filter_map(|r| r.as_ref().err()).all(lost));
    assert_eq!(store.events("run-1", 0, 100).await.expect("read"), events(1, 20));
}

pub(crate) async fn a_call_that_is_dropped_leaves_nothing_behind(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let bodies: Vec<_> = (0..50).map(|i| body(&format!("r{i}"), "x")).collect();
    let record = |polls: u32| RunRecord { rows_after: vec![polls.to_string()], ..run("run-1", "p") };
    store.create_run(&record(0)).await.expect("created");
    // Dropped after every number of polls that it may take, the call has been done wholly or not at all.
    let mut version = 1;
    for polls in 1..40 {
        {
            let update = record(polls);
            let mut call = pin!(store.update_run(&update, version));
            let mut upload = pin!(store.put_bodies(&bodies, 1));
            let mut uploading = true;
            for _ in 0..polls {
                let mut context = Context::from_waker(Waker::noop());
                if call.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                uploading = uploading && upload.as_mut().poll(&mut context).is_pending();
                tokio::task::yield_now().await;
            }
        }
        // Writes take turns: behind this one, whatever was dropped has been decided.
        store.audit(&audit("turn", "p")).await.expect("the store still works");
        let now = store.run("run-1").await.expect("read").expect("there");
        match now.version {
            same if same == version => assert_ne!(now.rows_after, [polls.to_string()]),
            next => assert_eq!((next, now.rows_after), (version + 1, vec![polls.to_string()])),
        }
        version = store.update_run(&record(0), now.version).await.expect("the store still works");
    }
    store.put_bodies(&bodies, 1).await.expect("the store still works");
    for body in &bodies {
        assert_eq!(store.body(&body.hash).await.expect("read").as_ref(), Some(&body.bytes));
    }
}

async fn fill(store: &dyn Store) -> Manifest {
    store.create_project(&project("p")).await.expect("created");
    store.create_target(&target("t")).await.expect("created");
    let manifest = store_manifest(store, "p", &[body("a1", "x")], 1).await;
    store.publish("p", 0, &manifest.digest, &audit("push", "p")).await.expect("published");
    store.record_applied("t", &[applied("a1", "p", sha("x"))], &[]).await.expect("recorded");
    store.create_run(&run("run-1", "p")).await.expect("created");
    store.put_steps("run-1", &[step(1, StepState::Done)]).await.expect("stored");
    store.append_events("run-1", &events(1, 9)).await.expect("appended");
    manifest
}

pub(crate) async fn everything_is_there_after_opening_again(place: &dyn Place) {
    let store = place.open().await;
    let manifest = fill(&*store).await;
    drop(store);
    for _ in 0..2 {
        let store = place.open().await;
        assert_eq!(store.project("p").await.expect("read"), Some(project("p")));
        assert_eq!(store.target("t").await.expect("read"), Some(target("t")));
        assert_eq!(store.manifest("p", &manifest.digest).await.expect("read").map(|r| r.len()), Some(1));
        assert_eq!(store.body(&body("a1", "x").hash).await.expect("read"), Some(body("a1", "x").bytes));
        assert_eq!(store.published("p").await.expect("read").version, 1);
        assert_eq!(store.applied("t").await.expect("read"), [applied("a1", "p", sha("x"))]);
        assert_eq!(store.run("run-1").await.expect("read"), Some(run("run-1", "p")));
        assert_eq!(store.steps("run-1").await.expect("read"), [step(1, StepState::Done)]);
        assert_eq!(store.events("run-1", 0, 99).await.expect("read"), events(1, 9));
        assert_eq!(store.audit_log("p", 9).await.expect("read"), [audit("push", "p")]);
        store.close().await.expect("closed");
    }
}

pub(crate) async fn a_closed_store_says_so(place: &dyn Place) {
    let store = place.open().await;
    store.close().await.expect("closed");
    store.close().await.expect("closed already");
    let read = store.project("p").await.expect_err("it is closed");
    let written = store.create_project(&project("p")).await.expect_err("it is closed");
    for error in [read, written] {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
}
