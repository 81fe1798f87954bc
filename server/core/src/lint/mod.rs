//! Lint: what a revision may do to a database that is in use, told before it runs, with the safer way.
//!
//! Rules of our own ([`RULES`]) hold on every engine that they are for; on PostgreSQL those of squawk join them.
//! What a section creates itself is nobody's yet, so that nothing is said about it.

mod allow;
mod clause;
mod destroys;
mod filled;
mod implicit_commit;
mod lasting;
mod new_value;
mod rebuild;
mod rule;
mod section;
mod squawk;

pub use allow::{covers, is_known};
pub use rule::{RULES, Rule, Severity, rule};

use crate::DialectName;
use crate::dialect::SplitError;
use crate::event::Direction;
use crate::file::{RevisionFile, Section};
use section::Read;

/// Something that a section does, and that somebody should know before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule: one of [`RULES`], or squawk's name for its own.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in that line, in characters from 1.
    pub column: u32,
    /// What the statement does.
    pub message: String,
    /// The safer way; empty where none is known.
    pub safer: String,
}

/// What is to be known of a section of a file, in the order of the file. `transactional`: it runs in one transaction.
/// Findings that a comment `-- migrated:allow CODE[, CODE]` allows are left out: before the first section it counts
/// for the whole file, else for the statement that follows it.
///
/// # Errors
/// Where the section cannot be split into statements.
pub fn lint(
    file: &RevisionFile,
    section: &Section,
    dialect: DialectName,
    transactional: bool,
) -> Result<Vec<Finding>, SplitError> {
    let read = Read::new(file, section, dialect)?;
    let mut findings = allow::unknown(&read);
    rebuild::look(&read, &mut findings);
    destroys::look(&read, &mut findings);
    filled::look(&read, &mut findings);
    lasting::look(&read, &mut findings);
    implicit_commit::look(&read, &mut findings);
    new_value::look(&read, transactional, &mut findings);
    if dialect == DialectName::Postgres {
        squawk::look(&read, transactional, &mut findings);
    }
    if section.direction == Direction::Down {
        undoes(&mut findings);
    }
    findings.retain(|found| !read.allows(found.statement, &found.finding.code));
    let mut findings: Vec<Finding> = findings.into_iter().map(|found| found.finding).collect();
    findings.sort_by(|a, b| (a.line, a.column, &a.code).cmp(&(b.line, b.column, &b.code)));
    findings.dedup();
    Ok(findings)
}

/// A downgrade drops what the upgrade made: that it destroys data is to be known, and needs no leave.
fn undoes(findings: &mut [Found]) {
    for found in findings.iter_mut().filter(|found| found.finding.code == "L001") {
        found.finding.severity = Severity::Warning;
    }
}

/// A finding with the number of its statement, by which it may be allowed.
struct Found {
    statement: Option<usize>,
    finding: Finding,
}
