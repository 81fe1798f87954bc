//! `lint`, from the folder to every form of its output, and in plans. No database is asked.

use crate::harness::{Database, Engine, Project};

/// Three revisions: one that is fine, one that each dialect has something to say about, one that is allowed.
fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    let first = "CREATE TABLE invoices (id bigint PRIMARY KEY, total bigint, note text);";
    project.revision("a1", "", first, "DROP TABLE invoices;");
    let second = "UPDATE invoices SET total = 0;\nALTER TABLE invoices\n  DROP COLUMN note;\n\
                  CREATE UNIQUE INDEX one_total ON invoices (total);";
    project.revision("b2", "a1", second, "");
    let third = "-- migrated:allow L001 -- nobody reads it\nDROP TABLE invoices;";
    project.revision("c3", "b2", third, "");
    project
}

#[test]
fn each_dialect_has_its_findings() {
    let project = project();
    for dialect in ["postgresql", "mysql", "sqlite"] {
        project.ctl(&format!("lint --dialect {dialect}")).exits(11).recorded(&format!("lint_{dialect}"));
    }
    project.ctl("lint").exits(11).recorded("lint_sqlite_of_url");
}

#[test]
fn each_form_has_its_report() {
    let project = project();
    for form in ["json", "github", "gitlab", "teamcity", "junit"] {
        let answer = project.ctl(&format!("lint --dialect mysql --output {form}")).exits(11);
        answer.recorded(&format!("lint_form_{form}"));
    }
}

#[test]
fn only_what_is_named_is_looked_at() {
    let project = project();
    let looked = |words: &str, exit: i32, revisions: &str| {
        let answer = project.ctl(&format!("lint {words}")).exits(exit);
        assert!(answer.stderr.starts_with(revisions), "{}", answer.story());
    };
    looked("a1 c3", 0, "2 revisions: 0 errors, 0 warnings");
    looked("b2:head", 11, "2 revisions: 1 error, 1 warning");
    looked("head", 0, "1 revision: 0 errors, 0 warnings");
    looked(":b2", 11, "2 revisions: 1 error, 1 warning");
    project.ctl("lint nowhere").exits(1).is("UNKNOWN_REVISION");
}

#[test]
fn what_cannot_run_is_a_finding_with_its_code() {
    let project = project();
    let mixed = "CREATE TABLE t (a bigint);\nCREATE INDEX CONCURRENTLY i ON invoices (total);";
    project.revision("d4", "c3", mixed, "");
    project.ctl("lint d4 --dialect postgresql").exits(11).recorded("lint_cannot_run");
}

#[test]
fn warnings_alone_are_no_refusal() {
    let project = project();
    project.revision("d4", "c3", "CREATE INDEX i ON invoices (total);", "");
    let answer = project.ctl("lint d4 --dialect postgresql").exits(0);
    assert!(answer.stdout.contains("warning require-concurrent-index-creation: "), "{}", answer.story());
}

#[test]
fn without_a_dialect_it_is_refused_with_the_way_on() {
    let project = project();
    project.configure("project = \"shop\"\n");
    let answer = project.ctl("lint").exits(1).is("INVALID_REQUEST");
    assert!(
        answer.stderr.contains("next: add `--dialect postgresql`, `mysql` or `sqlite`"),
        "{}",
        answer.story()
    );
}

#[test]
fn a_plan_shows_what_lint_says_about_each_way() {
    let project = project();
    let plan = |words: &str| project.ctl(&format!("plan {words} --dialect mysql")).succeeds();
    plan("upgrade head --current base").recorded("lint_in_plan");
    let down = plan("downgrade base --current a1");
    assert!(down.stdout.contains("warning L001: table invoices is dropped"), "{}", down.story());
}

