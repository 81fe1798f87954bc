//! A scenario on its way.

use super::holds::differs;
use super::list::{Body, Scenario, Step};
use crate::harness::{LONG, Project};
use migratectl::config::{self, Sources};
use migratectl::error::Error;
use migratectl::graph_call::Context;
use migratectl::output::Output;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// What a call is answered.
pub(super) type Answer = Result<Value, Box<Error>>;

/// The events that depend on time and engine.
const LEFT_OUT: [&str; 7] =
    ["stateChanged", "waiting", "locked", "statementRunning", "blocked", "notice", "warning"];

/// A scenario that is being played.
pub(super) struct Play<'a> {
    pub(super) project: &'a Project,
    pub(super) bodies: &'a BTreeMap<String, Body>,
    server: Option<String>,
    runtime: Runtime,
    pub(super) last_run: String,
    pub(super) events: Vec<Value>,
}

impl<'a> Play<'a> {
    /// A scenario at its beginning, on an embedded daemon where no server is named.
    pub(super) fn new(project: &'a Project, scenario: &'a Scenario, server: Option<String>) -> Play<'a> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (bodies, last_run, events) = (&scenario.bodies, String::new(), Vec::new());
        let play = Play { project, bodies, server, runtime, last_run, events };
        play.write(&scenario.files);
        for (id, body) in &scenario.bodies {
            let file = format!("migrations/{id}.rev.py");
            let text = format!("# revision: {id}\n# down_revision: {}\n", body.down_revision);
            play.write(&BTreeMap::from([(file, text)]));
        }
        play
    }

    /// Writes files into the project's folder.
    pub(super) fn write(&self, files: &BTreeMap<String, String>) {
        for (name, text) in files {
            let path = self.project.path(name);
            std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
    }

    /// Plays a step.
    pub(super) fn step(&mut self, step: &Step, at: &str) {
        self.write(&step.write);
        for name in &step.remove {
            std::fs::remove_file(self.project.path(name)).expect("removed");
        }
        if step.call.is_empty() {
            return;
        }
        self.events.clear();
        let answer = self.answer(step, at);
        if let Some(expected) = &step.events {
            self.compare_events(expected, at, &answer);
        }
        match (&step.error, answer) {
            (Some(expected), Err(error)) => compare(expected, &fields(&error), &format!("{at}.error")),
            (Some(_), Ok(found)) => panic!("{at} did not fail: {found}"),
            (None, Err(error)) => panic!("{at}: {error}\nstate: {}\nnext: {}", error.state, error.next),
            (None, Ok(found)) => {
                if let Some(expected) = &step.result {
                    compare(expected, &found, &format!("{at}.result"));
                }
            }
        }
    }

    fn answer(&mut self, step: &Step, at: &str) -> Answer {
        let mut with = step.with.clone();
        let published = with.remove("published") == Some(Value::Bool(true));
        let mut context = self.context(published)?;
        // A future that borrows all of this and is driven by a part of it: the part is taken out meanwhile.
        let idle = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let runtime = std::mem::replace(&mut self.runtime, idle);
        let answer = runtime
            .block_on(async { tokio::time::timeout(LONG, self.call(&step.call, &mut context, with)).await });
        self.runtime = runtime;
        answer.unwrap_or_else(|_| panic!("{at} hangs"))
    }

    /// What a command that is called here stands on. `published`: where there is no folder of revisions.
    fn context(&self, published: bool) -> Result<Context, Box<Error>> {
        let home = self.project.folder().join("home");
        let text = |path: PathBuf| path.display().to_string();
        let mut flags = vec![("project", "shop".to_owned()), ("database_url", self.project.database.url())];
        flags.extend(self.server.clone().map(|server| ("server", server)));
        let variables = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", text(home.clone())),
            ("XDG_RUNTIME_DIR", text(self.project.folder().join("run"))),
            ("MIGRATECTL_ACTOR", "tester".to_owned()),
            ("MIGRATECTL_EMBEDDED__BINARY", text(crate::harness::programs().join("migrated"))),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let cwd = if published { home } else { self.project.path("") };
        let config = config::load(&Sources { cwd, file: None, variables, flags })?;
        Ok(Context::new(config, Output::plain()))
    }

    /// Compares the events by the names of their kinds, and by the fields that are named.
    fn compare_events(&self, expected: &[Value], at: &str, answer: &Answer) {
        let kept: Vec<&Value> =
            self.events.iter().filter(|event| !LEFT_OUT.contains(&kind_of(event))).collect();
        let wanted: Vec<Value> = expected
            .iter()
            .map(|event| match event {
                Value::String(name) => Value::Object(Map::from_iter([(name.clone(), json!({}))])),
                other => other.clone(),
            })
            .collect();
        let names: Vec<&str> = kept.iter().map(|event| kind_of(event)).collect();
        let wanted_names: Vec<&str> = wanted.iter().map(kind_of).collect();
        assert_eq!(names, wanted_names, "{at}: {answer:?}");
        compare(&wanted.into(), &json!(kept), &format!("{at}.events"));
    }
}

/// The kind of an event: the one of its fields that is a message of its own.
fn kind_of(event: &Value) -> &str {
    let fields = event.as_object().expect("an event has fields");
    fields.iter().find(|(_, value)| value.is_object()).map_or("", |(name, _)| name)
}

fn compare(expected: &Value, found: &Value, at: &str) {
    if let Some(wrong) = differs(expected, found, at) {
        panic!("{wrong}");
    }
}

fn fields(error: &Error) -> Value {
    let place = error.place.as_ref().map(|place| json!({"path": place.path, "line": place.line}));
    json!({
        "code": error.code,
        "reason": error.reason,
        "revision": error.revision,
        "place": place.unwrap_or_else(|| json!({})),
        "state": error.state,
        "next": error.next,
        "sqlstate": error.sql.as_ref().map(|sql| sql.sqlstate.clone()).unwrap_or_default(),
    })
}
