//! A run in GitHub Actions: a group for each revision, annotations, the step's summary, masked secrets.
//!
//! The runner reads workflow commands from stderr as well as from stdout, so that stdout stays free for the result.

use super::narrator::Narrator;
use super::view::{Outcome, RunView};
use super::{Sinks, Style, lint, render_error};
use crate::config::{Config, TargetChoice};
use crate::error::Error;
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::{Event, LintFinding};
use std::io::Write as _;
use std::path::PathBuf;

/// The view.
pub(super) struct Github {
    narrator: Narrator,
    style: Style,
    summary: Option<PathBuf>,
    rows: Vec<String>,
    in_group: bool,
}

impl Github {
    /// With the file of the step's summary, where there is one.
    pub(super) fn new(style: Style, summary: Option<PathBuf>) -> Github {
        Github { narrator: Narrator::new(style.clone()), style, summary, rows: Vec::new(), in_group: false }
    }

    fn close(&mut self, to: &mut Sinks) {
        if std::mem::take(&mut self.in_group) {
            to.err("::endgroup::\n");
        }
    }
}

impl RunView for Github {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.narrator.run(run_id);
    }

    fn event(&mut self, to: &mut Sinks, event: &Event) {
        let lines = self.narrator.tell(event);
        if matches!(event.kind, Some(Kind::StepStarted(_))) {
            self.close(to);
            to.err(&format!("::group::{}\n", data(&self.narrator.step)));
            self.in_group = true;
        }
        if let Some(Kind::Warning(e)) = &event.kind {
            return to.err(&format!("::warning::{}\n", data(&e.message)));
        }
        lines.iter().for_each(|line| to.err(&inert(&format!("{line}\n"))));
        match &event.kind {
            Some(Kind::StepFinished(e)) => {
                let took = crate::duration::show(crate::duration::of(e.duration.as_ref()));
                self.rows.push(row(&self.narrator.step, "ok", &took));
                self.close(to);
            }
            Some(Kind::StepFailed(e)) => {
                let cause = super::narrator::short_failure(e.failure.as_ref());
                self.rows.push(row(&self.narrator.step, "**failed**", &cause));
                self.close(to);
            }
            Some(Kind::RunFinished(_)) => self.close(to),
            _ => {}
        }
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        to.err(&format!("::notice::{}\n", data(text)));
    }

    fn leave(&mut self, to: &mut Sinks) {
        self.close(to);
    }

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        self.close(to);
        if let Some(error) = &outcome.error {
            to.err(&inert(&render_error(error, &self.style)));
            to.err(&annotation(error, &self.style));
        }
        to.out(&format!("{}\n", outcome.line()));
        if let Some(path) = &self.summary {
            let text = summary(&self.rows, outcome);
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            if let Err(e) = file.and_then(|mut f| f.write_all(text.as_bytes())) {
                to.err(&format!(
                    "::warning::{}\n",
                    data(&format!("the step's summary cannot be written: {e}"))
                ));
            }
        }
    }
}

fn row(step: &str, how: &str, detail: &str) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    format!("| {} | {how} | {} |\n", cell(step), cell(detail))
}

fn summary(rows: &[String], outcome: &Outcome) -> String {
    let mut text = format!("### migratectl: {}\n\n", outcome.line().replace('<', "&lt;"));
    if !rows.is_empty() {
        text.push_str("| revision | result | |\n|---|---|---|\n");
        text.push_str(&rows.concat());
        text.push('\n');
    }
    if let Some(error) = &outcome.error {
        // A fence longer than any in the text cannot be closed by it.
        text.push_str(&format!("`````text\n{}`````\n", render_error(error, &Style::default())));
    }
    text
}

/// `::error file=…,line=…,col=…,title=…::message`.
pub(super) fn annotation(error: &Error, style: &Style) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &error.place {
        properties.push(format!("file={}", property(&in_checkout(&place.path, style))));
        if place.line > 0 {
            properties.push(format!("line={}", place.line));
        }
        if place.column > 0 {
            properties.push(format!("col={}", place.column));
        }
    }
    let title = format!("{} {}", error.code, error.reason);
    properties.push(format!("title={}", property(title.trim())));
    let parts = [error.message.as_str(), &error.state, &error.next];
    let said: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    format!("::error {}::{}\n", properties.join(","), data(&said.join("\n")))
}

/// Hides the secrets of the configuration in everything that the job prints from now on.
pub(super) fn mask_secrets(to: &mut Sinks, config: &Config) {
    let mut secrets: Vec<String> = config.token().ok().flatten().into_iter().collect();
    if let Ok(Some(TargetChoice::Url(url))) = config.target() {
        let password = url::Url::parse(&url).ok().and_then(|u| u.password().map(String::from));
        secrets.extend(password);
        secrets.push(url);
    }
    for secret in secrets.iter().filter(|s| !s.is_empty()) {
        to.err(&format!("::add-mask::{}\n", data(secret)));
    }
}

/// Text in which no line is a command: what a database says must not steer the job.
pub(crate) fn inert(text: &str) -> String {
    let is_command = |line: &str| {
        line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##teamcity[")
    };
    let quoted =
        |line: &str| if is_command(line) { format!("| {}", line.replace("##", "# #")) } else { line.into() };
    text.split_inclusive('\n').map(quoted).collect()
}

/// Escapes the data of a workflow command.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A finding of lint as an annotation.
pub(super) fn finding(found: &LintFinding, style: &Style) -> String {
    let place = format!(
        "file={},line={},col={}",
        property(&in_checkout(&found.path, style)),
        found.line,
        found.column
    );
    let title = format!("title={}", property(&format!("{} in {}", found.code, found.revision)));
    format!("::{} {place},{title}::{}\n", lint::severity(found), data(&lint::said(found)))
}

/// A path of the project as the checkout has it, which annotations are relative to.
fn in_checkout(path: &str, style: &Style) -> String {
    let full = style.project_dir.join(path);
    let path_there = style.workspace.as_ref().and_then(|w| full.strip_prefix(w).ok());
    path_there.map_or_else(|| path.to_owned(), |p| p.display().to_string())
}
