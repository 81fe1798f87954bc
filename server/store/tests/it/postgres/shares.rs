//! Shares of the connections to a server: counted over all daemons, in the order in which they were asked for.

use migrated_core::event::RunState;
use migrated_store::{Claim, PostgresStore, RunRecord, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

use super::{Schema, shared};
use crate::records::{project, run};

const LONG: Duration = Duration::from_secs(600);

/// Two daemons, each with runs under way: `a1`… and `b1`…, on targets of one server.
async fn two(place: &Schema, runs: u32) -> (PostgresStore, PostgresStore) {
    let (first, second) = (place.leased(LONG, "first").await, place.leased(LONG, "second").await);
    first.create_project(&project("p")).await.expect("created");
    for (store, letter) in [(&first, 'a'), (&second, 'b')] {
        for number in 1..=runs {
            store.create_run(&of_server("db:1", &format!("{letter}{number}"))).await.expect("created");
        }
    }
    (first, second)
}

fn of_server(server: &str, id: &str) -> RunRecord {
    RunRecord { target_key: format!("postgresql://{server}/{id}"), ..run(id, "p") }
}

fn claim(of: u64) -> Claim {
    Claim { server: "postgresql://db:1".into(), of, need: 2, ahead: 2, waits: false }
}

async fn granted(store: &PostgresStore, run: &str, claim: &Claim) -> Option<u64> {
    shared(store).claim_share(run, claim).await.expect("asked")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_are_counted_over_all_daemons() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place, 3).await;
    // A server whose name only begins with the same letters is another one.
    first.create_run(&of_server("db:11", "x")).await.expect("created");
    let other = Claim { server: "postgresql://db:11".into(), ..claim(8) };
    assert_eq!(granted(&first, "x", &other).await, Some(4), "half of all stay free");
    let eight = claim(8);
    assert_eq!(granted(&first, "a1", &eight).await, Some(4));
    assert_eq!(granted(&second, "b1", &eight).await, Some(2), "nothing ahead beyond half");
    assert_eq!(granted(&first, "a2", &eight).await, Some(2));
    assert_eq!(granted(&second, "b2", &eight).await, None, "all are taken");
    shared(&first).give_share_back("a2").await.expect("given back");
    assert_eq!(granted(&second, "b2", &eight).await, Some(2));
    let ended = RunRecord { state: RunState::Succeeded, ..of_server("db:1", "a1") };
    first.update_run(&ended, 1).await.expect("ended");
    assert_eq!(granted(&second, "b3", &eight).await, Some(2), "an end gives back");
    let error = shared(&second).claim_share("a2", &eight).await.expect_err("it is another's");
    assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
    let error = shared(&second).give_share_back("a2").await.expect_err("it is another's");
    assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_first_goes_first() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place, 3).await;
    let (now, waiting) = (claim(2), Claim { waits: true, ..claim(2) });
    assert_eq!(granted(&first, "a1", &now).await, Some(2));
    assert_eq!(granted(&first, "a2", &now).await, None, "it does not wait");
    assert_eq!(granted(&second, "b1", &waiting).await, None);
    assert_eq!(granted(&first, "a3", &waiting).await, None);
    shared(&first).give_share_back("a1").await.expect("given back");
    assert_eq!(granted(&first, "a2", &now).await, None, "others wait");
    assert_eq!(granted(&first, "a3", &waiting).await, None, "another one asked before");
    assert_eq!(granted(&second, "b1", &waiting).await, Some(2));
    shared(&second).give_share_back("b1").await.expect("given back");
    assert_eq!(granted(&first, "a3", &waiting).await, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_daemon_had_is_free() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place, 2).await;
    let waiting = Claim { waits: true, ..claim(2) };
    assert_eq!(granted(&first, "a1", &waiting).await, Some(2));
    assert_eq!(granted(&first, "a2", &waiting).await, None);
    assert_eq!(granted(&second, "b1", &waiting).await, None);
    place.sql("UPDATE owner SET lease_until = now() - interval '1 second' WHERE name = 'first'");
    assert_eq!(
        granted(&second, "b1", &waiting).await,
        Some(2),
        "neither its share nor its place in the line"
    );
    let taken = shared(&second).take_run("a1", "second").await.expect("asked");
    assert!(taken.is_some());
    assert_eq!(granted(&second, "b2", &claim(4)).await, Some(2), "a run that is taken over has yet to ask");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_at_once_never_add_up_to_more() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place, 8).await;
    let (first, second) = (Arc::new(first), Arc::new(second));
    let calls: Vec<_> = (1..=8)
        .flat_map(|number| [(&first, format!("a{number}")), (&second, format!("b{number}"))])
        .map(|(store, id)| {
            let store = Arc::clone(store);
            tokio::spawn(async move { granted(&store, &id, &claim(10)).await })
        })
        .collect();
    let mut sum = 0;
    for call in calls {
        sum += call.await.expect("no panic").unwrap_or_default();
    }
    assert_eq!(sum, 10);
}
