//! What every backend must do. A backend names a [`Place`] and runs `contract!(ThatPlace)`.

pub(crate) mod bodies;
pub(crate) mod collect;
pub(crate) mod events;
pub(crate) mod known_schemas;
pub(crate) mod named;
pub(crate) mod races;
pub(crate) mod runs;

use std::sync::Arc;

use async_trait::async_trait;
use migrated_store::Store;

/// Where a backend keeps one store that no other test sees. Dropping it takes the store away.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    /// A new place, with nothing in it; `None` where its server is not installed, which was told.
    async fn new() -> Option<Self>
    where
        Self: Sized;
    /// Opens the store in it.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes a test of each behaviour for one backend.
macro_rules! contract {
    ($place:ty) => {
        $crate::contract::contract!($place:
            named::projects_are_created_changed_and_deleted,
            named::targets_are_created_changed_and_deleted,
            named::names_are_paged_in_order,
            named::audit_log_is_newest_first,
            bodies::missing_bodies_are_told_once_and_in_order,
            bodies::bodies_come_back_and_are_stored_once,
            bodies::bytes_of_another_hash_are_refused,
            bodies::a_manifest_comes_back_in_load_order,
            bodies::a_manifest_with_missing_bodies_is_refused,
            bodies::manifests_belong_to_a_project,
            bodies::known_revisions_are_newest_first,
            bodies::publishing_compares_and_sets,
            bodies::applied_records_are_written_and_removed,
            bodies::ten_thousand_revisions_pass,
            collect::what_nobody_needs_goes,
            collect::what_is_published_or_fresh_stays,
            collect::what_a_run_is_pinned_to_stays_until_it_ended_well,
            collect::what_stands_applied_stays_with_its_ancestors,
            collect::many_go_in_several_turns,
            events::events_are_dense,
            events::events_are_read_in_parts,
            events::pruned_events_are_told_and_numbering_goes_on,
            events::many_logs_are_pruned,
            known_schemas::what_was_told_comes_back_whole,
            known_schemas::what_was_used_longest_ago_goes_first,
            runs::a_run_comes_back_as_it_was,
            runs::updating_a_run_compares_and_sets,
            runs::the_same_request_is_one_run,
            runs::a_run_needs_its_project_and_graph,
            runs::runs_are_listed_newest_first_in_pages,
            runs::unsettled_runs_are_those_that_have_not_ended_or_are_unknown,
            runs::steps_are_inserted_and_replaced,
            runs::steps_have_the_backend_that_was_recorded,
            runs::notes_on_steps_are_kept_in_order,
            races::of_two_writers_one_wins,
            races::the_same_request_twice_at_once_is_one_run,
            races::of_two_appends_at_once_one_wins,
            races::a_call_that_is_dropped_leaves_nothing_behind,
            races::everything_is_there_after_opening_again,
            races::a_closed_store_says_so,
        );
    };
    ($place:ty: $($group:ident::$test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(place) = <$place as $crate::contract::Place>::new().await else { return };
                $crate::contract::$group::$test(&place).await;
            }
        )*
    };
}
pub(crate) use contract;
