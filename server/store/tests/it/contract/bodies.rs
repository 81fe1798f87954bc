//! Bodies, manifests, the published graph and what stands applied.

use migrated_store::{Body, Hash, Manifest, ManifestRevision, Published, StoreError};

use super::Place;
use crate::records::{applied, audit, body, manifest, project, sha, store_manifest};

fn ids(revisions: &[ManifestRevision]) -> Vec<&str> {
    revisions.iter().map(|r| r.header.revision.as_str()).collect()
}

pub(crate) async fn missing_bodies_are_told_once_and_in_order(place: &dyn Place) {
    let store = place.open().await;
    store.put_bodies(&[body("a1", "x")], 1).await.expect("stored");
    let [z, there, a] = [sha("z"), body("a1", "x").hash, sha("a")];
    assert_eq!(store.missing_bodies(&[z, there, a, z]).await.expect("asked"), [z, a]);
    assert_eq!(store.missing_bodies(&[]).await.expect("asked"), [] as [Hash; 0]);
}

pub(crate) async fn bodies_come_back_and_are_stored_once(place: &dyn Place) {
    let store = place.open().await;
    let (first, empty) = (body("a1", "x"), Body { bytes: vec![], hash: sha(""), ..body("a2", "") });
    // Larger than what an upload puts into one transaction, with every value of a byte.
    let bytes: Vec<u8> = (0..=255).cycle().take(5 << 20).collect();
    let large = Body { hash: sha(&bytes), bytes, ..body("a3", "") };
    store.put_bodies(&[first.clone(), large.clone(), empty.clone()], 1).await.expect("stored");
    let other_header = Body { header: body("zz", "y").header, ..first.clone() };
    store.put_bodies(&[other_header, first.clone()], 2).await.expect("left alone");
    for wanted in [&first, &large, &empty] {
        let found = store.body(&wanted.hash).await.expect("read").expect("there");
        assert!(found == wanted.bytes, "{} bytes differ", found.len());
    }
    assert_eq!(store.body(&sha("nothing")).await.expect("read"), None);

    store.create_project(&project("p")).await.expect("created");
    let stored = store_manifest(&*store, "p", std::slice::from_ref(&first), 1).await;
    let revisions = store.manifest("p", &stored.digest).await.expect("read").expect("there");
    assert_eq!(revisions[0].header, first.header);
}

pub(crate) async fn bytes_of_another_hash_are_refused(place: &dyn Place) {
    let store = place.open().await;
    let (right, wrong) = (body("a1", "x"), Body { hash: sha("other"), ..body("a2", "y") });
    let error = store.put_bodies(&[right.clone(), wrong], 1).await.expect_err("the second is wrong");
    assert!(matches!(error, StoreError::BodyMismatch { .. }), "{error}");
    assert_eq!(store.body(&right.hash).await.expect("read"), None);
}

pub(crate) async fn a_manifest_comes_back_in_load_order(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let bodies: Vec<Body> = (0..20).map(|i| body(&format!("r{}", (i * 7) % 20), "x")).collect();
    let stored = store_manifest(&*store, "p", &bodies, 1).await;
    store.put_manifest("p", &stored, 2).await.expect("once more is no error");
    let revisions = store.manifest("p", &stored.digest).await.expect("read").expect("there");
    let expected: Vec<ManifestRevision> = std::iter::zip(&stored.entries, &bodies)
        .map(|((path, hash), body)| ManifestRevision {
            path: path.clone(),
            hash: *hash,
            header: body.header.clone(),
        })
        .collect();
    assert_eq!(revisions, expected);

    let empty = Manifest { digest: sha("empty"), entries: vec![] };
    store.put_manifest("p", &empty, 1).await.expect("an empty folder is one too");
    assert_eq!(store.manifest("p", &empty.digest).await.expect("read"), Some(vec![]));
    assert_eq!(store.manifest("p", &sha("none")).await.expect("read"), None);
}

pub(crate) async fn a_manifest_with_missing_bodies_is_refused(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let bodies = [body("a1", "x"), body("a2", "x"), body("a3", "x")];
    store.put_bodies(&bodies[..1], 1).await.expect("stored");
    let whole = manifest(&bodies);
    let error = store.put_manifest("p", &whole, 1).await.expect_err("two are missing");
    assert!(matches!(error, StoreError::ManifestIncomplete { missing: 2 }), "{error}");
    assert_eq!(store.manifest("p", &whole.digest).await.expect("read"), None);
    assert_eq!(store.known_revisions("p", &[]).await.expect("read"), []);
    store.put_bodies(&bodies, 2).await.expect("stored");
    store.put_manifest("p", &whole, 2).await.expect("complete now");
    assert_eq!(store.manifest("p", &whole.digest).await.expect("read").map(|r| r.len()), Some(3));
}

pub(crate) async fn manifests_belong_to_a_project(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_project(&project("q")).await.expect("created");
    let stored = store_manifest(&*store, "p", &[body("a1", "x")], 1).await;
    assert_eq!(store.manifest("q", &stored.digest).await.expect("read"), None);
    assert_eq!(store.known_revisions("q", &[]).await.expect("read"), []);
    assert!(!store.touch_manifest("q", &stored.digest, 5).await.expect("asked"));
    assert!(store.touch_manifest("p", &stored.digest, 5).await.expect("asked"));
    let nowhere = store.put_manifest("nowhere", &stored, 1).await.expect_err("no such project");
    assert!(matches!(nowhere, StoreError::NotFound { .. }), "{nowhere}");
}

