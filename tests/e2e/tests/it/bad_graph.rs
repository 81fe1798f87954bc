//! Identifiers and graphs that cannot be used: each is refused before anything happens, and the next command helps.

use crate::harness::{Answer, Database, Engine, Project};

/// A project of three revisions that stands at the second.
fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project.ctl("upgrade b2").succeeds();
    project
}

/// Runs a command that must be refused with `reason`, and compares target and store before and after.
#[track_caller]
fn refused(project: &Project, words: &str, reason: &str, exit: i32, name: &str) -> Answer {
    let before = project.state();
    let answer = project.ctl(words).exits(exit).is(reason).recorded(name);
    assert_eq!(project.state(), before, "a refused command changes nothing");
    answer
}

/// Writes a branch beside `c3`: `d4fe` and `d4ff` on `b2`.
fn branch(project: &Project) {
    let (up, down) = ("CREATE TABLE t_d4fe (id integer);", "DROP TABLE t_d4fe;");
    project.revision_with("d4fe", "b2", "-- branch_labels: side", up, down);
    project.revision("d4ff", "d4fe", "CREATE TABLE t_d4ff (id integer);", "DROP TABLE t_d4ff;");
}

#[test]
fn unknown_identifier() {
    let project = project();
    let answer = refused(&project, "upgrade nothing", "UNKNOWN_REVISION", 1, "unknown_identifier");
    let history = project.shell(&answer.next()).succeeds();
    assert!(history.stdout.contains("c3 (head)"), "it shows what there is");
    project.ctl("upgrade c3").succeeds();
}

#[test]
fn trailing_garbage_is_not_cut_off() {
    let project = project();
    let answer = refused(&project, "upgrade c3;", "UNKNOWN_REVISION", 1, "trailing_garbage");
    project.shell(&answer.next()).succeeds();
}

#[test]
fn ambiguous_identifier() {
    let project = project();
    for (id, on) in [("abcd01", "c3"), ("abcd02", "abcd01")] {
        project.revision(id, on, "SELECT 1;", "SELECT 1;");
    }
    let answer = refused(&project, "upgrade abcd", "AMBIGUOUS_REVISION", 1, "ambiguous_identifier");
    assert!(project.shell(&answer.next()).succeeds().stdout.contains("abcd01"));
    project.ctl("upgrade abcd01").succeeds();
}

#[test]
fn wrong_branch() {
    let project = project();
    branch(&project);
    let answer = refused(&project, "upgrade side@c3", "NOT_IN_BRANCH", 1, "wrong_branch");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade side@head").succeeds();
}

#[test]
fn several_heads() {
    let project = project();
    branch(&project);
    let answer = refused(&project, "upgrade head", "MULTIPLE_HEADS", 1, "several_heads");
    assert!(project.shell(&answer.next()).succeeds().stdout.contains("d4ff"));
    // Each of the ways that the line names.
    project.ctl("upgrade side@head").succeeds();
    project.ctl("upgrade heads").succeeds();
    project.ctl_words(&["merge", "heads", "-m", "both"]).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn a_relative_step_into_a_branch_point() {
    let project = project();
    branch(&project);
    let answer = refused(&project, "upgrade +1", "AMBIGUOUS_WALK", 1, "ambiguous_walk");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade side@+1").succeeds();
}

#[test]
fn cycle() {
    let project = project();
    project.revision("e5", "f6", "SELECT 1;", "");
    project.revision("f6", "e5", "SELECT 1;", "");
    let answer = refused(&project, "upgrade head", "CYCLE", 1, "cycle");
    project.revision("e5", "c3", "SELECT 1;", "");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn missing_parent() {
    let project = project();
    project.ctl("push").succeeds();
    project.remove("b2.sql");
    let answer = refused(&project, "upgrade head", "MISSING_PARENT", 1, "missing_parent");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn missing_dependency() {
    let project = project();
    project.revision_with("d4", "c3", "-- depends_on: gone", "SELECT 1;", "");
    refused(&project, "upgrade head", "MISSING_DEPENDENCY", 1, "missing_dependency");
    project.revision("d4", "c3", "SELECT 1;", "");
    project.ctl("upgrade head").succeeds();
}

#[test]
fn two_files_with_one_id() {
    let project = project();
    std::fs::copy(project.path("migrations/c3.sql"), project.path("migrations/copy.sql")).expect("copied");
    let answer = refused(&project, "upgrade head", "DUPLICATE_REVISION", 1, "duplicate_id");
    assert!(answer.stderr.contains("migrations/c3.sql") && answer.stderr.contains("migrations/copy.sql"));
    project.remove("copy.sql");
    project.ctl("upgrade head").succeeds();
}

#[test]
fn two_revisions_with_one_label() {
    let project = project();
    branch(&project);
    project.revision_with("e5", "b2", "-- branch_labels: side", "SELECT 1;", "");
    let answer = refused(&project, "upgrade side@head", "DUPLICATE_LABEL", 1, "duplicate_label");
    assert!(answer.stderr.contains("migrations/d4fe.sql") && answer.stderr.contains("migrations/e5.sql"));
    project.revision_with("e5", "b2", "-- branch_labels: other", "SELECT 1;", "");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade side@head").succeeds();
}
