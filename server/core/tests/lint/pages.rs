//! The examples of `docs/lint`.

#![expect(clippy::disallowed_methods, reason = "the pages are files")]

use crate::{codes, found};
use migrated_core::DialectName;
use migrated_core::lint::RULES;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// An example of a page.
struct Example {
    is_found: bool,
    dialect: DialectName,
    sql: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint")
}

fn examples(page: &str) -> Vec<Example> {
    let (mut heading, mut block, mut examples) = ("", None::<(&str, String)>, Vec::new());
    for line in page.lines() {
        match &mut block {
            Some((dialects, sql)) if line == "```" => {
                for name in dialects.split(' ') {
                    let dialect = DialectName::parse(name).expect("a dialect");
                    examples.push(Example { is_found: heading == "## Found", dialect, sql: sql.clone() });
                }
                block = None;
            }
            Some((_, sql)) => sql.push_str(&format!("{line}\n")),
            None if line.starts_with("## ") => heading = line,
            None => block = line.strip_prefix("```sql ").map(|dialects| (dialects, String::new())),
        }
    }
    examples
}

#[test]
fn every_rule_has_a_page_whose_examples_are_true() {
    for rule in RULES {
        let page = std::fs::read_to_string(folder().join(format!("{}.md", rule.code))).expect("a page");
        assert!(page.starts_with(&format!("# {}: {}\n", rule.code, rule.title)), "{page}");
        let examples = examples(&page);
        for of in [true, false] {
            assert!(examples.iter().any(|e| e.is_found == of), "{} lacks examples", rule.code);
        }
        for Example { is_found, dialect, sql } in examples {
            let findings = found(dialect, &sql);
            let told: Vec<_> = findings.iter().filter(|f| f.code == rule.code).collect();
            assert_eq!(!told.is_empty(), is_found, "{} on {dialect}\n{sql}{findings:#?}", rule.code);
            assert!(told.iter().all(|f| f.severity == rule.severity && !f.safer.is_empty()), "{told:#?}");
        }
    }
}

#[test]
fn the_table_of_rules_is_complete() {
    let table = std::fs::read_to_string(folder().join("README.md")).expect("the table");
    for rule in RULES {
        let row = format!("| [{0}]({0}.md) | {1} | {2} |", rule.code, rule.title, rule.severity.as_str());
        assert!(table.contains(&row), "{row}");
        for kin in rule.kin {
            let rows = table.lines().filter(|line| line.starts_with(&format!("| {} |", rule.code)));
            assert!(
                rows.into_iter().any(|line| line.contains(&format!("`{kin}`"))),
                "{kin} of {}",
                rule.code
            );
        }
    }
}

#[test]
fn each_rule_is_shown_on_each_dialect_that_it_is_for() {
    let table = std::fs::read_to_string(folder().join("README.md")).expect("the table");
    for rule in RULES {
        let page = std::fs::read_to_string(folder().join(format!("{}.md", rule.code))).expect("a page");
        let shown: BTreeSet<DialectName> =
            examples(&page).iter().filter(|e| e.is_found).map(|e| e.dialect).collect();
        let row = table.lines().find(|line| line.starts_with(&format!("| [{}]", rule.code))).expect("a row");
        let cells: Vec<&str> = row.trim_matches('|').split('|').skip(3).map(str::trim).collect();
        let told: BTreeSet<DialectName> = DialectName::ALL
            .into_iter()
            .zip(cells)
            .filter(|(_, c)| c.starts_with("yes"))
            .map(|(d, _)| d)
            .collect();
        assert_eq!(shown, told, "{}", rule.code);
    }
}

#[test]
fn a_place_is_that_of_the_clause() {
    let findings = found(DialectName::Mysql, "ALTER TABLE invoices\n  ADD note text,\n  DROP COLUMN total;");
    let places: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.line, f.column)).collect();
    assert_eq!(places, [("L001", 6, 3)]);
}

#[test]
fn what_a_section_makes_is_nobodys_yet() {
    let sql = "CREATE TABLE t (a int);\nALTER TABLE t ADD b int NOT NULL;\nALTER TABLE t DROP COLUMN a;\n\
               CREATE UNIQUE INDEX i ON t (b);\nDELETE FROM t;";
    for dialect in DialectName::ALL {
        let findings = found(dialect, sql);
        assert!(codes(&findings).iter().all(|code| !code.starts_with('L')), "{dialect} {findings:#?}");
    }
}
