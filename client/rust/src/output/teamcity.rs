//! A run in TeamCity: a block for each revision, and a build problem for a failure. Its agents read service messages
//! from stdout.

use super::narrator::Narrator;
use super::view::{Outcome, RunView};
use super::{Sinks, Style, lint};
use crate::error::Error;
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::{Event, LintFinding};
use std::collections::BTreeSet;

/// The view.
#[derive(Default)]
pub(super) struct Teamcity {
    narrator: Narrator,
    block: Option<String>,
}

impl Teamcity {
    fn close(&mut self, to: &mut Sinks) {
        if let Some(name) = self.block.take() {
            to.out(&message("blockClosed", &[("name", &name)]));
        }
    }
}

impl RunView for Teamcity {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.narrator.run(run_id);
    }

    fn event(&mut self, to: &mut Sinks, event: &Event) {
        let lines = self.narrator.tell(event);
        if let Some(Kind::StepStarted(e)) = &event.kind {
            self.close(to);
            to.out(&message("progressMessage", &[("", &self.narrator.step)]));
            to.out(&message("blockOpened", &[("name", &e.revision), ("description", &e.message)]));
            self.block = Some(e.revision.clone());
        }
        let status = match event.kind {
            Some(Kind::Warning(_)) => "WARNING",
            Some(Kind::StepFailed(_)) => "ERROR",
            _ => "NORMAL",
        };
        for line in lines {
            to.out(&message("message", &[("text", &line), ("status", status)]));
        }
        if let Some(Kind::StepFinished(_) | Kind::StepFailed(_) | Kind::RunFinished(_)) = event.kind {
            self.close(to);
        }
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        to.out(&message("message", &[("text", text), ("status", "WARNING")]));
    }

    fn leave(&mut self, to: &mut Sinks) {
        self.close(to);
    }

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        self.close(to);
        if let Some(error) = &outcome.error {
            to.err(&super::github::inert(&super::render_error(error, &Style::default())));
            to.out(&problem(error));
        }
        to.out(&message("buildStatus", &[("text", &format!("{{build.status.text}}; {}", outcome.line()))]));
    }
}

/// `##teamcity[buildProblem …]`, with an identity that stays the same for the same fault.
pub(super) fn problem(error: &Error) -> String {
    let names = format!("{} {}", error.code, error.reason);
    let place = error.place.as_ref().map(|p| format!(" ({}:{})", p.path, p.line)).unwrap_or_default();
    let description = format!("{}: {}{place}", names.trim(), error.message);
    let identity = format!("migratectl-{}-{}", error.reason, error.revision);
    // Longest identity that TeamCity takes: 60 characters.
    let identity: String = identity.trim_end_matches('-').chars().take(60).collect();
    message("buildProblem", &[("description", &description), ("identity", &identity)])
}

/// A service message; a single attribute without a name is written as the bare value.
pub(super) fn message(name: &str, attributes: &[(&str, &str)]) -> String {
    let written = attributes.iter().map(|(key, value)| match *key {
        "" => format!(" '{}'", escape(value)),
        key => format!(" {key}='{}'", escape(value)),
    });
    format!("##teamcity[{name}{}]\n", written.collect::<String>())
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\'' | '[' | ']' => out.extend(['|', c]),
            '\n' => out.push_str("|n"),
            '\r' => out.push_str("|r"),
            c if !c.is_ascii() && u32::from(c) <= 0xffff => out.push_str(&format!("|0x{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Findings of lint as inspections: each kind is told once, before its first finding.
pub(super) fn inspections(findings: &[LintFinding]) -> String {
    let mut told = BTreeSet::new();
    let mut text = String::new();
    for found in findings {
        let LintFinding { code, path, line, .. } = found;
        if told.insert(code) {
            let about = format!("migratectl lint: {code}");
            let attributes =
                [("id", &**code), ("name", code), ("category", "Migrations"), ("description", &about)];
            text.push_str(&message("inspectionType", &attributes));
        }
        let severity = if lint::is_error(found) { "ERROR" } else { "WARNING" };
        let (said, line) = (lint::said(found), line.to_string());
        let place = [("typeId", &**code), ("message", &said), ("file", path), ("line", &line)];
        let attributes: Vec<(&str, &str)> = place.into_iter().chain([("SEVERITY", severity)]).collect();
        text.push_str(&message("inspection", &attributes));
    }
    text
}
