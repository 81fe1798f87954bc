//! Leases: what is owned is written by its owner alone, until that lapses and somebody else takes it over.

use migrated_core::event::{Event, EventKind, RunState};
use migrated_store::{
    BackendRecord, CancelAsked, CreatedAmong, CreatedRun, PostgresStore, RunRecord, StepNote, StepState,
    Store, StoreError, Terms,
};
use std::time::Duration;

use super::{Schema, shared};
use crate::records::{events, project, run, step};

const LONG: Duration = Duration::from_secs(600);

/// Two daemons, the first with a run under way.
async fn two(place: &Schema) -> (PostgresStore, PostgresStore) {
    let (first, second) = (place.leased(LONG, "first").await, place.leased(LONG, "second").await);
    first.create_project(&project("p")).await.expect("created");
    let terms = Terms { joinable: Some(vec!["a1".into()]), lock_wait_ms: Some(7), ..Terms::default() };
    let made = shared(&first).create_run_among(&run("run-1", "p"), &terms, &[]).await.expect("created");
    assert_eq!(made, CreatedAmong::Done(CreatedRun::New));
    first.put_steps("run-1", &[step(1, StepState::Planned)]).await.expect("stored");
    first.append_events("run-1", &events(1, 5)).await.expect("appended");
    shared(&first).put_lock("run-1", 4321, "then").await.expect("recorded");
    (first, second)
}

/// Lets the first daemon's lease lapse, as if its clock had stood still.
fn lapse(place: &Schema, owner: &str) {
    let lapsed = format!("UPDATE owner SET lease_until = now() - interval '1 second' WHERE name = '{owner}'");
    place.sql(&lapsed);
}

