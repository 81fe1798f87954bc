//! The rules of squawk, for PostgreSQL.

use super::rule::{RULES, Severity};
use super::section::Read;
use super::{Finding, Found};
use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What L001 tells on every engine.
const TOLD_BY_US: &[Rule] = &[
    Rule::BanDropTable,
    Rule::BanDropColumn,
    Rule::BanDropDatabase,
    Rule::BanDropSchema,
    Rule::BanTruncateCascade,
];

/// What does not fit: the daemon sets the timeouts, holds the transaction, and knows what of a revision was done, so
/// that IF NOT EXISTS would only hide that a database is not what the revisions made of it.
const NOT_FITTING: &[Rule] = &[
    Rule::RequireLockTimeout,
    Rule::RequireStatementTimeout,
    Rule::PreferRobustStmts,
    Rule::BanUncommittedTransaction,
    Rule::TransactionNesting,
    Rule::UnusedIgnore,
];

/// Whether squawk has a rule of that name.
pub(super) fn is_rule(name: &str) -> bool {
    Rule::try_from(name).is_ok()
}

/// Whether a rule of squawk's is left to one of ours.
pub(super) fn is_told_by_us(name: &str) -> bool {
    Rule::try_from(name).is_ok_and(|rule| TOLD_BY_US.contains(&rule))
}

/// Adds what squawk finds. Its own comments (`-- squawk-ignore RULE`) count too.
pub(super) fn look(read: &Read<'_>, transactional: bool, findings: &mut Vec<Found>) {
    let text = without_data(read);
    let exclude: Vec<Rule> = TOLD_BY_US.iter().chain(NOT_FITTING).copied().collect();
    // A parser that gives up on a text must not take the others' findings, or the daemon's task, with it.
    let violations = catch_unwind(AssertUnwindSafe(|| {
        let mut linter = Linter::with_rules(&[], &exclude);
        linter.settings.assume_in_transaction = transactional;
        linter.lint(&SourceFile::parse(&text), &text)
    }));
    for violation in violations.unwrap_or_default() {
        let at = usize::from(violation.text_range.start());
        let statement = read.statements.iter().rposition(|s| s.statement.offset <= at);
        let code = violation.code.to_string();
        let before = &text[..at];
        findings.push(Found {
            statement,
            finding: Finding {
                severity: severity(&code),
                line: read.first_line + before.matches('\n').count() as u32,
                column: before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1,
                message: violation.message,
                safer: violation.help.unwrap_or_default(),
                code,
            },
        });
    }
}

/// As bad as what a rule of ours tells of the same; else a warning.
fn severity(code: &str) -> Severity {
    let kin = RULES.iter().find(|rule| rule.kin.contains(&code));
    kin.map_or(Severity::Warning, |rule| rule.severity)
}

/// The section with the inline data of COPY blanked out, which is no SQL.
fn without_data(read: &Read<'_>) -> String {
    let mut text = read.body.as_bytes().to_vec();
    for data in read.statements.iter().filter_map(|s| s.statement.copy_data.clone()) {
        // The line of the closing `\.` too.
        let end = read.body[data.end..].find('\n').map_or(read.body.len(), |n| data.end + n);
        for byte in text[data.start..end].iter_mut().filter(|byte| **byte != b'\n') {
            *byte = b' ';
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}
