//! Revision files that cannot be used.

use crate::harness::{Answer, Database, Engine, Leaves, Project};

/// A project of three revisions that stands at the second.
fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project.ctl("upgrade b2").succeeds();
    project
}

/// Writes `bad.sql`, which must be refused with `reason`; once it is `mended`, the upgrade goes through.
#[track_caller]
fn refused_until_mended(bad: &[u8], reason: &str, leaves: Leaves, name: &str, mended: &str) -> Answer {
    let project = project();
    project.file("bad.sql", bad);
    let answer = project.fails("upgrade head", 1, reason, leaves, name);
    assert!(answer.stderr.contains(" --> migrations/bad.sql:"), "the file and the line\n{}", answer.story());
    project.file("bad.sql", mended);
    // The command that is named where one is; else what was asked for, again.
    let again = answer.all_next().into_iter().find(|command| command.contains("upgrade"));
    project.shell(again.as_deref().unwrap_or("migratectl upgrade head")).succeeds();
    project.ctl("current").succeeds().says("d4 (head)");
    answer
}

const GOOD: &str = "-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nSELECT 1;\n";

/// A file that follows `c3` and has this upgrade body.
fn body(sql: &str) -> Vec<u8> {
    format!("-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\n{sql}\n").into_bytes()
}

#[test]
fn not_utf8() {
    let bad =
        b"-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nINSERT INTO t_c3 VALUES ('caf\xe9');\n";
    refused_until_mended(bad, "FILE_NOT_UTF8", Leaves::Nothing, "file_not_utf8", GOOD);
}

#[test]
fn empty() {
    let answer = refused_until_mended(b"", "FILE_EMPTY", Leaves::Nothing, "file_empty", GOOD);
    // The other way that is named: without the file, begin a revision.
    let project = project();
    let made = project.shell(&answer.next().replace("MESSAGE", "notes")).succeeds();
    assert!(project.path(made.stdout.trim_end()).is_file());
    project.ctl("upgrade head").succeeds();
}

#[test]
fn without_a_header() {
    let bad = b"-- migrate:up\nCREATE TABLE x (id integer);\n";
    refused_until_mended(bad, "FILE_NO_HEADER", Leaves::Nothing, "file_no_header", GOOD);
}

#[test]
fn nothing_but_sql() {
    let bad = b"CREATE TABLE x (id integer);\n";
    refused_until_mended(bad, "FILE_NO_HEADER", Leaves::Nothing, "file_only_sql", GOOD);
}

#[test]
fn a_header_that_cannot_be_read() {
    let bad = b"-- revision: d4\n-- down_revison: c3\n\n-- migrate:up\nSELECT 1;\n";
    refused_until_mended(bad, "FILE_INVALID_HEADER", Leaves::Nothing, "file_invalid_header", GOOD);
}

#[test]
fn a_quote_that_never_ends() {
    let bad = body("INSERT INTO t_c3 VALUES ('1);");
    refused_until_mended(&bad, "SCRIPT_UNTERMINATED", Leaves::Run("FAILED"), "unterminated", GOOD);
}

#[test]
fn a_pragma_that_a_transaction_makes_a_no_op() {
    let bad = body("PRAGMA journal_mode = WAL;\nSELECT 1;");
    refused_until_mended(&bad, "PRAGMA_IN_TRANSACTION", Leaves::Run("FAILED"), "pragma_inside", GOOD);
}
