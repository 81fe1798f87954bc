//! What is told of runs, against what the target itself shows.

use super::course::Way;
use crate::harness::{Engine, LONG, Project};
use serde_json::Value;
use std::time::Instant;

/// How the target stood while nobody worked on it.
#[derive(Clone, Debug)]
pub(super) struct Left {
    /// Its version row; empty without one.
    pub(super) row: String,
    /// The statements that the journal of a revision that is not done names, with their states.
    pub(super) journal: String,
    /// The state of a run that ended clean on the way.
    stopped: &'static str,
}

/// Looks at the target once nobody works on it any more, after a death.
pub(super) fn left(project: &Project) -> Left {
    look(project, "FAILED")
}

/// The same after a cancel.
pub(super) fn left_by_cancel(project: &Project) -> Left {
    look(project, "CANCELLED")
}

fn look(project: &Project, stopped: &'static str) -> Left {
    let database = &project.database;
    match database.engine {
        Engine::Sqlite => {}
        Engine::Postgres => {
            database.sql(
                "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'migrated:%' \
                 AND datname = current_database()) LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); \
                 END LOOP; END $$",
            );
        }
        Engine::Mariadb => {
            let until = Instant::now() + LONG;
            // The server itself pauses between two looks.
            let others = "SELECT count(*) FROM information_schema.processlist WHERE db = database() \
                          AND id <> connection_id(); DO SLEEP(0.02)";
            while database.sql(others) != "0" {
                assert!(Instant::now() < until, "a session stays");
            }
        }
    }
    let row = database.try_sql("SELECT version_num FROM alembic_version").unwrap_or_default();
    let journal = "SELECT statement, state FROM migrated_journal ORDER BY statement";
    Left { row, journal: database.try_sql(journal).unwrap_or_default(), stopped }
}

impl Left {
    /// Whether a revision is begun and not done.
    pub(super) fn partial(&self) -> bool {
        !self.journal.is_empty()
    }

    /// The state of a run to where `way` leads that was stopped here.
    pub(super) fn state(&self, way: Way) -> &'static str {
        match (self.partial(), self.row == way.goal()) {
            (true, _) => "PARTIAL",
            (false, true) => "SUCCEEDED",
            (false, false) => self.stopped,
        }
    }

    /// How many steps it had done.
    fn steps(&self, way: Way) -> u64 {
        let at = way.revisions().iter().position(|revision| *revision == self.row);
        at.expect("a revision of that way") as u64
    }
}

/// The ids of all runs, oldest first.
pub(super) fn runs(project: &Project) -> Vec<String> {
    let ids = project.store("SELECT id FROM run ORDER BY id");
    ids.lines().map(str::to_owned).collect()
}

/// Fails the test unless every run has ended, the first of the `new` ones tells of itself what the target showed, and
/// the events of all of them are without a gap and end as the run did.
#[track_caller]
pub(super) fn truly(project: &Project, new: &[String], left: &Left, way: Way, story: &str) {
    let listed = json(&project.ctl("runs list --output json").succeeds().stdout);
    let listed = listed["runs"].as_array().cloned().unwrap_or_default();
    for run in &listed {
        let state = text(&run["state"]);
        let ended = ["SUCCEEDED", "FAILED", "PARTIAL", "CANCELLED"];
        assert!(ended.iter().any(|end| state == format!("RUN_STATE_{end}")), "{story}: {run}");
    }
    // The last is the one that came after; where there is no other, the first was never stored.
    if let [first, _, ..] = new {
        let run = listed.iter().find(|run| text(&run["id"]) == *first).expect("it is listed");
        let told = (text(&run["state"]), run["stepsDone"].as_u64().unwrap_or(0), rows(&run["rowsAfter"]));
        let state = left.state(way);
        let wanted = (format!("RUN_STATE_{state}"), left.steps(way), left.row.clone());
        assert_eq!(told, wanted, "{story}: {left:?} {run}");
        let failure = &run["failure"];
        assert_eq!(failure.is_null(), state == "SUCCEEDED", "{story}: {run}");
        if !failure.is_null() {
            assert!(text(&failure["state"]).contains(&left.row), "{story}: {run}");
            assert!(text(&failure["next"]).contains(way.words()), "{story}: {run}");
        }
        // Who watches it sees its end, though the daemon died before it was told.
        let exit = if state == "SUCCEEDED" { 0 } else { run_exit(state) };
        project.ctl(&format!("runs watch {first}")).exits(exit);
    }
    for id in new {
        let run = listed.iter().find(|run| text(&run["id"]) == *id).expect("it is listed");
        events(project, run, story);
    }
}

/// The exit code of a run that ended so.
fn run_exit(state: &str) -> i32 {
    if state == "PARTIAL" { 5 } else { 4 }
}

/// Fails the test unless the events of a run are numbered from 1 on without a gap, tell each step once, and end as
/// the run did.
#[track_caller]
fn events(project: &Project, run: &Value, story: &str) {
    let id = text(&run["id"]);
    let groups = project.store(&format!("SELECT events FROM event WHERE run = '{id}' ORDER BY last_seq"));
    let events: Vec<Value> =
        groups.lines().flat_map(|group| json(group).as_array().cloned().expect("a list")).collect();
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>(), "{story}: {groups}");
    let of = |kind: &str| events.iter().filter(|event| text(&event["what"]["kind"]) == kind).count();
    assert_eq!(of("run_finished"), 1, "{story}: run {id}, {} has one end: {groups}", run["state"]);
    let last = &events.last().expect("there is one")["what"];
    let told = format!("RUN_STATE_{}", text(&last["state"]).to_uppercase());
    assert_eq!(told, text(&run["state"]), "{story}: {groups}");
    assert!(of("step_finished") as u64 <= run["stepsDone"].as_u64().unwrap_or(0), "{story}: {groups}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn rows(value: &Value) -> String {
    let rows: Vec<String> = value.as_array().into_iter().flatten().map(text).collect();
    rows.join(" ")
}
