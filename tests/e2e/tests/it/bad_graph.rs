//! Identifiers and graphs that cannot be used: each is refused before anything happens, and the next command helps.

use crate::harness::{Database, Engine, Project};

/// A project of three revisions that stands at the second.
fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project.ctl("upgrade b2").succeeds();
    project
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
    let answer = project.refuses("upgrade nothing", 1, "UNKNOWN_REVISION", "unknown_identifier");
    let history = project.shell(&answer.next()).succeeds();
    assert!(history.stdout.contains("c3 (head)"), "it shows what there is");
    project.ctl("upgrade c3").succeeds();
}

#[test]
fn trailing_garbage_is_not_cut_off() {
    let project = project();
    let answer = project.refuses("upgrade c3;", 1, "UNKNOWN_REVISION", "trailing_garbage");
    assert!(project.shell(&answer.next()).succeeds().stdout.contains("c3 (head)"));
    project.ctl("upgrade c3").succeeds();
}

#[test]
fn ambiguous_identifier() {
    let project = project();
    for (id, on) in [("abcd01", "c3"), ("abcd02", "abcd01")] {
        project.revision(id, on, "SELECT 1;", "SELECT 1;");
    }
    let answer = project.refuses("upgrade abcd", 1, "AMBIGUOUS_REVISION", "ambiguous_identifier");
    assert!(project.shell(&answer.next()).succeeds().stdout.contains("abcd01"));
    project.ctl("upgrade abcd01").succeeds();
}

#[test]
fn wrong_branch() {
    let project = project();
    branch(&project);
    let answer = project.refuses("upgrade side@c3", 1, "NOT_IN_BRANCH", "wrong_branch");
    let graph = project.shell(&answer.next()).succeeds().stdout;
    assert!(graph.contains("(side)"), "it shows where the branch is: {graph}");
    project.ctl("upgrade side@head").succeeds();
}

#[test]
fn several_heads() {
    let project = project();
    branch(&project);
    let answer = project.refuses("upgrade head", 1, "MULTIPLE_HEADS", "several_heads");
    let [heads, merge] = &answer.all_next()[..] else { panic!("two commands\n{}", answer.story()) };
    let heads = project.shell(heads).succeeds().stdout;
    assert!(heads.contains("c3") && heads.contains("d4ff"), "it shows what to name: {heads}");
    // Each of the ways that the line names.
    project.ctl("upgrade side@head").succeeds();
    project.ctl("upgrade heads").succeeds();
    project.shell(&format!("{merge} -m both")).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn a_relative_step_into_a_branch_point() {
    let project = project();
    branch(&project);
    let answer = project.refuses("upgrade +1", 1, "AMBIGUOUS_WALK", "ambiguous_walk");
    let graph = project.shell(&answer.next()).succeeds().stdout;
    assert!(graph.contains("c3") && graph.contains("d4fe"), "it shows both ways: {graph}");
    project.ctl("upgrade side@+1").succeeds();
}

#[test]
fn cycle() {
    let project = project();
    project.revision("e5", "f6", "SELECT 1;", "");
    project.revision("f6", "e5", "SELECT 1;", "");
    let answer = project.refuses("upgrade head", 1, "CYCLE", "cycle");
    project.shell(&answer.next()).exits(1).is("CYCLE");
    project.revision("e5", "c3", "SELECT 1;", "");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn missing_parent() {
    let project = project();
    project.ctl("push").succeeds();
    project.remove("b2.sql");
    let answer = project.refuses("upgrade head", 1, "MISSING_PARENT", "missing_parent");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade head").succeeds();
}

#[test]
fn missing_dependency() {
    let project = project();
    project.revision("gone", "c3", "SELECT 1;", "");
    project.revision_with("d4", "c3", "-- depends_on: gone", "SELECT 1;", "");
    project.ctl("push").succeeds();
    project.remove("gone.sql");
    let answer = project.refuses("upgrade d4", 1, "MISSING_DEPENDENCY", "missing_dependency");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade d4").succeeds();
    project.ctl("current").succeeds().says("d4 (head)\ngone (effective head)");
}

#[test]
fn a_circle_of_dependencies() {
    let project = project();
    project.revision_with("d4", "c3", "-- depends_on: e5", "SELECT 1;", "");
    project.revision_with("e5", "c3", "-- depends_on: d4", "SELECT 1;", "");
    let answer = project.refuses("upgrade heads", 1, "DEPENDENCY_CYCLE", "dependency_cycle");
    project.shell(&answer.next()).exits(1).is("DEPENDENCY_CYCLE");
    project.revision("e5", "c3", "SELECT 1;", "");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade heads").succeeds();
}

#[test]
fn two_files_with_one_id() {
    let project = project();
    std::fs::copy(project.path("migrations/c3.sql"), project.path("migrations/copy.sql")).expect("copied");
    let answer = project.refuses("upgrade head", 1, "DUPLICATE_REVISION", "duplicate_id");
    assert!(answer.stderr.contains("migrations/c3.sql") && answer.stderr.contains("migrations/copy.sql"));
    // What the line says: another id for one of them.
    project.remove("copy.sql");
    project.revision("c4", "c3", "SELECT 1;", "");
    project.ctl("upgrade head").succeeds();
    project.ctl("current").succeeds().says("c4 (head)");
}

#[test]
fn two_revisions_with_one_label() {
    let project = project();
    branch(&project);
    project.revision_with("e5", "b2", "-- branch_labels: side", "SELECT 1;", "");
    let answer = project.refuses("upgrade side@head", 1, "DUPLICATE_LABEL", "duplicate_label");
    assert!(answer.stderr.contains("migrations/d4fe.sql") && answer.stderr.contains("migrations/e5.sql"));
    project.shell(&answer.next()).exits(1).is("DUPLICATE_LABEL");
    project.revision_with("e5", "b2", "-- branch_labels: other", "SELECT 1;", "");
    project.shell(&answer.next()).succeeds();
    project.ctl("upgrade side@head").succeeds();
}

#[test]
fn a_label_that_nobody_carries() {
    let project = project();
    branch(&project);
    let answer = project.refuses("upgrade sidd@head", 1, "NO_SUCH_LABEL", "no_such_label");
    let shown = project.shell(&answer.next()).succeeds().stdout;
    assert!(shown.contains("side"), "it shows the labels that there are: {shown}");
    project.ctl("upgrade side@head").succeeds();
}
