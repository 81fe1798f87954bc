//! No room left: what was there stays, nothing is half there, and the store works again once there is room.

use migrated_store::{SqliteOptions, SqliteStore, StepRecord, StepState, Store, StoreError};

use super::File;
use crate::contract::Place;
use crate::records::{Filler, events, manifest, project, run, step};

const ROOM: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_says_so_and_nothing_is_half_written() {
    let place = File::made();
    let options = SqliteOptions { max_bytes: Some(ROOM), ..SqliteOptions::default() };
    let store = SqliteStore::open(&place.path, options).await.expect("it opens");
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    store.append_events("run-1", &events(1, 5)).await.expect("appended");
    let small: Vec<_> = Filler::new(200).take(100).collect();
    store.put_bodies(&small, 1).await.expect("there is room");

    // Each upload is one transaction, and the last of them does not fit.
    let mut stored = Vec::new();
    let mut filler = Filler::new(20_000);
    let lost = loop {
        let upload: Vec<_> = filler.by_ref().take(4).collect();
        match store.put_bodies(&upload, 1).await {
            Ok(()) => stored.extend(upload),
            Err(error) => {
                assert!(matches!(error, StoreError::Full(_)), "{error}");
                break upload;
            }
        }
        assert!(stored.len() < 100, "a limit of {ROOM} bytes must have been reached");
    };
    let steps: Vec<StepRecord> = (1..=9000).map(|i| step(i, StepState::Planned)).collect();
    let full = [
        store.put_steps("run-1", &steps).await,
        store.append_events("run-1", &events(6, 4000)).await,
        store.put_bodies(&Filler::new(3 << 20).take(1).collect::<Vec<_>>(), 1).await,
    ];
    for result in full {
        let error = result.expect_err("there is no room");
        assert!(matches!(error, StoreError::Full(_)), "{error}");
    }
    assert_eq!(store.steps("run-1").await.expect("read"), []);
    assert_eq!(store.events("run-1", 0, 9000).await.expect("read"), events(1, 5));
    for body in small.iter().chain(&stored) {
        assert!(store.body(&body.hash).await.expect("read").as_ref() == Some(&body.bytes));
    }
    for body in &lost {
        assert_eq!(store.body(&body.hash).await.expect("read"), None);
    }
    store.close().await.expect("closed");
    assert_eq!(place.integrity().await, "ok");

    let store = place.open().await;
    store.put_bodies(&lost, 2).await.expect("there is room again");
    store.put_manifest("p", &manifest(&lost), 2).await.expect("stored");
    store.append_events("run-1", &events(6, 4000)).await.expect("appended");
    store.put_steps("run-1", &steps).await.expect("stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn collecting_makes_room_in_a_full_store() {
    let place = File::made();
    let options = SqliteOptions { max_bytes: Some(ROOM), ..SqliteOptions::default() };
    let store = SqliteStore::open(&place.path, options).await.expect("it opens");
    let mut filler = Filler::new(20_000);
    let mut count = 0;
    while store.put_bodies(&filler.by_ref().take(1).collect::<Vec<_>>(), 1).await.is_ok() {
        count += 1;
    }
    assert!(count > 10, "only {count} bodies found room");
    assert_eq!(store.collect(5).await.expect("collected"), (0, count));
    store.put_bodies(&filler.take(10).collect::<Vec<_>>(), 6).await.expect("there is room again");
}
