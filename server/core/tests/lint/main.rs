//! Lint: every rule finds what its page says, on every dialect that it is for, and nothing else.

mod allow;
mod down;
mod pages;
mod squawk;

use migrated_core::DialectName;
use migrated_core::event::Direction;
use migrated_core::file;
use migrated_core::lint::{Finding, lint};

/// Findings of a file with this header, behind the lines that every file has, and this `up` section.
fn with_header(dialect: DialectName, header: &str, sql: &str) -> Vec<Finding> {
    let text = format!("-- revision: a1\n-- down_revision: None\n{header}-- migrate:up\n{sql}\n");
    let parsed = file::parse("migrations/a1.sql", text.as_bytes()).expect("a revision file");
    let section = parsed.section(Direction::Up, dialect).expect("there is one");
    lint(&parsed, section, dialect, true).expect("it can be split")
}

/// Findings of a section.
fn found(dialect: DialectName, sql: &str) -> Vec<Finding> {
    with_header(dialect, "", sql)
}

/// The codes of findings.
fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|found| found.code.as_str()).collect()
}