pub(crate) async fn known_revisions_are_newest_first(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let old = store_manifest(&*store, "p", &[body("a1", "old"), body("a2", "x")], 1).await;
    let new = store_manifest(&*store, "p", &[body("a1", "new"), body("a3", "x")], 2).await;
    let all = store.known_revisions("p", &[]).await.expect("read");
    assert_eq!(ids(&all), ["a3", "a1", "a2", "a1"]);
    let a1 = store.known_revisions("p", &["a1".into(), "nobody".into()]).await.expect("read");
    assert_eq!(a1.iter().map(|r| r.hash).collect::<Vec<_>>(), [new.entries[0].1, old.entries[0].1]);
    assert_eq!(a1[0].header, body("a1", "new").header);
    assert_eq!(a1[0].path, new.entries[0].0);
    assert_eq!(store.known_revisions("p", &["nobody".into()]).await.expect("read"), []);
}

pub(crate) async fn publishing_compares_and_sets(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    assert_eq!(store.published("p").await.expect("read"), Published::default());
    let first = store_manifest(&*store, "p", &[body("a1", "x")], 1).await;
    let second = store_manifest(&*store, "p", &[body("a1", "x"), body("a2", "x")], 1).await;
    assert_eq!(store.publish("p", 0, &first.digest, &audit("push 1", "p")).await.expect("published"), 1);
    let lost = store.publish("p", 0, &second.digest, &audit("push 2", "p")).await.expect_err("too late");
    assert!(matches!(lost, StoreError::Conflict { expected: 0, found: 1, .. }), "{lost}");
    let unknown = store.publish("p", 1, &sha("?"), &audit("push 3", "p")).await.expect_err("not stored");
    assert!(matches!(unknown, StoreError::ManifestUnknown { .. }), "{unknown}");
    assert_eq!(
        store.published("p").await.expect("read"),
        Published { version: 1, digest: Some(first.digest) }
    );
    assert_eq!(store.publish("p", 1, &second.digest, &audit("push 4", "p")).await.expect("published"), 2);
    assert_eq!(
        store.published("p").await.expect("read"),
        Published { version: 2, digest: Some(second.digest) }
    );
    let log = store.audit_log("p", 9).await.expect("read");
    assert_eq!(log, [audit("push 4", "p"), audit("push 1", "p")], "only what happened is on record");
    let nowhere = store.publish("nowhere", 0, &first.digest, &audit("x", "p")).await.expect_err("no project");
    assert!(matches!(nowhere, StoreError::NotFound { .. }), "{nowhere}");
}

pub(crate) async fn applied_records_are_written_and_removed(place: &dyn Place) {
    let store = place.open().await;
    let [a, b, c] = ["a", "b", "c"].map(|r| applied(r, "p", sha(r)));
    store.record_applied("t1", &[b.clone(), a.clone()], &[]).await.expect("recorded");
    store.record_applied("t2", std::slice::from_ref(&a), &[]).await.expect("recorded");
    assert_eq!(store.applied("t1").await.expect("read"), [a.clone(), b.clone()]);
    // A merge takes the place of two; and what is removed and put at once was applied again.
    let mut again = a.clone();
    again.body_hash = sha("again");
    store
        .record_applied("t1", &[c.clone(), again.clone()], &["a".into(), "b".into(), "nobody".into()])
        .await
        .expect("recorded");
    assert_eq!(store.applied("t1").await.expect("read"), [again, c]);
    assert_eq!(store.applied("t3").await.expect("read"), []);

    let other = applied("z", "q", sha("z"));
    store.record_applied("t2", &[other], &[]).await.expect("recorded");
    let asked = ["a", "b", "z"].map(String::from);
    let found = store.applied_anywhere("p", &asked).await.expect("read");
    assert_eq!(found, [("t1".to_owned(), "a".to_owned()), ("t2".to_owned(), "a".to_owned())]);
    assert_eq!(store.applied_anywhere("p", &[]).await.expect("read"), []);
}

pub(crate) async fn ten_thousand_revisions_pass(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let bodies: Vec<Body> = (0..10_000).map(|i| body(&format!("r{i:05}"), "x")).collect();
    let stored = manifest(&bodies);
    let hashes: Vec<Hash> = bodies.iter().map(|b| b.hash).collect();
    assert_eq!(store.missing_bodies(&hashes).await.expect("asked"), hashes);
    store.put_bodies(&bodies, 1).await.expect("stored");
    assert_eq!(store.missing_bodies(&hashes).await.expect("asked").len(), 0);
    store.put_manifest("p", &stored, 1).await.expect("stored");
    let revisions = store.manifest("p", &stored.digest).await.expect("read").expect("there");
    assert!(revisions.iter().map(|r| &r.header).eq(bodies.iter().map(|b| &b.header)));
    assert_eq!(store.known_revisions("p", &[]).await.expect("read").len(), 10_000);
}
