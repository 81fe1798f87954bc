//! The same by turns at two daemons on one store, of which one owns the run.

use super::channel;
use super::cut::{at_every_event, leaves_and_comes_back};
use crate::harness::{Engine, SharedStore, on_each};
use tokio::sync::mpsc::unbounded_channel;

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
        let channels = || [channel(&one.address), channel(&two.address)];
        let seen = at_every_event(&channels(), &run, gate);
        client.ends(project).succeeds();
        let channels = channels();
        super::block_on(async {
            for cut in 0..=seen.after() {
                let (tell, _) = unbounded_channel();
                let again = leaves_and_comes_back(channels.clone(), run.clone(), cut, 0, tell).await;
                assert_eq!(again, seen, "cut after {cut}");
            }
        });
        one.killed(project);
        two.killed(project);
    });
}
