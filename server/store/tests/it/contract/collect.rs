//! What collection takes and what it never takes.

use migrated_core::event::RunState;
use migrated_store::{Manifest, RunRecord, StepState, Store};

use super::Place;
use crate::records::{applied, audit, body, project, run, step, store_manifest};

async fn has(store: &dyn Store, manifest: &Manifest) -> bool {
    store.manifest("p", &manifest.digest).await.expect("read").is_some()
}

pub(crate) async fn what_nobody_needs_goes(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let shared = body("a1", "x");
    let old = store_manifest(&*store, "p", &[shared.clone(), body("a2", "draft")], 10).await;
    let new = store_manifest(&*store, "p", &[shared.clone(), body("a3", "x")], 30).await;
    store.put_bodies(&[body("lost", "never named")], 10).await.expect("stored");
    assert_eq!(store.collect(10).await.expect("collected"), (0, 0));
    assert_eq!(store.collect(20).await.expect("collected"), (1, 2));
    assert!(!has(&*store, &old).await && has(&*store, &new).await);
    assert!(store.body(&shared.hash).await.expect("read").is_some());
    assert_eq!(store.body(&body("a2", "draft").hash).await.expect("read"), None);
    assert_eq!(store.known_revisions("p", &["a2".into()]).await.expect("read"), []);
    assert_eq!(store.known_revisions("p", &[]).await.expect("read").len(), 2);
    assert_eq!(store.collect(20).await.expect("collected"), (0, 0));
    store.put_manifest("p", &old, 40).await.expect_err("its draft is gone and must be uploaded again");
}

pub(crate) async fn what_is_published_or_fresh_stays(place: &dyn Place) {
    const HOUR: i64 = 3_600_000_000;
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let published = store_manifest(&*store, "p", &[body("a1", "x")], 10).await;
    store.publish("p", 0, &published.digest, &audit("push", "p")).await.expect("published");
    let touched = store_manifest(&*store, "p", &[body("a2", "x")], 10).await;
    assert!(store.touch_manifest("p", &touched.digest, 2 * HOUR).await.expect("touched"));
    let put_again = store_manifest(&*store, "p", &[body("a3", "x")], 10).await;
    store.put_manifest("p", &put_again, 2 * HOUR).await.expect("stored");
    // Uploaded again, and its manifest still to come.
    let waiting = body("a4", "x");
    store.put_bodies(std::slice::from_ref(&waiting), 10).await.expect("stored");
    store.put_bodies(std::slice::from_ref(&waiting), 2 * HOUR).await.expect("stored");
    assert_eq!(store.collect(HOUR).await.expect("collected"), (0, 0));
    assert_eq!(store.collect(3 * HOUR).await.expect("collected"), (2, 3));
    assert!(has(&*store, &published).await);
    assert!(store.body(&published.entries[0].1).await.expect("read").is_some());
}

pub(crate) async fn what_a_run_is_pinned_to_stays_until_it_ended_well(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let pinned = store_manifest(&*store, "p", &[body("a1", "x")], 10).await;
    let downgraded = body("gone", "known from before");
    store.put_bodies(std::slice::from_ref(&downgraded), 10).await.expect("stored");
    let mut record = RunRecord { graph: Some(pinned.digest), created_at: 20, ..run("run-1", "p") };
    store.create_run(&record).await.expect("created");
    let mut pinning = step(1, StepState::Started);
    pinning.body_hash = Some(downgraded.hash);
    store.put_steps("run-1", &[pinning]).await.expect("stored");

    let mut version = 1;
    for state in [RunState::Queued, RunState::Running, RunState::Partial, RunState::Unknown] {
        record.state = state;
        version = store.update_run(&record, version).await.expect("changed");
        assert_eq!(store.collect(1000).await.expect("collected"), (0, 0), "{state:?}");
    }
    // A later success on the same target settles what the run left open.
    let later = RunRecord { state: RunState::Succeeded, ..run("run-2", "p") };
    let elsewhere = RunRecord { target_key: "other".into(), ..later.clone() };
    store.create_run(&RunRecord { id: "run-3".into(), ..elsewhere }).await.expect("created");
    assert_eq!(store.collect(1000).await.expect("collected"), (0, 0));
    store.create_run(&later).await.expect("created");
    assert_eq!(store.collect(1000).await.expect("collected"), (1, 2));
}

pub(crate) async fn what_stands_applied_stays_with_its_ancestors(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let main = [body("a1", "x"), body("a2", "x")];
    let kept = store_manifest(&*store, "p", &main, 50).await;
    // Two drafts of a branch; what stands applied is in both, and not in what is kept anyway.
    let branch = [body("b1", "never recorded"), body("b2", "applied")];
    let older = store_manifest(&*store, "p", &branch, 10).await;
    let newer = [branch[0].clone(), branch[1].clone(), body("b3", "draft")];
    let newer = store_manifest(&*store, "p", &newer, 11).await;
    // And one whose applied content is in what is kept.
    let other = store_manifest(&*store, "p", &[main[0].clone(), body("c1", "draft")], 12).await;
    let records = [applied("a1", "p", main[0].hash), applied("b2", "p", branch[1].hash)];
    store.record_applied("t1", &records, &[]).await.expect("recorded");

    assert_eq!(store.collect(40).await.expect("collected"), (2, 1));
    assert!(has(&*store, &kept).await && has(&*store, &newer).await);
    assert!(!has(&*store, &older).await && !has(&*store, &other).await);
    let known = store.known_revisions("p", &["b1".into(), "b2".into()]).await.expect("read");
    assert_eq!(known.len(), 2);

    // A body of no manifest that stands applied: kept, until it does not.
    let alone = body("z9", "repaired");
    store.put_bodies(std::slice::from_ref(&alone), 10).await.expect("stored");
    store.record_applied("t1", &[applied("z9", "p", alone.hash)], &[]).await.expect("recorded");
    assert_eq!(store.collect(40).await.expect("collected"), (0, 0));
    let gone = ["a1", "b2", "z9"].map(String::from);
    store.record_applied("t1", &[], &gone).await.expect("recorded");
    assert_eq!(store.collect(40).await.expect("collected"), (1, 4));
    assert!(has(&*store, &kept).await);
}

pub(crate) async fn many_go_in_several_turns(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let shared: Vec<_> = (0..1500).map(|i| body(&format!("r{i}"), "x")).collect();
    let mut drafts = Vec::new();
    for draft in 0..20 {
        let mut bodies = vec![body("draft", &format!("{draft}"))];
        bodies.extend(shared.iter().skip(draft * 70).take(70).cloned());
        drafts.push(store_manifest(&*store, "p", &bodies, 10).await);
    }
    store.record_applied("t", &[applied("draft", "p", drafts[3].entries[0].1)], &[]).await.expect("recorded");
    store.put_bodies(&shared, 10).await.expect("stored");
    assert_eq!(store.collect(11).await.expect("collected"), (19, 19 + 1500 - 70));
    assert!(has(&*store, &drafts[3]).await);
    assert_eq!(store.known_revisions("p", &[]).await.expect("read").len(), 71);
}
