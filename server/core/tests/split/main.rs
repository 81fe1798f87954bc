//! Splitting scripts: small cases by dialect, and the laws that hold for every text.

mod laws;
mod mysql;
mod postgres;
mod sqlite;

use migrated_core::dialect::{SplitError, Splitter, split};
use migrated_core::{Code, DialectName};

pub(crate) const PG: DialectName = DialectName::Postgres;
pub(crate) const MY: DialectName = DialectName::Mysql;
pub(crate) const LITE: DialectName = DialectName::Sqlite;

#[track_caller]
pub(crate) fn check(dialect: DialectName, script: &str, expected: &[&str]) {
    let found = split(dialect, script, 1).expect("the script can be split");
    assert_eq!(found.iter().map(|s| s.text).collect::<Vec<_>>(), expected);
}

#[track_caller]
pub(crate) fn refused(dialect: DialectName, script: &str, code: Code, place: (u32, u32), message: &str) {
    let SplitError { code: found, line, column, message: said, .. } =
        split(dialect, script, 1).expect_err("the script is refused");
    assert_eq!((found, (line, column), said.as_str()), (code, place, message));
}

#[test]
fn plain_statements_in_every_dialect() {
    for dialect in DialectName::ALL {
        check(dialect, "", &[]);
        check(dialect, " \n;;\t; -- nothing\n/* at all */", &[]);
        check(dialect, "SELECT 1", &["SELECT 1"]);
        check(dialect, "SELECT 1;SELECT 2;", &["SELECT 1", "SELECT 2"]);
        check(dialect, "-- a\nSELECT 1 -- b;\n ; /* ; */ SELECT 2 /* c */", &["SELECT 1", "SELECT 2"]);
        check(dialect, "SELECT 'a;''b;' ; SELECT ';'", &["SELECT 'a;''b;'", "SELECT ';'"]);
        check(dialect, "SELECT \"a;\"\"b\"; x", &["SELECT \"a;\"\"b\"", "x"]);
        check(dialect, "SELECT 'żółć;'; ąę", &["SELECT 'żółć;'", "ąę"]);
        check(dialect, "\u{feff}SELECT 1;\u{feff}SELECT 2", &["SELECT 1", "SELECT 2"]);
        check(dialect, "SELECT 1;\r\nSELECT\r\n2;\r\n", &["SELECT 1", "SELECT\r\n2"]);
    }
}

#[test]
fn places_are_those_of_the_file() {
    let script = "-- zażółć\nSELECT 1; /* ą */ SELECT 2;\r\n\r\n   SELECT\n3;";
    let found: Vec<_> =
        split(PG, script, 7).expect("splits").iter().map(|s| (s.line, s.column, s.text)).collect();
    assert_eq!(found, [(8, 1, "SELECT 1"), (8, 19, "SELECT 2"), (10, 4, "SELECT\n3")]);
}

#[test]
fn a_large_statement_and_many_small_ones() {
    let large = format!("INSERT INTO t VALUES ('{}')", "x'';\n".repeat(2_000_000));
    let script = format!("{large};SELECT 1");
    for dialect in [PG, LITE] {
        check(dialect, &script, &[&large, "SELECT 1"]);
    }
    // All on one line: columns must not be counted from its start each time.
    let many = "INSERT INTO t VALUES (1, 'a');".repeat(100_000);
    for dialect in DialectName::ALL {
        let last = Splitter::new(dialect, &many, 1).last().expect("there are some").expect("splits");
        assert_eq!((last.line, last.column), (1, 99_999 * 30 + 1));
        assert_eq!(Splitter::new(dialect, &many, 1).count(), 100_000);
    }
}
