//! Comments that allow findings.

use super::rule::{RULES, Severity, rule};
use super::section::Read;
use super::{Finding, Found, squawk};
use crate::file::RevisionFile;
use std::ops::Range;

/// A code that a comment allows, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed<'t> {
    code: &'t str,
    line: u32,
    column: u32,
}

impl Allowed<'_> {
    /// Whether it means findings of that code.
    pub(super) fn covers(&self, code: &str) -> bool {
        covers(self.code, code)
    }
}

/// Whether the name of a rule means findings of that code: its own, those of squawk's rules about the same thing for a
/// code of ours, and ours for a name of squawk's that it stands for.
pub fn covers(named: &str, code: &str) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let by_kin = RULES.iter().any(|rule| {
        let among = |name: &str| rule.kin.iter().any(|kin| same(kin, name));
        same(rule.code, named) && among(code)
            || same(rule.code, code) && among(named) && squawk::is_told_by_us(named)
    });
    same(named, code) || by_kin
}

/// Whether a rule, of ours or of squawk's, has that name.
pub fn is_known(name: &str) -> bool {
    rule(name).is_some() || squawk::is_rule(name)
}

/// What the comments of a gap between two statements allow. What stands behind the earlier one belongs to it.
pub(super) fn allowed_after(body: &str, gap: Range<usize>, first_line: u32) -> Vec<Allowed<'_>> {
    let line = first_line + body[..gap.start].matches('\n').count() as u32;
    let text = &body[gap.clone()];
    let mut found = Vec::new();
    for (number, text) in (line..).zip(text.split('\n')) {
        if gap.start == 0 || number > line {
            in_line(text, number, &mut found);
        }
    }
    found
}

/// What the comments before the first section allow.
pub(super) fn allowed_in_header(file: &RevisionFile) -> Vec<Allowed<'_>> {
    let first = file.sections.iter().map(|section| section.line).min().unwrap_or(u32::MAX);
    let mut found = Vec::new();
    for (number, line) in (1..first).zip(file.text.lines()) {
        in_line(line, number, &mut found);
    }
    found
}

fn in_line<'t>(line: &'t str, number: u32, found: &mut Vec<Allowed<'t>>) {
    let Some(codes) = line
        .trim_start_matches('\u{feff}')
        .trim_start()
        .strip_prefix("--")
        .and_then(|rest| rest.trim_start().strip_prefix("migrated:allow"))
        .filter(|rest| rest.starts_with([' ', '\t']))
    else {
        return;
    };
    // Why it is allowed may follow the codes, after a second pair of hyphens.
    let codes = codes.split("--").next().unwrap_or_default();
    for code in codes.split([',', ' ', '\t', '\r']).filter(|code| !code.is_empty()) {
        let at = code.as_ptr() as usize - line.as_ptr() as usize;
        let column = line[..at].chars().count() as u32 + 1;
        found.push(Allowed { code, line: number, column });
    }
}

/// Codes that nobody has: the comment would go on allowing nothing without a word.
pub(super) fn unknown(read: &Read<'_>) -> Vec<Found> {
    let here = read.each().flat_map(|(i, s)| s.allowed.iter().map(move |allowed| (Some(i), allowed)));
    let everywhere = read.everywhere.iter().map(|allowed| (None, allowed));
    let unknown = everywhere.chain(here).filter(|(_, allowed)| !is_known(allowed.code));
    unknown
        .map(|(statement, allowed)| Found {
            statement,
            finding: Finding {
                code: "L000".into(),
                severity: Severity::Warning,
                line: allowed.line,
                column: allowed.column,
                message: format!("`{}` names no rule", allowed.code),
                safer: "name rules as findings do: by a code such as L001, or by squawk's name".into(),
            },
        })
        .collect()
}
