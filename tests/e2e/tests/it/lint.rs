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
fn a_plan_shows_what_lint_says_about_an_upgrade_alone() {
    let project = project();
    let plan = |words: &str| project.ctl(&format!("plan {words} --dialect mysql")).succeeds();
    plan("upgrade head --current base").recorded("lint_in_plan");
    let down = plan("downgrade base --current a1");
    assert!(!down.stdout.contains("L001"), "{}", down.story());
}
