//! What failures and steps say: the files, lines and parents that are meant, and no others.

use crate::harness::{Database, Engine, Leaves, OnTerminal, Project};

fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project
}

#[test]
fn a_missing_dependency_names_the_file_that_has_it_and_not_those_of_its_suggestions() {
    let project = project();
    project.revision_with("d4", "c3", "-- depends_on: b22", "SELECT 1;", "");
    let answer = project.ctl("upgrade head").exits(1).is("MISSING_DEPENDENCY");
    assert!(answer.stderr.contains("did you mean `b2`? (migrations/d4.sql)\n"), "{}", answer.stderr);
}

#[test]
fn a_plan_that_is_refused_shows_the_line() {
    let project = project();
    let up = "CREATE TABLE t_d4 (id integer);\nCREATE INDEX CONCURRENTLY i ON t_d4 (id);";
    project.revision("d4", "c3", up, "");
    let answer = project.ctl("plan upgrade head --current c3 --dialect postgresql").exits(1);
    let answer = answer.is("MIXED_TRANSACTION");
    let text = std::fs::read_to_string(project.path("migrations/d4.sql")).expect("the file");
    let line = text.lines().position(|line| line.contains("CONCURRENTLY")).expect("the statement") + 1;
    assert!(answer.stderr.contains(&format!("--> migrations/d4.sql:{line}:1\n")), "{}", answer.stderr);
}

#[test]
fn a_label_that_nobody_carries_is_no_missing_revision() {
    let project = project();
    for goal in ["nosuch@head", "nosuch@heads", "nosuch@+1", "nosuch@c3"] {
        project.ctl(&format!("upgrade {goal}")).exits(1).is("NO_SUCH_LABEL");
    }
}

#[test]
fn a_step_leads_from_the_parents_of_its_revision_whatever_the_rows_are() {
    let project = project();
    project.revision("d4", "b2", "SELECT 1;", "SELECT 1;");
    project.ctl("upgrade c3").succeeds();
    let up = project.ctl("upgrade heads").succeeds();
    assert!(up.stderr.contains("[1/1] b2 -> d4  "), "the rows are c3 alone: {}", up.stderr);
    let down = project.ctl("downgrade c3-1").succeeds();
    assert!(down.stderr.contains("c3 -> b2  "), "{}", down.stderr);
    let plan = project.ctl("plan upgrade c3").succeeds();
    assert!(plan.stdout.contains("-- [1/1] b2 -> c3  "), "{}", plan.stdout);
}

#[test]
fn nothing_to_accept_is_said_with_the_way_on() {
    let project = project();
    project.ctl("upgrade head").succeeds();
    let answer = project.ctl("repair --accept-hash c3 --reason none").exits(1).is("INVALID_REQUEST");
    assert!(answer.stderr.contains("there is nothing to accept\nstate: "), "{}", answer.stderr);
    project.shell(&answer.next()).succeeds();
}

#[test]
fn every_changed_revision_is_accepted_at_once_after_a_yes() {
    let project = project();
    project.ctl("upgrade head").succeeds();
    let none = project.ctl("repair --all --reason none").succeeds();
    assert_eq!(none.stdout, "every revision is as it was applied\n");
    project.revision("a1", "", "CREATE TABLE t_a1 (id integer, more text);", "DROP TABLE t_a1;");
    project.revision("c3", "b2", "CREATE TABLE t_c3 (id integer, more text);", "DROP TABLE t_c3;");
    project.ctl("upgrade head").exits(12).is("CHANGED_REVISION");
    let before = project.place();
    let refused = project.ctl("repair --all --reason imported").is("NEEDS_TERMINAL");
    assert!(
        refused.stderr.contains("a1 (migrations/a1.sql): ") && refused.stderr.contains("c3 ("),
        "{}",
        refused.story()
    );
    assert!(!refused.stderr.contains("b2 ("), "{}", refused.story());
    before.is_kept(&project.place(), Leaves::Nothing);
    let words = ["repair", "--all", "--reason", "imported from Alembic"];
    let mut terminal = OnTerminal::start(&project, &words);
    terminal.answers("accept the present content of 2 revisions? [y/N] ", "n");
    let (exit, _, screen) = terminal.ends();
    assert_eq!(exit, 1, "{screen}");
    before.is_kept(&project.place(), Leaves::Nothing);
    let mut terminal = OnTerminal::start(&project, &words);
    terminal.answers("accept the present content of 2 revisions? [y/N] ", "y");
    let (exit, result, screen) = terminal.ends();
    assert_eq!((exit, result.as_str()), (0, "accepted: 2 revisions\n"), "{screen}");
    let audited = project.store("SELECT action, actor, detail FROM audit ORDER BY id");
    assert_eq!(audited.lines().count(), 2, "{audited}");
    assert!(
        audited.lines().all(
            |line| line.starts_with("repair --accept-hash|") && line.ends_with(": imported from Alembic")
        ),
        "{audited}"
    );
    project.ctl("upgrade head").succeeds();
    project.revision("b2", "a1", "CREATE TABLE t_b2 (id integer, more text);", "DROP TABLE t_b2;");
    let answer = project.ctl("repair --all --reason again --yes --output json").succeeds();
    let told: serde_json::Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    assert_eq!(told["revisions"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["revisions"][0]["path"], "migrations/b2.sql", "{told}");
    project.ctl("upgrade head").succeeds();
}
