//! Where a target stands, and what of it does not fit the folder: changed, unknown, ahead, diverged, ids that the
//! version table cannot hold.

use crate::harness::{Engine, Leaves, Project, on_each};

#[test]
fn changed_after_it_was_applied() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade b2").succeeds();
        let original = std::fs::read_to_string(project.path("migrations/b2.sql")).expect("read");
        let wider = "CREATE TABLE t_b2 (id integer PRIMARY KEY, more integer);";
        project.revision("b2", "a1", wider, "DROP TABLE t_b2;");
        let changed = std::fs::read_to_string(project.path("migrations/b2.sql")).expect("read");
        let failed = Leaves::Run("FAILED");
        let answer = project.fails("upgrade head", 12, "CHANGED_REVISION", failed, "changed_revision_*");
        // Both ways that the line names.
        project.file("b2.sql", original);
        project.ctl("upgrade head").succeeds();
        project.file("b2.sql", changed);
        project.revision("d4", "c3", "SELECT 1;", "");
        project.ctl("upgrade head").exits(12).is("CHANGED_REVISION");
        project.shell(&answer.next().replace("TEXT", "'only a column that nobody has'")).succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("d4 (head)");
    });
}

#[test]
fn a_row_that_nobody_knows() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade b2").succeeds();
        project.database.sql("UPDATE alembic_version SET version_num = 'feed01'");
        let answer = project.refuses("upgrade head", 1, "UNKNOWN_REVISION", "unknown_row_*");
        let [push, stamp] = &answer.all_next()[..] else { panic!("two commands\n{}", answer.story()) };
        // A checkout that has the revision publishes it: it is known then, and the branch of this folder is beside it.
        let other = Project::beside(std::sync::Arc::clone(&project.database));
        other.three();
        other.revision("feed01", "b2", "SELECT 1;", "DROP TABLE IF EXISTS nothing;");
        let words = push.strip_prefix("migratectl ").expect("a command");
        other.ctl(&format!("{words} --server {}", project.server())).succeeds();
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), "c3\nfeed01");
        // Where its changes are not in the database.
        project.database.sql("DELETE FROM alembic_version");
        project.database.sql("INSERT INTO alembic_version VALUES ('beef02')");
        project.ctl("upgrade head").exits(1).is("UNKNOWN_REVISION");
        project.shell(&stamp.replace("REV", "c3")).succeeds();
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), "c3");
    });
}

fn rows(project: &Project) -> String {
    project.database.sql("SELECT version_num FROM alembic_version ORDER BY 1")
}

#[test]
fn a_target_that_is_ahead() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.remove("c3.sql");
        let before = project.place();
        project.ctl("upgrade head").succeeds().recorded("ahead_*");
        before.is_kept(&project.place(), Leaves::Run("SUCCEEDED"));
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
        let before = project.place();
        project.ctl("upgrade head").succeeds().recorded("diverged_*");
        before.runs_grew(&project.place(), Leaves::Run("SUCCEEDED"));
        assert_eq!(rows(project), "c3\nd4", "the other team's row is kept");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "and so is its table");
        let before = project.place();
        project.ctl("upgrade head").succeeds();
        before.is_kept(&project.place(), Leaves::Run("SUCCEEDED"));
    });
}

#[test]
fn an_id_longer_than_the_column() {
    on_each(&[Engine::Postgres, Engine::Mariadb], |project| {
        project.three();
        let long = "d4".repeat(17);
        project.revision(&long, "c3", "CREATE TABLE t_long (id integer);", "");
        let failed = Leaves::Run("FAILED");
        // Not even the version table is made.
        project.fails("upgrade head", 1, "ID_TOO_LONG", failed, "id_too_long_*");
        project.ctl("upgrade c3").succeeds();
        project.fails("upgrade head", 1, "ID_TOO_LONG", failed, "id_too_long_existing_*");
        // Both ways that the line names: a wider column, a shorter id.
        project.database.sql(match project.database.engine {
            Engine::Mariadb => "ALTER TABLE alembic_version MODIFY version_num varchar(64) NOT NULL",
            _ => "ALTER TABLE alembic_version ALTER version_num TYPE varchar(64)",
        });
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), long);
        project.revision("e5", &long, "SELECT 1;", "");
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), "e5");
    });
}

#[test]
fn sqlite_holds_ids_of_any_length() {
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        let long = "d4".repeat(17);
        project.revision(&long, "c3", "CREATE TABLE t_long (id integer);", "");
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), long);
        project.ctl("upgrade head").succeeds();
    });
}

/// Gives the version table a collation that takes `A1` for `a1`, where it has not one already.
fn blind_to_case(project: &Project) {
    match project.database.engine {
        Engine::Mariadb => {}
        Engine::Sqlite => {
            project.database.sql(
                "DROP TABLE alembic_version; \
                 CREATE TABLE alembic_version (version_num VARCHAR(32) COLLATE NOCASE NOT NULL PRIMARY KEY); \
                 INSERT INTO alembic_version VALUES ('c3')",
            );
        }
        Engine::Postgres => {
            project.database.sql(
                "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
                 ALTER TABLE alembic_version ALTER version_num TYPE varchar(32) COLLATE blind",
            );
        }
    }
}

/// Makes the version table's column tell `A1` from `a1`, as the failure's line says.
fn mind_case(project: &Project) {
    project.database.sql(match project.database.engine {
        Engine::Mariadb => {
            "ALTER TABLE alembic_version MODIFY version_num varchar(32) COLLATE utf8mb4_bin NOT NULL"
        }
        Engine::Postgres => "ALTER TABLE alembic_version ALTER version_num TYPE varchar(32) COLLATE \"C\"",
        Engine::Sqlite => {
            "DROP TABLE alembic_version; \
             CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY); \
             INSERT INTO alembic_version VALUES ('c3')"
        }
    });
}

#[test]
fn an_id_that_the_column_takes_for_another() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        blind_to_case(project);
        project.revision("A1", "c3", "SELECT 1;", "");
        project.fails("upgrade head", 1, "ID_COLLISION", Leaves::Run("FAILED"), "id_collision_*");
        // Both ways that the line names: another id, another collation.
        let a1 = std::fs::read_to_string(project.path("migrations/A1.sql")).expect("read");
        project.remove("A1.sql");
        project.revision("d4", "c3", "SELECT 1;", "SELECT 1;");
        project.ctl("upgrade head").succeeds();
        project.ctl("downgrade c3").succeeds();
        mind_case(project);
        project.remove("d4.sql");
        project.file("A1.sql", a1);
        project.ctl("upgrade head").succeeds();
        assert_eq!(rows(project), "A1");
    });
}