#[test]
fn the_way_down_is_looked_at_where_that_is_asked_for() {
    let project = project();
    let answer = project.ctl("lint a1").exits(0);
    assert_eq!(answer.stdout, "", "{}", answer.story());
    project.ctl("lint a1 --downgrades").exits(0).recorded("lint_downgrades");
    let json = project.ctl("lint a1 --downgrades --output json").exits(0);
    assert!(json.stdout.contains("\"DIRECTION_DOWN\""), "{}", json.story());
    assert!(!json.stdout.contains("downgrade: "), "{}", json.story());
}

#[test]
fn rules_are_switched_off_by_the_command_line_and_the_configuration() {
    let project = project();
    let looked = |words: &str, exit: i32, said: &str| {
        let answer = project.ctl(&format!("lint b2 --dialect postgresql {words}")).exits(exit);
        assert!(answer.stderr.contains(said), "{}", answer.story());
    };
    looked("", 11, "1 revision: 1 error, 2 warnings");
    looked("--ignore l001", 0, "1 revision: 0 errors, 2 warnings");
    looked("--ignore L004,L007", 11, "1 revision: 1 error, 0 warnings");
    project.ctl("lint --ignore L01").exits(1).is("INVALID_REQUEST").recorded("lint_ignore_unknown");
    project.configure("project = \"shop\"\n[lint]\nignore = [\"L007\", \"L004\"]\n");
    looked("", 11, "1 revision: 1 error, 0 warnings");
    looked("--ignore L001", 0, "1 revision: 0 errors, 0 warnings");
    let plan = project.ctl("plan upgrade b2 --current a1 --dialect postgresql").succeeds();
    assert!(plan.stdout.contains("L001") && !plan.stdout.contains("L004"), "{}", plan.story());
}

#[test]
fn what_autogenerate_writes_is_linted_as_the_configuration_says() {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    let table = "CREATE TABLE invoices (id bigint PRIMARY KEY, total bigint);";
    project.revision("a1", "", table, "DROP TABLE invoices;");
    project.ctl("upgrade head").succeeds();
    let schema = format!("{table}\nCREATE UNIQUE INDEX one_total ON invoices (total);");
    std::fs::write(project.path("schema.sql"), schema).expect("written");
    let words = "revision --autogenerate --schema schema.sql -m more";
    let told = project.ctl(words).succeeds();
    assert!(told.stderr.contains("L004"), "{}", told.story());
    let url = project.database.url();
    let ignoring =
        |rule: &str| format!("project = \"shop\"\ndatabase_url = \"{url}\"\n[lint]\nignore = [\"{rule}\"]\n");
    std::fs::remove_file(project.path(told.stdout.trim())).expect("its path was printed");
    project.configure(&ignoring("L004"));
    let silent = project.ctl(words).succeeds();
    assert!(!silent.stderr.contains("L004"), "{}", silent.story());
    std::fs::remove_file(project.path(silent.stdout.trim())).expect("its path was printed");
    project.configure(&ignoring("L04"));
    project.ctl(words).exits(1).is("INVALID_REQUEST");
}

#[test]
fn a_target_of_the_command_line_leaves_what_is_applied_out() {
    let project = project();
    let url = project.database.url();
    let looked = |words: &str, exit: i32, said: &str| {
        let answer = project.ctl(&format!("lint {words}")).exits(exit);
        assert!(answer.stderr.starts_with(said), "{}", answer.story());
    };
    let given = format!("--database-url {url}");
    looked(&given, 11, "3 revisions: 1 error, 1 warning");
    project.ctl("upgrade b2").succeeds();
    looked(&given, 0, "1 revision: 0 errors, 0 warnings");
    looked("", 11, "3 revisions: 1 error, 1 warning");
    looked("current", 11, "1 revision: 1 error, 1 warning");
    looked("+1", 0, "1 revision: 0 errors, 0 warnings");
    looked("current:", 11, "2 revisions: 1 error, 1 warning");
    looked("head-1", 11, "1 revision: 1 error, 1 warning");
    looked("a1+1", 11, "1 revision: 1 error, 1 warning");
    project.configure("project = \"shop\"\n");
    project.ctl("lint +1 --dialect sqlite").exits(2).is("CONFIG_INVALID");
}
