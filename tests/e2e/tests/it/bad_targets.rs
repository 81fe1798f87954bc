//! Databases that are not there, refuse, or die in the middle.

use crate::harness::{Engine, Gate, Project, on_each, postgres};
use migrated_testkit::{Pgbouncer, free_port, present};

/// A project of three revisions on PostgreSQL.
fn project(test: impl Fn(&Project)) {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        test(project);
    });
}

fn point_at(project: &Project, url: &str) {
    project.configure(&format!("project = \"shop\"\ndatabase_url = \"{url}\"\n"));
}

/// Runs `upgrade head` against `url`, which must fail with `reason`, and then against the right one.
#[track_caller]
fn refused(project: &Project, url: &str, reason: &str, exit: i32, name: &str) {
    let before = project.database.dump();
    let right = project.database.url();
    point_at(project, url);
    let answer = project.ctl("upgrade head").exits(exit).is(reason).recorded(name);
    assert!(!answer.stderr.contains("sesame"), "no password is shown: {answer:?}");
    assert!(answer.stderr.contains("\nnext: "), "it says what to do");
    assert_eq!(project.database.dump(), before);
    point_at(project, &right);
    project.ctl("upgrade head").succeeds();
}

#[test]
fn a_server_that_is_down() {
    project(|project| {
        let port = free_port().expect("a port");
        let url = format!("postgresql://app:sesame@127.0.0.1:{port}/shop");
        refused(project, &url, "TARGET_UNREACHABLE", 1, "target_down");
    });
}

#[test]
fn a_wrong_password() {
    project(|project| {
        let server = postgres().expect("the project has one");
        let Some(url) = server.url_as("postgres", "sesame-wrong", &project.database.name) else { return };
        refused(project, &url, "TARGET_AUTHENTICATION", 1, "target_password");
    });
}

#[test]
fn a_database_that_is_not_there() {
    project(|project| {
        let url = postgres().expect("the project has one").url("nowhere");
        refused(project, &url, "DATABASE_MISSING", 1, "target_missing");
    });
}

#[test]
fn no_right_to_create() {
    project(|project| {
        let server = postgres().expect("the project has one");
        let role = format!("role_{}", project.database.name);
        project.database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'sesame'"));
        let Some(url) = server.url_as(&role, "sesame", &project.database.name) else { return };
        project.database.sql("REVOKE CREATE ON SCHEMA public FROM public");
        let before = project.database.dump();
        point_at(project, &url);
        let answer = project.ctl("upgrade head").is("TARGET_PERMISSION");
        let answer = answer.recorded("target_rights");
        assert_eq!(project.database.dump(), before);
        assert!(answer.stderr.contains("\nnext: "), "it says what to do");
        project.database.sql(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
        project.ctl("upgrade head").succeeds();
        project.database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    });
}

#[test]
fn a_connection_that_dies_in_the_middle() {
    project(|project| {
        project.revision("b2", "a1", &format!("CREATE TABLE t_b2 (id integer);\n{}", Gate::STOP), "");
        let gate = Gate::shut(&project.database);
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        project.database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted",
        );
        let answer = client.ends(project).exits(4).recorded("connection_lost");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "a1");
        gate.open();
        project.shell(&answer.next()).succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn a_transaction_pooler_in_front() {
    project(|project| {
        let server = postgres().expect("the project has one");
        let pooler = Pgbouncer::start(server, "transaction", &[]);
        let Some(pooler) = present(pooler.as_ref()) else { return };
        let url = pooler.url(&project.database.name);
        refused(project, &url, "POOLED_CONNECTION", 1, "pooler");
    });
}