/// Every write to a run, as this daemon tries it.
async fn every_write(store: &PostgresStore, version: u64, next: u64) -> Vec<Result<(), StoreError>> {
    let backend = BackendRecord { first: 1, last: 1, pid: 1, start: "s".into() };
    vec![
        store.update_run(&run("run-1", "p"), version).await.map(drop),
        store.put_steps("run-1", &[step(1, StepState::Failed)]).await,
        store.put_backend("run-1", &backend).await,
        store.append_events("run-1", &events(next, next)).await,
        shared(store).put_lock("run-1", 1, "now").await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_owned_is_written_by_its_owner_alone() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    assert_eq!(shared(&second).take_run("run-1", "second").await.expect("asked"), None, "it is owned");
    assert_eq!(shared(&second).orphans(9).await.expect("listed"), []);
    for refused in every_write(&second, 1, 6).await {
        let error = refused.expect_err("it is another's");
        assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
    }
    let note = StepNote { index: 1, state: StepState::Failed, xid: None, at: 1 };
    second.note_steps("run-1", &[note]).await.expect("passed over");
    assert_eq!(first.steps("run-1").await.expect("read")[0].state, StepState::Planned);

    lapse(&place, "first");
    let orphans = shared(&second).orphans(9).await.expect("listed");
    assert_eq!(orphans.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["run-1"]);
    let taken = shared(&second).take_run("run-1", "second").await.expect("asked").expect("it is nobody's");
    assert_eq!((taken.run.owner.as_str(), taken.run.version), ("second", 2));
    assert_eq!(taken.terms.joinable, Some(vec!["a1".to_owned()]));
    assert_eq!(taken.terms.lock_wait_ms, Some(7));
    assert_eq!(taken.lock, Some((4321, "then".to_owned())));
    assert_eq!(taken.cancel, None);
    for refused in every_write(&first, 1, 6).await {
        let error = refused.expect_err("it was taken over");
        assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
    }
    for written in every_write(&second, 2, 6).await {
        written.expect("it is ours now");
    }
    assert_eq!(second.events("run-1", 0, 99).await.expect("read"), events(1, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_take_a_run_over_one_wins() {
    let Some(place) = Schema::made() else { return };
    let (_first, second) = two(&place).await;
    let third = place.leased(LONG, "third").await;
    lapse(&place, "first");
    let (one, other) =
        tokio::join!(shared(&second).take_run("run-1", "second"), shared(&third).take_run("run-1", "third"));
    let won: Vec<_> = [one, other].into_iter().filter_map(|taken| taken.expect("asked")).collect();
    assert_eq!(won.len(), 1);
    let again = won[0].run.owner.clone();
    let winner = if again == "second" { &second } else { &third };
    assert!(
        shared(winner).take_run("run-1", &again).await.expect("asked").is_some(),
        "what is ours stays ours"
    );
    let nobody = shared(winner).take_run("nobody", "x").await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_lapsed_is_not_renewed_but_begun_anew() {
    let Some(place) = Schema::made() else { return };
    let short = place.leased(Duration::from_millis(500), "first").await;
    short.create_project(&project("p")).await.expect("created");
    let mut lease = shared(&short).lease();
    let before = lease.borrow_and_update().clone();
    lease.changed().await.expect("it is renewed");
    let renewed = lease.borrow_and_update().clone();
    assert_eq!(renewed.id, before.id);
    assert!(renewed.until > before.until);
    // Whatever the daemon did meanwhile, the others saw it lapse.
    place.sql("DELETE FROM owner");
    let lost = short.create_run(&run("run-1", "p")).await.expect_err("it owns nothing just now");
    assert!(matches!(lost, StoreError::NotOwner { .. }), "{lost}");
    let begun = lease.wait_for(|now| now.id != before.id).await.expect("another begins").clone();
    assert!(begun.until > renewed.until);
    assert_eq!(short.create_run(&run("run-1", "p")).await.expect("created"), CreatedRun::New);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_lapse_is_that_of_another_daemon() {
    let Some(place) = Schema::made() else { return };
    let first = place.leased(Duration::from_secs(60), "first").await;
    assert_eq!(shared(&first).next_lapse().await.expect("asked"), None, "it is alone");
    let second = place.leased(LONG, "second").await;
    let left = shared(&first).next_lapse().await.expect("asked").expect("there is another");
    assert!(left > Duration::from_secs(60) && left <= LONG, "its own is not looked at: {left:?}");
    let left = shared(&second).next_lapse().await.expect("asked").expect("there is another");
    assert!(left <= Duration::from_secs(60), "{left:?}");
    lapse(&place, "first");
    assert_eq!(shared(&second).next_lapse().await.expect("asked"), None, "it lapses once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_closed_gives_its_runs_to_the_others() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    first.close().await.expect("closed");
    let taken = shared(&second).take_run("run-1", "second").await.expect("asked");
    assert_eq!(taken.map(|taken| taken.run.id), Some("run-1".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_given_up_is_anybodys() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    assert!(shared(&first).has_others().await.expect("asked"));
    let error = shared(&second).give_up_run("run-1").await.expect_err("it is another's");
    assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
    shared(&first).give_up_run("run-1").await.expect("given up");
    let error = first.append_events("run-1", &events(6, 6)).await.expect_err("it is not ours any more");
    assert!(matches!(error, StoreError::NotOwner { .. }), "{error}");
    assert!(shared(&second).take_run("run-1", "second").await.expect("asked").is_some());
    first.close().await.expect("closed");
    assert!(!shared(&second).has_others().await.expect("asked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_was_not_begun_goes_with_its_owner() {
    let Some(place) = Schema::made() else { return };
    for (state, left) in [(RunState::Locking, 0), (RunState::Running, 3)] {
        let id = format!("run-{left}");
        let first = place.leased(LONG, "first").await;
        let _ = first.create_project(&project("p")).await;
        first.create_run(&RunRecord { id: id.clone(), state, ..run("run-1", "p") }).await.expect("created");
        let steps: Vec<_> = (1..=3).map(|at| step(at, StepState::Planned)).collect();
        first.put_steps(&id, &steps).await.expect("stored");
        lapse(&place, "first");
        let second = place.leased(LONG, "second").await;
        shared(&second).take_run(&id, "second").await.expect("asked").expect("it is nobody's");
        assert_eq!(second.steps(&id).await.expect("read").len(), left, "{state:?}");
        second.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_under_way_are_told_to_their_owner() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    assert_eq!(shared(&first).own_runs().await.expect("asked"), ["run-1"]);
    assert!(shared(&second).own_runs().await.expect("asked").is_empty());
    let ended = RunRecord { state: RunState::Succeeded, finished_at: Some(9), ..run("run-1", "p") };
    first.update_run(&ended, 1).await.expect("stored");
    assert!(shared(&first).own_runs().await.expect("asked").is_empty(), "it has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_has_its_end_once_the_last_event_tells_it() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    let other = RunRecord { id: "run-2".into(), ..run("run-1", "p") };
    first.create_run(&other).await.expect("created");
    for run in ["run-1", "run-2"] {
        assert!(!shared(&second).log_has_end(run).await.expect("asked"), "{run}");
    }
    let what = EventKind::RunFinished {
        state: RunState::Failed,
        rows: vec!["a1".into()],
        applied: 1,
        duration_ms: 3,
        failure: None,
    };
    first.append_events("run-1", &[Event { seq: 6, at: 1, what }]).await.expect("appended");
    assert!(shared(&second).log_has_end("run-1").await.expect("asked"));
    assert!(!shared(&second).log_has_end("run-2").await.expect("asked"));
    place.sql("UPDATE run SET events_pruned = 7 WHERE id = 'run-2'");
    assert!(shared(&second).log_has_end("run-2").await.expect("asked"), "what is pruned was complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_created_only_by_who_has_seen_the_others() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    let terms = Terms::default();
    let two = run("run-2", "p");
    let unseen = shared(&second).create_run_among(&two, &terms, &[]).await.expect("asked");
    assert_eq!(unseen, CreatedAmong::Unseen);
    let open = shared(&second).open_runs(&two.target_key).await.expect("listed");
    let told: Vec<_> =
        open.iter().map(|o| (o.run.id.as_str(), o.is_owned, o.terms.joinable.is_some())).collect();
    assert_eq!(told, [("run-1", true, true)]);
    let seen = ["run-1".to_owned()];
    let made = shared(&second).create_run_among(&two, &terms, &seen).await.expect("asked");
    assert_eq!(made, CreatedAmong::Done(CreatedRun::New));
    assert_eq!(shared(&first).count_open().await.expect("counted"), 2);
    lapse(&place, "second");
    let open = shared(&first).open_runs(&two.target_key).await.expect("listed");
    assert_eq!(open.iter().map(|o| o.is_owned).collect::<Vec<_>>(), [true, false]);
    // Eight at once on another target: one is first, the others see it.
    let elsewhere = |i: u32| RunRecord { target_key: "other".into(), ..run(&format!("x{i}"), "p") };
    let calls = (0..8).map(|i| {
        let (record, terms) = (elsewhere(i), terms.clone());
        let first = &first;
        async move { shared(first).create_run_among(&record, &terms, &[]).await.expect("asked") }
    });
    let made = futures_all(calls).await;
    assert_eq!(made.iter().filter(|m| **m == CreatedAmong::Done(CreatedRun::New)).count(), 1);
}

async fn futures_all<T>(calls: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = calls.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (call, done) in calls.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = call.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_end_a_run_reaches_whoever_owns_it() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    let wish =
        |actor: &str| CancelAsked { run: "run-1".into(), actor: actor.into(), reason: "because".into() };
    shared(&second).ask_cancel(&wish("ann")).await.expect("asked");
    shared(&second).ask_cancel(&wish("bob")).await.expect("the first stands");
    assert_eq!(shared(&first).cancels().await.expect("listed"), [wish("ann")]);
    assert_eq!(shared(&second).cancels().await.expect("listed"), []);
    lapse(&place, "first");
    let taken = shared(&second).take_run("run-1", "second").await.expect("asked").expect("taken");
    assert_eq!(taken.cancel, Some(wish("ann")));
    let ended = RunRecord { state: RunState::Cancelled, ..run("run-1", "p") };
    second.update_run(&ended, taken.run.version).await.expect("ended");
    assert_eq!(shared(&second).cancels().await.expect("listed"), []);
    assert!(shared(&first).take_run("run-1", "first").await.expect("asked").is_none(), "it has no lease");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_prune_at_once_and_touch_nothing_that_is_under_way() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = two(&place).await;
    for index in 100..300 {
        let ended = RunRecord {
            state: RunState::Succeeded,
            finished_at: Some(index),
            ..run(&index.to_string(), "p")
        };
        first.create_run(&ended).await.expect("created");
        first.append_events(&ended.id, &events(1, 3)).await.expect("appended");
    }
    let (mine, theirs) = tokio::join!(first.prune_events(250), second.prune_events(250));
    // Each event is counted by the one that removed it.
    assert_eq!(mine.expect("pruned") + theirs.expect("pruned"), 3 * 150);
    assert_eq!(second.prune_events(250).await.expect("pruned"), 0);
    for kept in ["250", "299"] {
        assert_eq!(first.events(kept, 0, 9).await.expect("read"), events(1, 3));
    }
    assert_eq!(second.events("run-1", 0, 9).await.expect("read"), events(1, 5));
    for (store, id) in [(&first, "100"), (&second, "249")] {
        let gone = store.events(id, 2, 9).await.expect_err("pruned");
        assert!(matches!(gone, StoreError::EventsPruned { first: 4 }), "{gone}");
        let run = store.run(id).await.expect("read").expect("the run stays");
        assert_eq!(run.state, RunState::Succeeded);
    }
}
