//! Runs as JSON: one event a line, in the protobuf mapping, with the run's id beside it.

use super::Sinks;
use super::view::{Outcome, RunView};
use crate::error::Error;
use migrated_proto::v1::Event;
use serde_json::{Value, json};

/// The view.
#[derive(Default)]
pub(super) struct Json {
    run_id: String,
}

impl RunView for Json {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.run_id = run_id.into();
    }

    fn event(&mut self, to: &mut Sinks, event: &Event) {
        let Ok(mut line) = serde_json::to_value(event) else { return };
        if let Value::Object(fields) = &mut line {
            fields.insert("runId".into(), Value::from(self.run_id.as_str()));
        }
        to.out(&format!("{line}\n"));
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        to.err(&format!("{text}\n"));
    }

    fn leave(&mut self, _: &mut Sinks) {}

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        if let Some(error) = &outcome.error {
            to.err(&format!("{}\n", self::error(error)));
        }
    }
}

/// A failure as one line of JSON.
pub(super) fn error(error: &Error) -> String {
    let place = error.place.as_ref().map(|p| json!({"path": p.path, "line": p.line, "column": p.column}));
    let fields = json!({
        "code": error.code,
        "reason": error.reason,
        "message": error.message,
        "revision": error.revision,
        "place": place,
        "state": error.state,
        "next": error.next,
        "sql": error.sql,
        "metadata": error.metadata,
        "exit": error.exit().number(),
    });
    json!({ "error": fields }).to_string()
}
