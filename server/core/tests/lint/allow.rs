//! Comments that allow findings.

use crate::{codes, found, with_header};
use migrated_core::DialectName;

#[test]
fn a_comment_allows_the_statement_that_follows_it_and_no_other() {
    let sql = "-- migrated:allow L001\nDROP TABLE a;\nDROP TABLE b;";
    for dialect in DialectName::ALL {
        let findings = found(dialect, sql);
        let lines: Vec<_> = findings.iter().filter(|f| f.code == "L001").map(|f| f.line).collect();
        assert_eq!(lines, [6], "{dialect}");
    }
}

#[test]
fn a_comment_behind_a_statement_allows_nothing_of_the_next() {
    let findings = found(DialectName::Sqlite, "DROP TABLE a; -- migrated:allow L001\nDROP TABLE b;");
    assert_eq!(codes(&findings), ["L001", "L001"]);
}

#[test]
fn in_the_header_it_counts_for_the_whole_file() {
    let header = "-- migrated:allow L001\n";
    let findings = with_header(DialectName::Sqlite, header, "DROP TABLE a;\nDROP TABLE b;");
    assert_eq!(findings, []);
}

#[test]
fn several_codes_in_any_case_and_a_reason_may_be_given() {
    let sql = "-- migrated:allow l001,L004 -- L999 is no part of the codes\nDROP TABLE a;";
    assert_eq!(found(DialectName::Mysql, sql), []);
}

#[test]
fn a_code_that_nobody_has_is_told_at_its_place() {
    let findings = with_header(DialectName::Mysql, "-- migrated:allow L001, L01\n", "SELECT 1;");
    let places: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.line, f.column)).collect();
    assert_eq!(places, [("L000", 3, 25)]);
    assert_eq!(findings[0].message, "`L01` names no rule");
}

#[test]
fn a_code_of_ours_allows_what_squawk_says_about_the_same_but_not_the_other_way_round() {
    let unsafe_index = "CREATE UNIQUE INDEX i ON t (a);";
    assert_eq!(
        codes(&found(DialectName::Postgres, unsafe_index)),
        ["L004", "require-concurrent-index-creation"]
    );
    let allowed =
        |codes: &str| found(DialectName::Postgres, &format!("-- migrated:allow {codes}\n{unsafe_index}"));
    assert_eq!(codes(&allowed("L007")), ["L004"]);
    assert_eq!(codes(&allowed("require-concurrent-index-creation")), ["L004"]);
    assert_eq!(codes(&allowed("L004, L007")), [""; 0]);
    let both = "-- migrated:allow disallowed-unique-constraint, L005\nALTER TABLE t ADD UNIQUE (a);";
    assert_eq!(codes(&found(DialectName::Postgres, both)), ["L004"]);
}
