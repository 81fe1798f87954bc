//! The store in memory keeps the same contract, as far as it does not speak of opening again.

use std::sync::Arc;

use async_trait::async_trait;
use migrated_store::{SqliteStore, Store};

use crate::contract::{Place, contract};

struct Memory;

#[async_trait]
impl Place for Memory {
    async fn new() -> Option<Self> {
        Some(Memory)
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open_in_memory().await.expect("it opens"))
    }
}

contract!(Memory:
    named::projects_are_created_changed_and_deleted,
    bodies::a_manifest_with_missing_bodies_is_refused,
    bodies::known_revisions_are_newest_first,
    bodies::publishing_compares_and_sets,
    collect::what_is_published_or_fresh_stays,
    collect::what_stands_applied_stays_with_its_ancestors,
    events::events_are_read_in_parts,
    runs::runs_are_listed_newest_first_in_pages,
    races::of_two_writers_one_wins,
    races::a_call_that_is_dropped_leaves_nothing_behind,
    races::a_closed_store_says_so,
);

#[tokio::test]
async fn two_stores_in_memory_are_apart() {
    let (one, other) = (Memory.open().await, Memory.open().await);
    one.create_project(&crate::records::project("p")).await.expect("created");
    assert_eq!(other.projects("", 9).await.expect("read"), []);
}
