//! What engines told of scripts.

use super::Place;
use crate::records::sha;

const MINUTE: i64 = 60_000_000;

pub(crate) async fn what_was_told_comes_back_whole(place: &dyn Place) {
    let key = sha("script");
    let store = place.open().await;
    assert_eq!(store.known_schema(&key, 1).await.expect("asked"), None);
    let large: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    store.put_known_schema(&key, &large, 1, 4 << 20).await.expect("kept");
    assert!(store.known_schema(&key, 2).await.expect("asked").is_some_and(|told| told == large));
    assert_eq!(store.known_schema(&sha("other"), 2).await.expect("asked"), None);
    store.put_known_schema(&key, b"anew", 3, 4 << 20).await.expect("put in its place");
    store.close().await.expect("closed");
    let again = place.open().await;
    assert_eq!(again.known_schema(&key, 4).await.expect("asked").as_deref(), Some(&b"anew"[..]));
}

pub(crate) async fn what_was_used_longest_ago_goes_first(place: &dyn Place) {
    let store = place.open().await;
    let keys = [sha("a"), sha("b"), sha("c"), sha("d")];
    for (at, key) in (1..).zip(&keys[..3]) {
        store.put_known_schema(key, &[7; 100], at * MINUTE, 300).await.expect("kept");
    }
    // The first one is asked for, so the second one was used longest ago.
    assert!(store.known_schema(&keys[0], 9 * MINUTE).await.expect("asked").is_some());
    store.put_known_schema(&keys[3], &[7; 100], 10 * MINUTE, 300).await.expect("kept");
    let mut there = Vec::new();
    for key in &keys {
        there.push(store.known_schema(key, 10 * MINUTE).await.expect("asked").is_some());
    }
    assert_eq!(there, [true, false, true, true]);
    // What cannot be kept takes nothing away.
    store.put_known_schema(&keys[1], &[7; 301], 11 * MINUTE, 300).await.expect("passed over");
    assert!(store.known_schema(&keys[1], 11 * MINUTE).await.expect("asked").is_none());
    assert!(store.known_schema(&keys[2], 11 * MINUTE).await.expect("asked").is_some());
}
