//! Findings of lint, in each form.

use super::{Format, Output, github, gitlab, junit, teamcity};
use migrated_proto::v1::{Direction, LintFinding, LintResponse, LintSeverity};

/// Prints what lint found.
pub fn findings(out: &mut Output, answer: &LintResponse) {
    let told = with_ways(answer);
    match out.format {
        Format::Json => out.result(answer, |_| ()),
        Format::Text => {
            for found in &told.findings {
                let line = finding(out, found);
                out.line(&line);
            }
        }
        Format::Github => {
            for found in &told.findings {
                let command = github::finding(found, &out.style);
                out.raw(&command);
            }
        }
        Format::Gitlab => {
            let report = gitlab::code_quality(&told.findings);
            out.line(&report);
        }
        Format::Teamcity => {
            let messages = teamcity::inspections(&told.findings);
            out.raw(&messages);
        }
        Format::Junit => {
            let report = junit::findings(&told);
            out.raw(&report);
        }
    }
}

/// The same, with the way said where it is the way down: in JSON it is a field.
fn with_ways(answer: &LintResponse) -> LintResponse {
    let mut answer = answer.clone();
    for found in answer.findings.iter_mut().filter(|found| found.direction() == Direction::Down) {
        found.message.insert_str(0, "downgrade: ");
    }
    answer
}

/// `PATH:LINE:COLUMN: error L001: MESSAGE`, and the safer way below it.
pub fn finding(out: &Output, found: &LintFinding) -> String {
    let colour = if is_error(found) { "31" } else { "33" };
    let severity = out.style.paint(colour, severity(found));
    let LintFinding { path, line, column, code, message, .. } = found;
    let mut text = format!("{path}:{line}:{column}: {severity} {code}: {message}");
    if !found.safer.is_empty() {
        text.push_str(&format!("\n  safer: {}", found.safer));
    }
    text
}

/// Whether it has to be allowed by name.
pub(super) fn is_error(found: &LintFinding) -> bool {
    found.severity() == LintSeverity::Error
}

/// The severity as it is shown.
pub(super) fn severity(found: &LintFinding) -> &'static str {
    if is_error(found) { "error" } else { "warning" }
}

/// What is said of it, in sentences.
pub(super) fn said(found: &LintFinding) -> String {
    let LintFinding { message, safer, .. } = found;
    if safer.is_empty() { message.clone() } else { format!("{message}\nSafer: {safer}") }
}
