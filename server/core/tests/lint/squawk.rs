//! Squawk's rules on PostgreSQL.

use crate::{codes, found};
use migrated_core::DialectName;
use migrated_core::lint::Severity;

fn found_here(sql: &str) -> Vec<migrated_core::lint::Finding> {
    found(DialectName::Postgres, sql)
}

#[test]
fn what_squawk_tells_stands_under_its_own_names_at_its_place() {
    let findings = found_here("SELECT 1;\n  CREATE INDEX i ON t (a);");
    let places: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.line, f.column)).collect();
    assert_eq!(places, [("require-concurrent-index-creation", 5, 3)]);
    assert!(!findings[0].message.is_empty() && !findings[0].safer.is_empty(), "{findings:?}");
}

#[test]
fn a_required_field_is_an_error_and_the_rest_are_warnings() {
    let findings = found_here("ALTER TABLE t ADD COLUMN c text NOT NULL;");
    assert_eq!(codes(&findings), ["adding-required-field"]);
    assert_eq!(findings[0].severity, Severity::Error);
    let findings = found_here("ALTER TABLE t ALTER COLUMN c SET NOT NULL;");
    assert_eq!(codes(&findings), ["adding-not-nullable-field"]);
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn each_kin_of_a_rule_is_found() {
    for (sql, code) in [
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", "constraint-missing-not-valid"),
        ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a);", "adding-foreign-key-constraint"),
        ("ALTER TABLE t ALTER COLUMN a TYPE bigint;", "changing-column-type"),
        ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid();", "adding-field-with-default"),
        ("DROP INDEX i;", "require-concurrent-index-deletion"),
        ("REINDEX INDEX i;", "require-concurrent-reindex"),
        ("ALTER TABLE t DETACH PARTITION p;", "require-concurrent-partition-detach"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a);", "disallowed-unique-constraint"),
    ] {
        let findings = found_here(sql);
        assert!(codes(&findings).contains(&code), "{sql} {findings:#?}");
    }
}

#[test]
fn what_we_tell_ourselves_is_told_once() {
    for sql in ["DROP TABLE t;", "ALTER TABLE t DROP COLUMN a;", "DROP DATABASE d;", "TRUNCATE t CASCADE;"] {
        assert_eq!(codes(&found_here(sql)), ["L001"], "{sql}");
    }
}

#[test]
fn what_does_not_fit_is_not_told() {
    assert_eq!(codes(&found_here("ALTER TABLE t ADD COLUMN c text;")), [""; 0]);
}

#[test]
fn inline_data_of_copy_is_no_sql() {
    let sql =
        "COPY t (a) FROM STDIN;\nDROP TABLE x;\nCREATE INDEX i ON t (a);\n\\.\nCREATE INDEX j ON t (a);";
    let findings = found_here(sql);
    let places: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.line, f.column)).collect();
    assert_eq!(places, [("require-concurrent-index-creation", 8, 1)]);
}

#[test]
fn squawks_own_comments_count() {
    let sql = "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON t (a);";
    assert_eq!(codes(&found_here(sql)), [""; 0]);
}

#[test]
fn a_text_that_squawk_cannot_read_is_still_linted_by_us() {
    let findings = found_here("THIS IS (NO SQL;\nSELECT ');');\nDROP TABLE t);\nDROP TABLE u;");
    assert!(codes(&findings).iter().all(|code| !code.is_empty()), "{findings:?}");
    let findings = found_here("FROBNICATE ALL;\nDROP TABLE u;");
    assert!(codes(&findings).contains(&"L001"), "{findings:?}");
}
