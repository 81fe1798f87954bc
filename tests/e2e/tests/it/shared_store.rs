//! One daemon whose store is a PostgreSQL database: it does all that it does with a file.

use crate::harness::{Engine, Gate, Project, SharedStore, on_each};
use rustix::process::Signal;

/// Runs a test on each engine whose targets may be shared.
fn on_shared(test: impl Fn(&Project, &SharedStore)) {
    on_each(Gate::ENGINES, |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        test(project, &store);
    });
}

#[test]
fn up_down_and_again_with_the_store_in_postgresql() {
    on_shared(|project, store| {
        project.three();
        let daemon = store.serve(project, "one");
        let ctl = |words: &str| project.ctl(&daemon.words(words)).succeeds();
        ctl("upgrade head");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "c3");
        ctl("current").says("c3 (head)");
        let before = project.database.dump();
        ctl("upgrade head");
        assert_eq!(project.database.dump(), before, "nothing to do");
        ctl("downgrade -1");
        ctl("current").says("b2");
        ctl("downgrade base");
        ctl("upgrade head");
        assert_eq!(project.database.dump(), before);
        ctl("push");
        let runs = project.ctl(&daemon.asked("runs list --output json")).succeeds().stdout;
        let run = store.last_run();
        let all = project.ctl(&daemon.asked(&format!("runs watch {run} --output json"))).succeeds().stdout;
        let rest =
            project.ctl(&daemon.asked(&format!("runs watch {run} --after 3 --output json"))).succeeds();
        assert!(all.ends_with(&rest.stdout), "a log can be taken up at any number");

        // Another daemon on that store knows all of it.
        daemon.signal(Signal::TERM);
        daemon.ends(project).succeeds();
        assert_eq!(store.sql("SELECT count(*) FROM owner"), "0", "its lease is given back");
        let daemon = store.serve(project, "two");
        let again = project.ctl(&daemon.asked("runs list --output json")).succeeds().stdout;
        assert_eq!(again, runs);
        let told = project.ctl(&daemon.asked(&format!("runs watch {run} --output json"))).succeeds().stdout;
        assert_eq!(told, all);
        daemon.killed(project);
    });
}

#[test]
fn requests_join_with_the_store_in_postgresql() {
    on_shared(|project, store| {
        project.slow_counter();
        let daemon = store.serve(project, "one");
        let running: Vec<_> = (0..6).map(|_| project.start(&daemon.words("upgrade head"))).collect();
        for one in running {
            one.ends(project).succeeds();
        }
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert_eq!(store.sql("SELECT count(*) FROM run WHERE steps_done = 3"), "1", "one run did it all");
        daemon.killed(project);
    });
}

#[test]
fn a_daemon_that_was_killed_goes_on_with_its_run_when_it_is_back() {
    on_shared(|project, store| {
        let gate = project.gated();
        let daemon = store.serve(project, "one");
        let address = daemon.address.clone();
        let mut client = project.start(&daemon.words("upgrade head"));
        gate.reached(&project.database);
        client.told("[2/3]");
        daemon.killed(project);
        client.told("the stream is lost");
        let daemon = store.serve_on(project, "one", &address);
        client.told("the stream is back");
        client.told("gave no sign of life");
        gate.open();
        client.ends(project).succeeds();
        project.ctl(&daemon.words("current")).succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
        assert_eq!(store.sql("SELECT state, steps_done FROM run"), "SUCCEEDED|3");
        daemon.killed(project);
    });
}

#[test]
fn a_run_whose_end_could_not_be_stored_gets_it_later() {
    on_each(&[Engine::Postgres], |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        let gate = project.gated();
        let mut daemon = store.serve(project, "one");
        let client = project.start(&daemon.words("upgrade head"));
        gate.reached(&project.database);
        store.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$; \
             CREATE TRIGGER is_full BEFORE UPDATE ON run FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL) \
             EXECUTE FUNCTION refuse()",
        );
        gate.open();
        daemon.logged("the run is another daemon's by now, or soon will be");
        assert_eq!(store.sql("SELECT state FROM run"), "RUNNING", "its end is refused");
        store.sql("DROP TRIGGER is_full ON run");
        // It takes the run over from itself, and finds it done.
        client.ends(project).succeeds();
        assert_eq!(store.sql("SELECT state, steps_done FROM run"), "SUCCEEDED|3");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
        daemon.killed(project);
    });
}

#[test]
fn a_sqlite_target_is_no_target_of_a_shared_store() {
    on_each(&[Engine::Sqlite], |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        project.three();
        let daemon = store.serve(project, "one");
        let words = daemon.words("upgrade head");
        let answer = project.ctl(&words).exits(1).is("TARGET_NOT_SHARED");
        assert!(
            answer.stderr.contains("\nnext: migrate the file with a daemon of its own"),
            "{}",
            answer.story()
        );
        assert!(!project.database.file().exists(), "nothing was made");
        assert_eq!(store.sql("SELECT count(*) FROM run"), "0");
        daemon.killed(project);
    });
}
