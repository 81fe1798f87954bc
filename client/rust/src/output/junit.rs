//! A run as JUnit's XML on stdout: the suite is the target, a case is a revision. Progress stays on stderr.

use super::narrator::Narrator;
use super::view::{Outcome, RunView};
use super::{Sinks, Style, lint, render_error};
use crate::duration;
use crate::error::Error;
use migrated_proto::v1 as pb;
use pb::event::Kind;
use std::fmt::Write as _;
use std::time::Duration;

/// The view.
pub(super) struct Junit {
    narrator: Narrator,
    style: Style,
    project: String,
    began: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    time: Duration,
    failure: Option<pb::Failure>,
}

impl Junit {
    /// Colours and paths by `style`.
    pub(super) fn new(style: Style) -> Junit {
        let narrator = Narrator::new(style.clone());
        Junit { narrator, style, project: String::new(), began: String::new(), cases: Vec::new() }
    }
}

impl RunView for Junit {
    fn run(&mut self, _: &mut Sinks, run_id: &str) {
        self.narrator.run(run_id);
    }

    fn event(&mut self, to: &mut Sinks, event: &pb::Event) {
        self.narrator.tell(event).iter().for_each(|line| to.err(&format!("{line}\n")));
        match &event.kind {
            Some(Kind::RunAccepted(e)) => {
                self.project.clone_from(&e.project);
                let at = event.time.as_ref().and_then(|t| jiff::Timestamp::from_second(t.seconds).ok());
                self.began = at.map(|t| t.to_string()).unwrap_or_default();
            }
            Some(Kind::StepStarted(e)) => {
                let name = format!("{} {}", e.revision, e.message);
                self.cases.push(Case { name: name.trim().into(), time: Duration::ZERO, failure: None });
            }
            Some(Kind::StepFinished(e)) => {
                if let Some(case) = self.cases.last_mut() {
                    case.time = duration::of(e.duration.as_ref());
                }
            }
            Some(Kind::StepFailed(e)) => {
                if let Some(case) = self.cases.last_mut() {
                    case.failure = Some(e.failure.clone().unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, to: &mut Sinks, text: &str) {
        to.err(&format!("{text}\n"));
    }

    fn leave(&mut self, _: &mut Sinks) {}

    fn end(&mut self, to: &mut Sinks, outcome: &Outcome) {
        if let Some(error) = &outcome.error {
            to.err(&render_error(error, &self.style));
        }
        to.err(&format!("{}\n", outcome.line()));
        to.out(&self.document(outcome));
    }
}

impl Junit {
    fn document(&self, outcome: &Outcome) -> String {
        // A report without cases is taken for a mistake by most readers; a failure outside of a step needs a place.
        let failed_in_step = self.cases.iter().any(|c| c.failure.is_some());
        let run_failed = outcome.error.is_some() && !failed_in_step;
        let extra = usize::from(run_failed || self.cases.is_empty());
        let failures = self.cases.iter().filter(|c| c.failure.is_some()).count();
        let (tests, errors) = (self.cases.len() + extra, usize::from(run_failed));
        let counts = format!(
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\"",
            outcome.duration.as_secs_f64()
        );
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(xml, "<testsuites {counts}>");
        let began =
            if self.began.is_empty() { String::new() } else { format!(" timestamp=\"{}\"", self.began) };
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {counts}{began}>", escape(&outcome.target));
        let _ = writeln!(
            xml,
            "    <properties><property name=\"run\" value=\"{}\"/></properties>",
            escape(&outcome.run_id)
        );
        for case in &self.cases {
            self.case(&mut xml, case, outcome);
        }
        if extra == 1 {
            let class = escape(&self.project);
            let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"run\" time=\"0.000\"");
            match outcome.error.as_ref().filter(|_| run_failed) {
                Some(error) => {
                    let text = render_error(error, &Style::default());
                    let _ = writeln!(
                        xml,
                        ">\n      {}\n    </testcase>",
                        tag("error", &error.reason, &error.message, &text)
                    );
                }
                None => xml.push_str("/>\n"),
            }
        }
        let _ = writeln!(xml, "    <system-out>{}</system-out>", escape(&outcome.line()));
        xml.push_str("  </testsuite>\n</testsuites>\n");
        xml
    }

    fn case(&self, xml: &mut String, case: &Case, outcome: &Outcome) {
        let (class, name) = (escape(&self.project), escape(&case.name));
        let time = case.time.as_secs_f64();
        let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time:.3}\"");
        let Some(failure) = &case.failure else { return xml.push_str("/>\n") };
        let text = match &outcome.error {
            Some(error) => render_error(error, &Style::default()),
            None => failure.message.clone(),
        };
        let _ = writeln!(
            xml,
            ">\n      {}\n    </testcase>",
            tag("failure", &failure.reason, &failure.message, &text)
        );
    }
}

/// A report of a command that failed before there was a run: an empty one would be taken for a mistake.
pub(crate) fn failure(error: &Error) -> String {
    let text = render_error(error, &Style::default());
    let counts = "tests=\"1\" failures=\"0\" errors=\"1\"";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"migratectl\" {counts}>\n    \
         <testcase classname=\"migratectl\" name=\"run\" time=\"0.000\">\n      {}\n    </testcase>\n  \
         </testsuite>\n</testsuites>\n",
        tag("error", &error.reason, &error.message, &text)
    )
}

fn tag(name: &str, kind: &str, message: &str, text: &str) -> String {
    format!("<{name} type=\"{}\" message=\"{}\">{}</{name}>", escape(kind), escape(message), escape(text))
}

/// Escapes text; characters that XML 1.0 cannot hold are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// What lint found: a case is a revision, which fails where a finding is an error.
pub(super) fn findings(answer: &pb::LintResponse) -> String {
    let of = |revision: &str| {
        let found = answer.findings.iter().filter(|found| found.revision == revision);
        found.partition::<Vec<&pb::LintFinding>, _>(|found| lint::is_error(found))
    };
    let failed = answer.revisions.iter().filter(|looked| !of(&looked.revision).0.is_empty()).count();
    let counts = format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\"", answer.revisions.len());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"migratectl lint\" {counts}>\n"
    );
    for looked in &answer.revisions {
        let (errors, warnings) = of(&looked.revision);
        let (name, file) = (escape(&looked.revision), escape(&looked.path));
        let _ = write!(xml, "    <testcase classname=\"migratectl lint\" name=\"{name}\" file=\"{file}\"");
        if errors.is_empty() && warnings.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        let place = |found: &pb::LintFinding| format!("{}:{}:{}", found.path, found.line, found.column);
        // A case has one failure: all of its errors stand in it.
        if let Some(first) = errors.first() {
            let all: Vec<String> = errors
                .iter()
                .map(|found| format!("{} {}: {}", place(found), found.code, lint::said(found)))
                .collect();
            let _ = writeln!(xml, "      {}", tag("failure", &first.code, &first.message, &all.join("\n")));
        }
        if !warnings.is_empty() {
            let all: Vec<String> = warnings
                .iter()
                .map(|found| format!("{} {}: {}", place(found), found.code, lint::said(found)))
                .collect();
            let _ = writeln!(xml, "      <system-out>{}</system-out>", escape(&all.join("\n")));
        }
        xml.push_str("    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}
