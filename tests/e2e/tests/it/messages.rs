//! What failures and steps say: the files, lines and parents that are meant, and no others.

use crate::harness::{Database, Engine, Project};

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
