//! When two files are the same revision.

use crate::{read, with_body};
use migrated_core::DialectName;
use migrated_core::dialect::split;
use migrated_core::event::Direction;
use migrated_core::file::token_hash;

#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(token_hash(&read(a)), token_hash(&read(b)), "{a:?} and {b:?} mean the same");
}

#[track_caller]
fn differ(a: &str, b: &str) {
    assert_ne!(token_hash(&read(a)), token_hash(&read(b)), "{a:?} and {b:?} differ");
}

fn up(options: &str, sql: &str) -> String {
    format!("-- revision: a1\n-- down_revision: p, q\n-- migrate:up {options}\n{sql}\n")
}

#[test]
fn identity_leaves_out_what_means_nothing() {
    let plain = up("", "CREATE TABLE t (a int, b text);\nSELECT 'x  y';");
    same(&plain, &up("", "CREATE  TABLE t\r\n(a int,b text) ; -- done\n/* now */ SELECT 'x  y'"));
    same(&plain, &plain.replace("p, q", "q,p"));
    same(&plain, &format!("-- message: m\n-- branch_labels: l\n-- created: 2026-01-01T00:00:00Z\n{plain}"));
    same(&plain, &plain.replace('\n', "\r\n"));
    same(&up("dialect:mysql", "SELECT 1"), &up("dialect:mariadb", "SELECT 1 # one\n;"));
    same(&up("dialect:sqlite,mysql", "x;"), &up("dialect:mysql,sqlite", "x;"));
    same(&up("dialect:postgresql", "DO $$\na\n$$"), &up("dialect:postgresql", "DO $$\r\na\r\n$$"));
    let (a, b) = ("-- migrate:up\nx;\n", "-- migrate:down\ny;\n");
    same(&with_body(&format!("{a}{b}")), &with_body(&format!("{b}{a}")));
    same(
        &up("dialect:mysql", "CREATE PROCEDURE p() BEGIN x; END; y;"),
        &up("dialect:mysql", "DELIMITER //\nCREATE PROCEDURE p() BEGIN x; END//\nDELIMITER ;\ny;"),
    );
}

#[test]
fn identity_counts_what_means_something() {
    let plain = up("", "SELECT 1, 'x y';");
    for other in [
        "SELECT 1, 'x  y';",
        "select 1, 'x y';",
        "SELECT 1, \"x y\";",
        "SELECT 1; SELECT 'x y';",
        "SELECT 11, 'x y';",
    ] {
        differ(&plain, &up("", other));
    }
    differ(&plain, &plain.replace("p, q", "p"));
    differ(&plain, &plain.replace("a1", "a2"));
    differ(&plain, &up("transaction:false", "SELECT 1, 'x y';"));
    differ(&plain, &up("dialect:mysql", "SELECT 1, 'x y';"));
    differ(&plain, &format!("{plain}-- migrate:down\n"));
    differ(&with_body("-- depends_on: b\n"), &with_body("-- down_revision: b\n"));
    differ(&up("dialect:mysql", "/*!80000 x */ y"), &up("dialect:mysql", "/*!50000 x */ y"));
    differ(&up("dialect:mysql", "SELECT /*+ A */ 1"), &up("dialect:mysql", "SELECT /*+ B */ 1"));
    differ(&up("dialect:mysql", "SELECT x'61'"), &up("dialect:mysql", "SELECT x '61'"));
    differ(&up("dialect:postgresql", "SELECT 1 @ -1"), &up("dialect:postgresql", "SELECT 1 @- 1"));
    differ(&up("dialect:postgresql", "SELECT 1e-5"), &up("dialect:postgresql", "SELECT 1e - 5"));
    // Inline data is data: tabs and dashes in it count.
    let copy = |data: &str| up("dialect:postgresql", &format!("COPY t FROM STDIN;\n{data}\n\\.\n"));
    differ(&copy("a\tb"), &copy("a b"));
    differ(&copy("a -- b"), &copy("a -- c"));
    // Without a dialect, whatever is text to one of them counts.
    differ(&up("", "SELECT 1 # a\n;"), &up("", "SELECT 1 # b\n;"));
    differ(&up("", "SELECT 2 --1\n;"), &up("", "SELECT 2 --2\n;"));
    differ(&up("", "SELECT 1 /*! +1 */;"), &up("", "SELECT 1 /*! +2 */;"));
    differ(&up("", "SELECT 'a\\' -- b\n, 'c';"), &up("", "SELECT 'a\\' -- d\n, 'c';"));
    // What cannot be read counts verbatim.
    differ(&up("", "SELECT 1; SELECT 'open"), &up("", "SELECT 1; SELECT  'open"));
}

#[test]
fn a_large_file() {
    let row = "INSERT INTO t VALUES (1, 'some text; and more');\n";
    let text = up("dialect:sqlite", &row.repeat(100_000));
    let file = read(&text);
    let section = file.section(Direction::Up, DialectName::Sqlite).expect("there is one");
    let statements = split(DialectName::Sqlite, file.body(section), section.body_line).expect("splits");
    assert_eq!((statements.len(), statements[99_999].line), (100_000, 100_003));
    assert_eq!(token_hash(&file), token_hash(&read(&text.replace("VALUES (", "VALUES("))));
}
