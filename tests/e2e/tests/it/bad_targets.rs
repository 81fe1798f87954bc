//! Databases that are not there, refuse, or die in the middle.

use crate::harness::{Engine, Gate, LONG, Leaves, Project, mariadb, on_each, postgres};
use migrated_testkit::{Pgbouncer, Postgres, PostgresOptions, free_port, present, psql, skipped};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

const SERVERS: &[Engine] = &[Engine::Postgres, Engine::Mariadb];

fn point_at(project: &Project, url: &str) {
    project.configure(&format!("project = \"shop\"\ndatabase_url = \"{url}\"\n"));
}

/// The URL of the project's database for another account.
fn url_as(project: &Project, user: &str, password: &str) -> String {
    let name = &project.database.name;
    match project.database.engine {
        Engine::Mariadb => mariadb().expect("the project has one").url_as(user, password, name),
        _ => postgres().expect("the project has one").url_as(user, password, name),
    }
}

/// Runs `upgrade head` against `url`, which must fail with `reason`; `migratectl targets test`, where it is named, must
/// fail too; then `mend` is done, and both succeed.
#[track_caller]
fn refused(project: &Project, url: &str, reason: &str, leaves: Leaves, name: &str, mend: impl FnOnce()) {
    point_at(project, url);
    let answer = project.fails("upgrade head", 1, reason, leaves, name);
    assert!(!answer.stderr.contains("sesame"), "no password is shown\n{}", answer.story());
    let named = answer.all_next();
    for command in named.iter().filter(|command| command.contains("targets test")) {
        let told = project.shell(command);
        assert!(told.exit != 0 && told.stderr.contains(reason), "it meets the same\n{}", told.story());
    }
    mend();
    for command in &named {
        project.shell(command).succeeds();
    }
    project.ctl("upgrade head").succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
}

#[test]
fn a_server_that_is_down() {
    on_each(SERVERS, |project| {
        project.three();
        let port = free_port().expect("a port");
        let url = match project.database.engine {
            Engine::Mariadb => format!("mysql://app:sesame@127.0.0.1:{port}/shop"),
            _ => format!("postgresql://app:sesame@127.0.0.1:{port}/shop"),
        };
        let right = project.database.url();
        refused(project, &url, "TARGET_UNREACHABLE", Leaves::Nothing, "target_down_*", || {
            point_at(project, &right)
        });
    });
}

#[test]
fn a_wrong_password() {
    on_each(SERVERS, |project| {
        project.three();
        let user = if project.database.engine == Engine::Mariadb { "tester" } else { "postgres" };
        let url = url_as(project, user, "sesame-wrong");
        if project.database.engine == Engine::Postgres && psql(&url, "SELECT 1").is_ok() {
            return skipped("this PostgreSQL looks at no password");
        }
        let right = project.database.url();
        refused(project, &url, "TARGET_AUTHENTICATION", Leaves::Nothing, "target_password_*", || {
            point_at(project, &right)
        });
    });
}

#[test]
fn a_database_that_is_not_there() {
    on_each(Engine::ALL, |project| {
        project.three();
        let (name, nowhere) = (project.database.name.as_str(), format!("{}_gone", project.database.name));
        let right = project.database.url();
        let wrong = match project.database.engine {
            // A file may be missing, its folder may not.
            Engine::Sqlite => right.replace(name, &format!("{nowhere}/{name}")),
            _ => right.replace(name, &nowhere),
        };
        refused(project, &wrong, "DATABASE_MISSING", Leaves::Nothing, "target_missing_*", || {
            point_at(project, &right)
        });
    });
}

#[test]
fn no_right_to_create() {
    on_each(SERVERS, |project| {
        project.three();
        let role = format!("role_{}", project.database.name);
        let name = &project.database.name;
        let (make, grant) = match project.database.engine {
            Engine::Mariadb => (
                format!("CREATE USER {role} IDENTIFIED BY 'sesame'; GRANT SELECT ON {name}.* TO {role}"),
                format!("GRANT ALL ON {name}.* TO {role}"),
            ),
            _ => (
                format!(
                    "CREATE ROLE {role} LOGIN PASSWORD 'sesame'; REVOKE CREATE ON SCHEMA public FROM public"
                ),
                format!("GRANT CREATE ON SCHEMA public TO {role}"),
            ),
        };
        project.database.sql(&make);
        let url = url_as(project, &role, "sesame");
        refused(project, &url, "TARGET_PERMISSION", Leaves::Run("FAILED"), "target_rights_*", || {
            drop(project.database.sql(&grant))
        });
        project.database.sql(&match project.database.engine {
            Engine::Mariadb => format!("DROP USER {role}"),
            _ => format!("DROP OWNED BY {role}; DROP ROLE {role}"),
        });
    });
}

