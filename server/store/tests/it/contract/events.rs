//! The event log.

use migrated_core::event::RunState;
use migrated_store::{RunRecord, Store, StoreError};

use super::Place;
use crate::records::{events, project, run};

async fn with_run(place: &dyn Place) -> std::sync::Arc<dyn Store> {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    store
}

pub(crate) async fn events_are_dense(place: &dyn Place) {
    let store = with_run(place).await;
    store.append_events("run-1", &[]).await.expect("nothing to do");
    let late = store.append_events("run-1", &events(2, 3)).await.expect_err("1 is missing");
    assert!(matches!(late, StoreError::Conflict { expected: 1, found: 0, .. }), "{late}");
    store.append_events("run-1", &events(1, 3)).await.expect("appended");
    let again = store.append_events("run-1", &events(3, 4)).await.expect_err("3 is there");
    assert!(matches!(again, StoreError::Conflict { expected: 2, found: 3, .. }), "{again}");
    let gap = store.append_events("run-1", &events(5, 5)).await.expect_err("4 is missing");
    assert!(matches!(gap, StoreError::Conflict { expected: 4, found: 3, .. }), "{gap}");
    let mut inside = events(4, 7);
    inside.remove(1);
    let inside = store.append_events("run-1", &inside).await.expect_err("5 is missing");
    assert!(matches!(inside, StoreError::Conflict { expected: 5, found: 4, .. }), "{inside}");
    store.append_events("run-1", &events(4, 4)).await.expect("appended");
    assert_eq!(store.events("run-1", 0, 100).await.expect("read"), events(1, 4));
    let nobody = store.append_events("nobody", &events(1, 1)).await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");
}

pub(crate) async fn events_are_read_in_parts(place: &dyn Place) {
    let store = with_run(place).await;
    let mut next = 1;
    for size in [1, 50, 1000, 1, 1, 7].into_iter().chain(std::iter::repeat_n(1, 200)) {
        store.append_events("run-1", &events(next, next + size - 1)).await.expect("appended");
        next += size;
    }
    let last = next - 1;
    for limit in [1, 49, 50, 300, 5000] {
        for after in [0, 1, 50, 51, 52, 1051, 1060, last - 1, last, last + 9] {
            let part = store.events("run-1", after, limit).await.expect("read");
            let expected = events(after + 1, last.min(after + u64::from(limit)));
            assert!(part == expected, "after {after}, limit {limit}: {} events", part.len());
        }
    }
    assert_eq!(store.events("run-1", 0, 0).await.expect("read"), []);
    let nobody = store.events("nobody", 0, 1).await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");
}

pub(crate) async fn pruned_events_are_told_and_numbering_goes_on(place: &dyn Place) {
    let store = with_run(place).await;
    for id in ["run-2", "run-3"] {
        store.create_run(&run(id, "p")).await.expect("created");
    }
    store.append_events("run-1", &events(1, 40)).await.expect("appended");
    store.append_events("run-1", &events(41, 57)).await.expect("appended");
    store.append_events("run-2", &events(1, 3)).await.expect("appended");
    let ended = RunRecord { state: RunState::Failed, finished_at: Some(500), ..run("run-1", "p") };
    store.update_run(&ended, 1).await.expect("changed");
    assert_eq!(store.prune_events(500).await.expect("pruned"), 0);
    assert_eq!(store.prune_events(501).await.expect("pruned"), 57);
    assert_eq!(store.prune_events(501).await.expect("pruned"), 0);

    for after in [0, 56] {
        let gone = store.events("run-1", after, 10).await.expect_err("these are gone");
        assert!(matches!(gone, StoreError::EventsPruned { first: 58 }), "{gone}");
    }
    assert_eq!(store.events("run-1", 57, 10).await.expect("seen all"), []);
    let again = store.append_events("run-1", &events(1, 1)).await.expect_err("1 was there");
    assert!(matches!(again, StoreError::Conflict { expected: 0, found: 57, .. }), "{again}");
    store.append_events("run-1", &events(58, 59)).await.expect("appended");
    assert_eq!(store.events("run-1", 57, 10).await.expect("read"), events(58, 59));
    assert_eq!(store.events("run-2", 0, 10).await.expect("untouched"), events(1, 3));
    let kept = store.run("run-1").await.expect("read").expect("there");
    assert_eq!(kept, RunRecord { version: 2, ..ended });
}

pub(crate) async fn many_logs_are_pruned(place: &dyn Place) {
    let store = with_run(place).await;
    for index in 10..110 {
        let ended = RunRecord {
            state: RunState::Succeeded,
            finished_at: Some(index),
            ..run(&index.to_string(), "p")
        };
        store.create_run(&ended).await.expect("created");
        store.append_events(&ended.id, &events(1, 2)).await.expect("appended");
    }
    assert_eq!(store.prune_events(100).await.expect("pruned"), 180);
    assert_eq!(store.events("105", 0, 9).await.expect("read"), events(1, 2));
    store.events("99", 0, 9).await.expect_err("pruned");
}
