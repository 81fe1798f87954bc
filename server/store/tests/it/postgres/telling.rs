//! What one daemon does, the others hear.

use migrated_store::{CancelAsked, Change, Store};
use tokio::sync::broadcast::Receiver;

use super::{Schema, shared};
use crate::contract::Place;
use crate::records::{events, project, run};

async fn hears(changes: &mut Receiver<Change>, change: &Change) {
    while changes.recv().await.expect("it goes on") != *change {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_wishes_are_heard_by_others() {
    let Some(place) = Schema::made() else { return };
    let (first, second) = (place.leased(super::Duration::from_secs(60), "first").await, place.open().await);
    let second = second.shared().expect("shared");
    let mut changes = second.changes();
    hears(&mut changes, &Change::Anything).await;
    first.create_project(&project("p")).await.expect("created");
    first.create_run(&run("run-1", "p")).await.expect("created");
    first.append_events("run-1", &events(1, 3)).await.expect("appended");
    hears(&mut changes, &Change::Run("run-1".into())).await;
    let wish = CancelAsked { run: "run-1".into(), actor: "ann".into(), reason: String::new() };
    shared(&first).ask_cancel(&wish).await.expect("asked");
    hears(&mut changes, &Change::Cancel("run-1".into())).await;
    // What cannot be heard for a while is told as that.
    place.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = 'migrated listens in ' || current_schema()",
    );
    hears(&mut changes, &Change::Anything).await;
    hears(&mut changes, &Change::Anything).await;
    first.append_events("run-1", &events(4, 4)).await.expect("appended");
    hears(&mut changes, &Change::Run("run-1".into())).await;
}
