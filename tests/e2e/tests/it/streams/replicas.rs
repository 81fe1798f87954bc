//! The same by turns at two daemons on one store, of which one owns the run.

use super::cut::{at_every_event, at_every_event_of_what_is_over};
use crate::harness::{Engine, SharedStore, on_each};

#[test]
fn watchers_that_leave_at_any_event_come_back_to_another_daemon() {
    on_each(&[Engine::Postgres], |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        let (one, two) = (store.serve(project, "one"), store.serve(project, "two"));
        let gate = project.gated();
        let client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        let addresses = [one.address.as_str(), two.address.as_str()];
        let seen = at_every_event(addresses, &run, gate);
        client.ends(project).succeeds();
        at_every_event_of_what_is_over(addresses, &run, &seen);
        one.killed(project);
        two.killed(project);
    });
}
