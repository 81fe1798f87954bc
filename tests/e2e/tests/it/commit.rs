//! Connections and daemons that die inside a COMMIT (rule R1): how that ended is found out, never guessed.

use crate::harness::{Commit, Engine, Project, Then, Way, on_each, postgres};
use migrated_testkit::skipped;
use serde_json::Value;

/// A project of three revisions on PostgreSQL, reached through a way that is cut in the COMMIT of the second.
fn cut(commit: Commit, then: Then, test: impl Fn(&Project, Way)) {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        project.revision("b2", "a1", "CREATE TABLE t_b2 (id integer);", "DROP TABLE t_b2;");
        // A server that somebody else runs may be anywhere, and may want TLS.
        let Some(port) = postgres().and_then(|server| server.port()) else {
            return skipped("no way is cut to a PostgreSQL that somebody else runs");
        };
        let address = format!("127.0.0.1:{port}");
        let way = Way::to(address.clone(), "CREATE TABLE t_b2", commit, then);
        let url = way.url(&project.database.url(), &address);
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"{url}\"\n"));
        test(project, way);
    });
}

/// State of the oldest run, and of its steps, with whether their transaction is known.
fn first_run(project: &Project) -> (String, Vec<(String, bool)>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let read =
        |words: &str| -> Value { serde_json::from_str(&project.ctl(words).succeeds().stdout).expect("JSON") };
    let runs = read("runs list --output json");
    let oldest = runs["runs"].as_array().and_then(|runs| runs.last()).expect("a run").clone();
    let shown = read(&format!("runs show {} --output json", text(&oldest["id"])));
    let steps = shown["steps"].as_array().expect("steps").iter();
    let steps = steps.map(|step| (text(&step["state"]), !text(&step["transactionId"]).is_empty()));
    (text(&shown["run"]["state"]), steps.collect())
}

fn expected(state: &str, steps: [(&str, bool); 3]) -> (String, Vec<(String, bool)>) {
    let steps = steps.map(|(state, known)| (format!("STEP_STATE_{state}"), known));
    (format!("RUN_STATE_{state}"), steps.to_vec())
}

/// Starts a run, kills the daemon when the second step's COMMIT was sent, and waits until its session is gone.
fn killed_in_commit(project: &Project, way: &Way) {
    let client = project.start("upgrade head");
    way.reached();
    // The client first: it would start another daemon.
    drop(client);
    project.kill_daemon();
    project.database.sql(
        "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'migrated:%' \
         AND datname = current_database()) LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$",
    );
}

#[test]
fn a_daemon_killed_in_a_commit_that_was_done() {
    cut(Commit::Unanswered, Then::Silence, |project, way| {
        killed_in_commit(project, &way);
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "b2", "it was committed");
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        let steps = [("DONE", true), ("DONE", true), ("PLANNED", false)];
        assert_eq!(first_run(project), expected("FAILED", steps));
    });
}

#[test]
fn a_daemon_killed_in_a_commit_that_never_arrived() {
    cut(Commit::Lost, Then::Silence, |project, way| {
        killed_in_commit(project, &way);
        assert_eq!(
            project.database.sql("SELECT version_num FROM alembic_version"),
            "a1",
            "it was rolled back"
        );
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        let steps = [("DONE", true), ("FAILED", true), ("PLANNED", false)];
        assert_eq!(first_run(project), expected("FAILED", steps));
    });
}

#[test]
fn the_transaction_is_asked_before_the_rows() {
    cut(Commit::Unanswered, Then::Silence, |project, way| {
        killed_in_commit(project, &way);
        // Somebody goes back with another tool before any daemon has looked.
        project.database.sql("DROP TABLE t_b2; UPDATE alembic_version SET version_num = 'a1'");
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        let steps = [("DONE", true), ("DONE", true), ("PLANNED", false)];
        assert_eq!(
            first_run(project),
            expected("FAILED", steps),
            "the rows alone would say that b2 was not done"
        );
    });
}

#[test]
fn the_last_commit_of_a_run_whose_daemon_died() {
    cut(Commit::Unanswered, Then::Silence, |project, way| {
        project.remove("c3.sql");
        killed_in_commit(project, &way);
        project.ctl("upgrade head").succeeds();
        let (state, steps) = first_run(project);
        assert_eq!(
            (state.as_str(), steps.len()),
            ("RUN_STATE_SUCCEEDED", 2),
            "everything it had to do was done"
        );
    });
}

#[test]
fn a_connection_cut_in_a_commit_that_was_done() {
    cut(Commit::Unanswered, Then::End, |project, way| {
        let client = project.start("upgrade head");
        way.reached();
        let answer = client.ends(project).succeeds();
        assert!(answer.stderr.contains("broke inside COMMIT"), "{answer:?}");
        assert_eq!(first_run(project), expected("SUCCEEDED", [("DONE", true); 3]));
    });
}

#[test]
fn a_connection_cut_in_a_commit_that_never_arrived() {
    cut(Commit::Lost, Then::End, |project, way| {
        let client = project.start("upgrade head");
        way.reached();
        let answer = client.ends(project).exits(4).is("CONNECTION_LOST");
        assert!(answer.stderr.contains("stands at a1, clean"), "{answer:?}");
        let steps = [("DONE", true), ("FAILED", true), ("PLANNED", false)];
        assert_eq!(first_run(project), expected("FAILED", steps));
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

/// The server cannot be reached after the COMMIT, for longer than a run waits for it.
fn told_later(commit: Commit, state: &str, second: &str) {
    cut(commit, Then::Shut, |project, way| {
        project.remove("c3.sql");
        let client = project.start("upgrade head");
        way.reached();
        client.ends(project).exits(5).is("OUTCOME_UNKNOWN");
        let (run, steps) = first_run(project);
        assert_eq!((run.as_str(), steps[1].0.as_str()), ("RUN_STATE_UNKNOWN", "STEP_STATE_STARTED"));
        way.open();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("b2 (head)");
        let (run, steps) = first_run(project);
        assert_eq!((run, &steps[1].0), (format!("RUN_STATE_{state}"), &format!("STEP_STATE_{second}")));
    });
}

#[test]
fn a_commit_that_nobody_could_ask_about_was_done() {
    told_later(Commit::Unanswered, "SUCCEEDED", "DONE");
}

#[test]
fn a_commit_that_nobody_could_ask_about_never_arrived() {
    told_later(Commit::Lost, "FAILED", "FAILED");
}
