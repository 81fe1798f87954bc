//! What shows a run.

use super::Sinks;
use crate::error::Error;
use migrated_proto::v1::{Event, RunState};
use std::time::Duration;

/// Shows a run's events in one form.
pub trait RunView {
    /// The run's id is known.
    fn run(&mut self, to: &mut Sinks, run_id: &str);

    /// The next event.
    fn event(&mut self, to: &mut Sinks, event: &Event);

    /// Something about the stream, or about an interrupt: not part of the run.
    fn note(&mut self, to: &mut Sinks, text: &str);

    /// The command leaves while the run may go on: what is open is closed.
    fn leave(&mut self, to: &mut Sinks);

    /// The end; nothing comes after it.
    fn end(&mut self, to: &mut Sinks, outcome: &Outcome);
}

/// How a run ended, for whoever asked.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The run.
    pub run_id: String,
    /// Its target.
    pub target: String,
    /// Its state; RUNNING where this request's part is done and the run goes on.
    pub state: RunState,
    /// Version rows.
    pub rows: Vec<String>,
    /// Revisions applied, or taken back.
    pub applied: u32,
    /// There was nothing to do.
    pub nothing: bool,
    /// It was a rehearsal, of which so many warnings say what it did not try.
    pub rehearsal: Option<u32>,
    /// How long it took.
    pub duration: Duration,
    /// What ended it, unless it succeeded.
    pub error: Option<Box<Error>>,
}

impl Outcome {
    /// The one line that says where the target stands.
    pub fn line(&self) -> String {
        let (target, rows) = (&self.target, show_rows(&self.rows));
        match self.state {
            RunState::Running => {
                format!(
                    "target {target} has what was asked for; run {} goes on for somebody else",
                    self.run_id
                )
            }
            RunState::Succeeded if self.nothing => {
                format!("target {target} stands at {rows}, nothing to do")
            }
            RunState::Succeeded if let Some(left_out) = self.rehearsal => {
                let took = crate::duration::show(self.duration);
                let but = match left_out {
                    0 => String::new(),
                    n => format!(", {} of what was not rehearsed", count(n, "warning")),
                };
                let passed = count(self.applied, "revision");
                format!("target {target} is unchanged at {rows}  {passed} would pass{but}  {took}")
            }
            RunState::Succeeded => {
                let took = crate::duration::show(self.duration);
                format!("target {target} stands at {rows}  {}  {took}", count(self.applied, "revision"))
            }
            RunState::Unknown => format!("target {target}: how the last revision ended is not known"),
            RunState::Partial => {
                format!("target {target} stands at {rows}, PARTIAL: a revision is partly applied")
            }
            RunState::Failed | RunState::Cancelled if self.rehearsal.is_some() => {
                format!("target {target} is unchanged at {rows}")
            }
            _ => match self.error.as_ref().map(|e| e.exit()) {
                Some(crate::exit::Exit::Partial) => {
                    format!("target {target} stands at {rows}, PARTIAL: a revision is partly applied")
                }
                _ => format!("target {target} stands at {rows}, clean"),
            },
        }
    }
}

/// Version rows as text; `<base>` where there are none.
pub fn show_rows(rows: &[String]) -> String {
    if rows.is_empty() { "<base>".into() } else { rows.join(", ") }
}

/// `1 revision`, `2 revisions`.
pub fn count(n: impl Into<u64>, noun: &str) -> String {
    match n.into() {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
