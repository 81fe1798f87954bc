//! Revision files that cannot be used, and what was changed after it was applied.

use crate::harness::{Answer, Database, Engine, Project, on_each};

fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project.ctl("upgrade b2").succeeds();
    project
}

/// Writes `bad.sql`, which must be refused with `reason`; once it is `mended`, the upgrade goes through.
#[track_caller]
fn refused_until_mended(bad: &[u8], reason: &str, name: &str, mended: &str) -> Answer {
    let project = project();
    let before = project.state();
    project.file("bad.sql", bad);
    let answer = project.ctl("upgrade head").exits(1).is(reason).recorded(name);
    let after = project.state();
    assert_eq!(after.target, before.target);
    assert_eq!(after.published, before.published);
    assert!(answer.stderr.contains("next: "), "it says what to do");
    project.file("bad.sql", mended);
    project.ctl("upgrade head").succeeds();
    answer
}

const GOOD: &str = "-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nSELECT 1;\n";

#[test]
fn not_utf8() {
    let bad =
        b"-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nINSERT INTO t_c3 VALUES ('caf\xe9');\n";
    refused_until_mended(bad, "FILE_NOT_UTF8", "file_not_utf8", GOOD);
}

#[test]
fn empty() {
    refused_until_mended(b"", "FILE_EMPTY", "file_empty", GOOD);
}

#[test]
fn without_a_header() {
    let bad = b"-- migrate:up\nCREATE TABLE x (id integer);\n";
    refused_until_mended(bad, "FILE_NO_HEADER", "file_no_header", GOOD);
}

#[test]
fn nothing_but_sql() {
    let bad = b"CREATE TABLE x (id integer);\n";
    refused_until_mended(bad, "FILE_NO_HEADER", "file_only_sql", GOOD);
}

#[test]
fn commit_inside() {
    let bad = b"-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nCREATE TABLE x (id integer);\nCOMMIT;\nCREATE TABLE y (id integer);\n";
    refused_until_mended(bad, "TRANSACTION_CONTROL", "commit_inside", GOOD);
}

#[test]
fn a_quote_that_never_ends() {
    let bad = b"-- revision: d4\n-- down_revision: c3\n\n-- migrate:up\nINSERT INTO t_c3 VALUES ('1);\n";
    refused_until_mended(bad, "SCRIPT_UNTERMINATED", "unterminated", GOOD);
}

#[test]
fn an_id_longer_than_the_column() {
    on_each(&[Engine::Postgres, Engine::Mariadb], |project| {
        project.three();
        let long = "d4".repeat(17);
        project.revision(&long, "c3", "CREATE TABLE t_long (id integer);", "");
        let before = project.database.dump();
        project.ctl("upgrade head").exits(1).is("ID_TOO_LONG").recorded_for_engine("id_too_long");
        assert_eq!(project.database.dump(), before, "not even the version table was made");
        project.remove(&format!("{long}.sql"));
        project.revision("d4", "c3", "CREATE TABLE t_long (id integer);", "");
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn changed_after_it_was_applied() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade b2").succeeds();
        project.revision(
            "b2",
            "a1",
            "CREATE TABLE t_b2 (id integer PRIMARY KEY, more integer);",
            "DROP TABLE t_b2;",
        );
        let before = project.database.dump();
        let answer = project.ctl("upgrade head").exits(12).is("CHANGED_REVISION");
        let answer = answer.recorded_for_engine("changed_revision");
        assert_eq!(project.database.dump(), before);
        project.shell(&answer.next().replace("TEXT", "'only a column that nobody has'")).succeeds();
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn a_row_that_nobody_knows() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade b2").succeeds();
        project.database.sql("UPDATE alembic_version SET version_num = 'feed01'");
        let before = project.database.dump();
        let answer = project.ctl("upgrade head").exits(1).is("UNKNOWN_REVISION");
        let answer = answer.recorded_for_engine("unknown_row");
        assert_eq!(project.database.dump(), before);
        let next = answer.next();
        project.shell(&next.replace("REV", "b2")).succeeds();
        project.ctl("stamp --purge b2").succeeds();
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn a_target_that_is_ahead() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.remove("c3.sql");
        let before = project.database.dump();
        project.ctl("upgrade head").succeeds().recorded_for_engine("ahead");
        assert_eq!(project.database.dump(), before);
        // An old image can take down what a newer one applied: the daemon has the body.
        project.ctl("downgrade b2").succeeds();
        project.ctl("current").succeeds().says("b2 (head)");
    });
}

#[test]
fn a_target_that_has_diverged() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.remove("c3.sql");
        project.revision("d4", "b2", "CREATE TABLE t_d4 (id integer);", "DROP TABLE t_d4;");
        project.ctl("upgrade head").succeeds().recorded_for_engine("diverged");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version ORDER BY 1"), "c3\nd4");
        project.ctl("upgrade head").succeeds();
    });
}

/// A body of five statements.
fn five(third: &str) -> String {
    format!(
        "CREATE TABLE t_d4 (id integer PRIMARY KEY);\nINSERT INTO t_d4 VALUES (1);\n{third}\n\
         INSERT INTO t_d4 VALUES (4);\nCREATE TABLE t_d5 (id integer);"
    )
}

#[test]
fn sql_that_fails_in_the_third_statement_of_five() {
    on_each(&[Engine::Sqlite, Engine::Postgres], |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.revision("d4", "c3", &five("INSERT INTO nowhere VALUES (3);"), "");
        let before = project.database.dump();
        let answer = project.ctl("upgrade head").exits(4).is("STATEMENT_FAILED");
        let answer = answer.recorded_for_engine("statement_failed");
        assert_eq!(project.database.dump(), before, "clean at the revision printed");
        project.revision("d4", "c3", &five("INSERT INTO t_d4 VALUES (3);"), "");
        project.shell(&answer.next()).succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM t_d4"), "3");
    });
}

#[test]
fn a_revision_that_failed_halfway_goes_on_where_it_stopped() {
    on_each(&[Engine::Mariadb], |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.revision("d4", "c3", &five("INSERT INTO nowhere VALUES (3);"), "");
        let answer = project.ctl("upgrade head").exits(5);
        let answer = answer.recorded_for_engine("statement_failed");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "c3");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_d4"), "1", "two statements took effect");
        // What is done may not be changed.
        let changed = five("INSERT INTO t_d4 VALUES (3);").replace("VALUES (1)", "VALUES (11)");
        project.revision("d4", "c3", &changed, "");
        project.ctl("upgrade head").exits(5).is("CHANGED_PARTIAL").recorded("changed_partial");
        // What is not done may.
        project.revision("d4", "c3", &five("INSERT INTO t_d4 VALUES (3);"), "");
        project.shell(&answer.next()).succeeds();
        assert_eq!(project.database.sql("SELECT group_concat(id ORDER BY id) FROM t_d4"), "1,3,4");
        project.ctl("current").succeeds().says("d4 (head)");
    });
}

#[test]
fn an_id_that_the_column_takes_for_another() {
    on_each(&[Engine::Mariadb], |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.revision("A1", "c3", "SELECT 1;", "");
        let before = project.database.dump();
        project.ctl("upgrade head").exits(1).is("ID_COLLISION").recorded("id_collision");
        assert_eq!(project.database.dump(), before);
        project.remove("A1.sql");
        project.revision("d4", "c3", "SELECT 1;", "");
        project.ctl("upgrade head").succeeds();
    });
}