/// Makes the project's daemon one that has no right beyond its user's, root's included.
fn without_privileges(project: &Project) {
    let script = "#!/bin/sh\n[ \"$(id -u)\" -ne 0 ] || set -- --bounding-set=-all --inh-caps=-all migrated \"$@\"\n\
                  [ \"$(id -u)\" -ne 0 ] || exec setpriv \"$@\"\nexec migrated \"$@\"\n";
    let binary = project.program("plain.sh", script);
    project.configure(&format!(
        "project = \"shop\"\ndatabase_url = \"{}\"\n\n[embedded]\nbinary = \"{}\"\n",
        project.database.url(),
        binary.display()
    ));
}

#[test]
fn a_database_file_that_may_not_be_written() {
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        without_privileges(project);
        project.ctl("upgrade b2").succeeds();
        let set = |mode| std::fs::set_permissions(project.database.file(), Permissions::from_mode(mode));
        set(0o400).expect("it is ours");
        let answer = project.fails(
            "upgrade head",
            1,
            "TARGET_PERMISSION",
            Leaves::Run("FAILED"),
            "target_rights_sqlite",
        );
        set(0o600).expect("it is ours");
        for command in answer.all_next() {
            project.shell(&command).succeeds();
        }
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn a_file_that_is_no_database() {
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        let text = "This is a letter, and no database at all. ".repeat(100);
        std::fs::write(project.database.file(), &text).expect("written");
        let answer = project.ctl("upgrade head");
        let answer = answer.exits(1).is("TARGET_REFUSED").recorded("target_no_database");
        assert!(answer.stderr.contains("\nnext: "), "it says what to do\n{}", answer.story());
        assert_eq!(std::fs::read_to_string(project.database.file()).expect("read"), text, "untouched");
        assert_eq!(project.store("SELECT id FROM run"), "", "no run is left behind");
        std::fs::remove_file(project.database.file()).expect("removed");
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn a_connection_that_dies_in_the_middle() {
    on_each(Gate::ENGINES, |project| {
        project.three();
        let stop = Gate::stop(&project.database);
        project.revision("b2", "a1", &format!("INSERT INTO t_a1 VALUES (2);\n{stop}"), "");
        project.ctl("upgrade a1").succeeds();
        let before = project.place();
        let gate = Gate::shut(&project.database);
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        gate.kill_who_waits(&project.database);
        let answer = client.ends(project);
        gate.open();
        let answer = answer.is("CONNECTION_LOST").recorded("connection_lost_*");
        let after = project.place();
        if project.database.engine == Engine::Postgres {
            assert_eq!(answer.exit, 4);
            before.is_kept(&after, Leaves::Run("FAILED"));
        } else {
            // Each statement is a transaction: the first one stays, and is in the journal.
            assert_eq!(answer.exit, 5);
            assert_eq!(after.graph, before.graph);
            before.runs_grew(&after, Leaves::Run("PARTIAL"));
            assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "a1");
        }
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_a1"), "2", "the statement took effect once");
    });
}

/// Kills a session's process on a server of the test's own: PostgreSQL then ends all sessions and recovers, as after a
/// crash.
#[test]
fn a_server_that_crashes_in_the_middle() {
    on_each(&[Engine::Postgres], |project| {
        let server = Postgres::start(&PostgresOptions::default());
        let Some(server) = present(server.as_ref()) else { return };
        let url = server.url("postgres");
        point_at(project, &url);
        project.three();
        project.ctl("upgrade a1").succeeds();
        project.revision("b2", "a1", "CREATE TABLE t_b2 (id integer);\nSELECT pg_sleep(600);", "");
        let client = project.start("upgrade head");
        let pid = psql(
            &url,
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query \
             LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()) LOOP PERFORM pg_sleep(0.01); \
             PERFORM pg_stat_clear_snapshot(); END LOOP; END $$; \
             SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()",
        );
        let pid = pid.expect("somebody sleeps").parse().expect("a number");
        kill_process(Pid::from_raw(pid).expect("a process"), Signal::KILL).expect("it is ours");
        let answer = client.ends(project).exits(4).is("CONNECTION_LOST");
        // It takes connections again by itself.
        let end = Instant::now() + LONG;
        while psql(&url, "SELECT 1").is_err() {
            assert!(Instant::now() < end, "it does not recover");
        }
        project.revision("b2", "a1", "CREATE TABLE t_b2 (id integer);", "");
        project.shell(&answer.next()).succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(psql(&url, "SELECT count(*) FROM t_b2").expect("it is there"), "0");
    });
}

#[test]
fn a_transaction_pooler_in_front() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        let server = postgres().expect("the project has one");
        let pooler = Pgbouncer::start(server, "transaction", &[]);
        let Some(pooler) = present(pooler.as_ref()) else { return };
        let url = pooler.url(&project.database.name);
        let right = project.database.url();
        refused(project, &url, "POOLED_CONNECTION", Leaves::Run("FAILED"), "pooler", || {
            point_at(project, &right)
        });
    });
}
