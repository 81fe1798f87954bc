//! The way down.

use migrated_core::DialectName;
use migrated_core::event::Direction;
use migrated_core::file;
use migrated_core::lint::{Finding, Severity, lint};

fn found(dialect: DialectName, down: &str) -> Vec<Finding> {
    let text = format!("-- revision: a1\n-- migrate:up\nSELECT 1;\n-- migrate:down\n{down}\n");
    let parsed = file::parse("migrations/a1.sql", text.as_bytes()).expect("a revision file");
    let section = parsed.section(Direction::Down, dialect).expect("there is one");
    lint(&parsed, section, dialect, true).expect("it can be split")
}

#[test]
fn what_a_downgrade_drops_is_a_warning_at_its_place() {
    for dialect in DialectName::ALL {
        let findings = found(dialect, "SELECT 2;\nDROP TABLE invoices;");
        let told: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.severity, f.line, f.column)).collect();
        assert_eq!(told, [("L001", Severity::Warning, 6, 1)], "{dialect}");
    }
}

#[test]
fn what_fails_on_rows_is_an_error_on_the_way_down_too() {
    let findings = found(DialectName::Mysql, "ALTER TABLE invoices ADD note text NOT NULL;");
    let told: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.severity)).collect();
    assert_eq!(told, [("L002", Severity::Error)]);
}

#[test]
fn a_comment_allows_it_there_as_well() {
    assert_eq!(found(DialectName::Sqlite, "-- migrated:allow L001\nDROP TABLE invoices;"), []);
}
