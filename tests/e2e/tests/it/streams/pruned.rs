//! What is kept no longer: a watcher that comes back for it is told what to do, and a run under way loses nothing.

use super::{Seen, block_on, channel, last_run, next, step_started, watch};
use crate::harness::{Daemon, Engine, Gate, SharedStore, on_each};
use rustix::process::Signal;

const AT_ONCE: &str = "keep_events = \"0s\"\ntidy_interval = \"1s\"\n";
const REMOVED: &str = "removed from the revision store";

#[test]
fn logs_of_runs_that_ended_are_pruned_and_those_under_way_are_not() {
    on_each(Gate::ENGINES, |project| {
        let mut daemon = Daemon::serve(project, "127.0.0.1:0", &format!("[runs]\n{AT_ONCE}"));
        project.configure_server(&format!("http://{}", daemon.address), "");
        let gate = project.gated();
        project.ctl("upgrade a1").succeeds();
        let ended = last_run(project);
        daemon.logged(REMOVED);

        let client = project.start("upgrade head");
        gate.reached(&project.database);
        let run = last_run(project);
        let held = block_on(async { step_started(&channel(&daemon.address), &run, 1).await });
        // Another log goes while that run is under way.
        let aside = format!("sqlite:///{}", project.path("aside.db").display());
        project.ctl_words(&["upgrade", "a1", "--database-url", &aside]).succeeds();
        daemon.logged(REMOVED);
        assert_eq!(project.store(&format!("SELECT events_pruned FROM run WHERE id = '{run}'")).trim(), "0");
        let pruned = project.store(&format!("SELECT events_pruned FROM run WHERE id = '{ended}'"));
        let pruned: u64 = pruned.trim().parse().expect("a number");
        assert!(pruned > 2);

        let words = format!("runs watch {ended} --after 1");
        let answer = project.ctl(&words).exits(1).is("EVENTS_PRUNED");
        assert!(
            answer.stderr.contains(&format!("\nstate: run {ended} ended as SUCCEEDED")),
            "{}",
            answer.story()
        );
        let shown = project.shell(&answer.next()).succeeds();
        assert!(shown.stdout.contains("SUCCEEDED"), "{}", shown.story());
        project.ctl(&format!("runs watch {ended} --after {pruned}")).succeeds();

        // Who watches the one under way has all of it.
        let whole = block_on(async {
            let mut stream = watch(&channel(&daemon.address), &run, 0).await.expect("it is there");
            gate.open();
            let mut whole = Seen::default();
            while let Some(update) = next(&mut stream).await {
                update.events.into_iter().for_each(|event| whole.take(event));
            }
            whole
        });
        assert!(whole.after() > held && whole.has_ended());
        client.ends(project).succeeds();
        daemon.killed(project);
    });
}

/// Waits until no event is left of a run that has ended.
const UNTIL_PRUNED: &str = "DO $$ BEGIN FOR look IN 1..2000 LOOP
     IF NOT EXISTS (SELECT FROM event JOIN run ON run.id = event.run WHERE run.finished_at IS NOT NULL) THEN RETURN; END IF;
     PERFORM pg_sleep(0.05);
     END LOOP; RAISE 'nobody prunes'; END $$";

#[test]
fn two_daemons_on_one_store_prune_beside_each_other() {
    on_each(&[Engine::Postgres], |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        let one = store.serve_with(project, "one", AT_ONCE, "");
        let two = store.serve_with(project, "two", AT_ONCE, "");
        let gate = project.gated();
        project.ctl(&one.words("upgrade a1")).succeeds();
        let client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        for daemon in [&one, &two].into_iter().cycle().take(8) {
            // A run that has nothing to do, beside the one at the gate.
            project.ctl(&daemon.words("upgrade a1")).succeeds();
        }
        store.sql(UNTIL_PRUNED);
        assert_eq!(store.sql("SELECT count(*) FROM run WHERE events_pruned > 0"), "9");
        assert_eq!(store.sql(&format!("SELECT events_pruned FROM run WHERE id = '{run}'")), "0");
        let (held, whole) = block_on(async {
            // The daemon that does not own it reads it from the store.
            let held = step_started(&channel(&two.address), &run, 1).await;
            // The one that does has it in memory: once the run has ended, its log may go at any moment.
            let mut stream = watch(&channel(&one.address), &run, 0).await.expect("it is there");
            gate.open();
            let mut whole = Seen::default();
            while let Some(update) = next(&mut stream).await {
                update.events.into_iter().for_each(|event| whole.take(event));
            }
            (held, whole)
        });
        assert!(whole.after() > held && whole.has_ended());
        client.ends(project).succeeds();
        for daemon in [one, two] {
            daemon.signal(Signal::TERM);
            let log = daemon.ends(project).succeeds().stderr;
            assert!(!log.contains("could not be tidied"), "{log}");
        }
    });
}
