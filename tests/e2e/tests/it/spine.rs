//! What everybody does: up, down, again, on every engine.

use crate::harness::{Engine, on_each};

#[test]
fn upgrade_applies_and_says_what_it_does() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds().recorded("upgrade_head_*");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "c3");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
        project.ctl("current").succeeds().says("c3 (head)");
        let before = project.place();
        project.ctl("upgrade head").succeeds().recorded("upgrade_head_again_*");
        assert_eq!(project.place().target, before.target);
    });
}

#[test]
fn downgrade_and_up_again_leave_the_same_schema() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        let there = project.database.dump();
        project.ctl("downgrade -1").succeeds();
        project.ctl("current").succeeds().says("b2");
        project.ctl("downgrade base").succeeds().recorded("downgrade_base_*");
        assert_eq!(project.database.sql("SELECT count(*) FROM alembic_version"), "0");
        project.ctl("upgrade +1").succeeds();
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.dump(), there);
    });
}

#[test]
fn a_daemon_ends_and_another_knows_all() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade b2").succeeds();
        let runs = project.ctl("runs list --output json").succeeds().stdout;
        project.ctl("daemon stop").succeeds().says("stopped");
        assert!(project.daemon().is_none());
        assert_eq!(project.ctl("runs list --output json").succeeds().stdout, runs);
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn two_branches_go_up_with_labels_and_dependencies() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.revision_with(
            "d4",
            "a1",
            "-- branch_labels: side",
            "CREATE TABLE t_d4 (id integer);",
            "DROP TABLE t_d4;",
        );
        project.revision_with(
            "e5",
            "d4",
            "-- depends_on: c3",
            "ALTER TABLE t_c3 ADD COLUMN more integer;",
            "ALTER TABLE t_c3 DROP COLUMN more;",
        );
        project.ctl("upgrade side@head").succeeds().recorded("upgrade_label_*");
        project.ctl("heads").succeeds().recorded("heads_*");
        project.ctl("upgrade heads").succeeds();
        project.ctl("history").succeeds().recorded("history_branches_*");
        project.ctl("downgrade base").succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM alembic_version"), "0");
    });
}

#[test]
fn a_revision_is_written_published_and_pulled() {
    on_each(Engine::ALL, |project| {
        project.three();
        let made = project.ctl_words(&["revision", "-m", "add notes"]).succeeds();
        assert!(project.path(made.stdout.trim_end()).is_file(), "{made:?}");
        project.ctl("push").succeeds();
        let folder = project.path("migrations");
        std::fs::rename(&folder, project.path("before")).expect("renamed");
        project.ctl("pull").succeeds();
        let names = |path: &std::path::Path| {
            let mut names: Vec<_> = std::fs::read_dir(path)
                .expect("read")
                .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("read"))
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(&folder), names(&project.path("before")));
    });
}

#[test]
fn the_quickstart_example_runs_twice() {
    on_each(&[Engine::Sqlite], |project| {
        let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart");
        for entry in std::fs::read_dir(example.join("migrations")).expect("the example") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, project.path("migrations").join(path.file_name().expect("a name")))
                .expect("copied");
        }
        let sql = |sql: &str| project.database.sql(sql);
        project.ctl("upgrade head").succeeds().recorded("quickstart");
        assert_eq!(sql("SELECT count(*) FROM orders"), "3", "children survive the rebuild");
        project.ctl("upgrade head").succeeds();
        project.ctl("downgrade -1").succeeds();
        assert_eq!(sql("SELECT count(*) FROM orders"), "3", "and the rebuild back");
        project.ctl("upgrade head").succeeds();
        project.ctl("downgrade base").succeeds();
    });
}
