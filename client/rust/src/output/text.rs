//! A run for people: progress on stderr, and where the target stands on stdout.

use super::live::Live;
use super::narrator::{self, Narrator};
use super::view::{Outcome, RunView};
use super::{Sinks, Style, render_error};
use migrated_proto::v1::Event;
use migrated_proto::v1::event::Kind;

/// The view.
pub(super) struct Text {
    narrator: Narrator,
    style: Style,
    live: Live,
    quiet: bool,
}

impl Text {
    /// With a moving line at the bottom where `live`, and without progress where `quiet`.
    pub(super) fn new(style: Style, live: bool, quiet: bool) -> Text {
        Text { narrator: Narrator::new(style.clone()), style, live: Live::new(live), quiet }
    }

    fn print(&self, to: &mut Sinks, text: &str) {
        self.live.around(|| to.err(&format!("{text}\n")));
    }
}

impl RunView for Text {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.narrator.run(run_id);
    }

    fn event(&mut self, to: &mut Sinks, event: &Event) {
        let lines = self.narrator.tell(event);
        let moving = self.live.is_wanted();
        match &event.kind {
            Some(Kind::StatementRunning(e)) if moving => {
                let text = format!("{}  {}", self.narrator.step, narrator::running(e));
                return self.live.show(&text);
            }
            Some(Kind::Blocked(_) | Kind::Retrying(_)) if moving => {
                return lines.iter().for_each(|line| self.live.show(line));
            }
            Some(Kind::StepStarted(_)) => self.live.show(&self.narrator.step.clone()),
            Some(Kind::StepFinished(_) | Kind::StepFailed(_) | Kind::RunFinished(_)) => self.live.clear(),
            _ => {}
        }
        if !self.quiet {
            lines.iter().for_each(|line| self.print(to, line));
        }
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        self.print(to, text);
    }

    fn leave(&mut self, _: &mut Sinks) {
        self.live.clear();
    }

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        self.live.clear();
        if let Some(error) = &outcome.error {
            to.err(&render_error(error, &self.style));
        }
        to.out(&format!("{}\n", outcome.line()));
    }
}
