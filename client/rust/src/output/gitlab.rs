//! A run in GitLab CI: a section for each revision, timed by the daemon's clock.

use super::narrator::Narrator;
use super::view::{Outcome, RunView};
use super::{Sinks, Style, lint, render_error};
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::{Event, LintFinding};
use sha2::{Digest as _, Sha256};

/// The view.
pub(super) struct Gitlab {
    narrator: Narrator,
    style: Style,
    section: Option<String>,
    now: i64,
}

impl Gitlab {
    /// Colours and paths by `style`.
    pub(super) fn new(style: Style) -> Gitlab {
        Gitlab { narrator: Narrator::new(style.clone()), style, section: None, now: 0 }
    }

    fn close(&mut self, to: &mut Sinks) {
        if let Some(name) = self.section.take() {
            to.err(&format!("\u{1b}[0Ksection_end:{}:{name}\r\u{1b}[0K\n", self.now));
        }
    }
}

impl RunView for Gitlab {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.narrator.run(run_id);
    }

    fn event(&mut self, to: &mut Sinks, event: &Event) {
        self.now = event.time.as_ref().map_or(self.now, |t| t.seconds);
        let lines = self.narrator.tell(event);
        if let Some(Kind::StepStarted(e)) = &event.kind {
            self.close(to);
            let name = section_name(&e.revision);
            let (now, step) = (self.now, &self.narrator.step);
            to.err(&format!("\u{1b}[0Ksection_start:{now}:{name}\r\u{1b}[0K{step}\n"));
            self.section = Some(name);
        }
        lines.iter().for_each(|line| to.err(&format!("{line}\n")));
        if let Some(Kind::StepFinished(_) | Kind::StepFailed(_) | Kind::RunFinished(_)) = event.kind {
            self.close(to);
        }
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        to.err(&format!("{text}\n"));
    }

    fn leave(&mut self, to: &mut Sinks) {
        self.close(to);
    }

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        self.close(to);
        if let Some(error) = &outcome.error {
            to.err(&render_error(error, &self.style));
        }
        to.out(&format!("{}\n", outcome.line()));
    }
}

/// Sections are named by letters, digits, `_`, `.` and `-` only.
fn section_name(revision: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '_' };
    format!("migrate_{}", revision.chars().map(plain).collect::<String>())
}

/// Findings of lint as a report of code quality, which GitLab shows in merge requests.
pub(super) fn code_quality(findings: &[LintFinding]) -> String {
    let issues = findings.iter().enumerate().map(|(i, found)| {
        let LintFinding { code, revision, path, message, line, .. } = found;
        // Two findings of one kind in a file are told apart by their order: lines move.
        let same = |other: &&LintFinding| (&other.code, &other.path, &other.message) == (code, path, message);
        let before = findings[..i].iter().filter(same).count();
        let fingerprint = Sha256::digest(format!("{code}\0{revision}\0{path}\0{message}\0{before}"));
        serde_json::json!({
            "description": lint::said(found),
            "check_name": code,
            "fingerprint": hex::encode(fingerprint),
            "severity": if lint::is_error(found) { "critical" } else { "minor" },
            "location": { "path": path, "lines": { "begin": line } },
        })
    });
    let issues: Vec<serde_json::Value> = issues.collect();
    serde_json::to_string_pretty(&issues).unwrap_or_else(|e| format!("[] {e}"))
}
