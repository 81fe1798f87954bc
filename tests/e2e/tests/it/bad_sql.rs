//! SQL that fails, or that may not stand in a revision.

use crate::harness::{Engine, Leaves, on_each};

/// A body of five statements.
fn five(third: &str) -> String {
    format!(
        "CREATE TABLE t_d4 (id integer PRIMARY KEY);\nINSERT INTO t_d4 VALUES (1);\n{third}\n\
         INSERT INTO t_d4 VALUES (4);\nCREATE TABLE t_d5 (id integer);"
    )
}

#[test]
fn sql_that_fails_in_the_third_statement_of_five() {
    on_each(&[Engine::Sqlite, Engine::Postgres], |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.revision("d4", "c3", &five("INSERT INTO nowhere VALUES (3);"), "");
        let failed = Leaves::Run("FAILED");
        let answer = project.fails("upgrade head", 4, "STATEMENT_FAILED", failed, "statement_failed_*");
        project.revision("d4", "c3", &five("INSERT INTO t_d4 VALUES (3);"), "");
        project.shell(&answer.next()).succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM t_d4"), "3");
        project.ctl("current").succeeds().says("d4 (head)");
    });
}

#[test]
fn a_revision_that_failed_halfway_goes_on_where_it_stopped() {
    on_each(&[Engine::Mariadb], |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        project.revision("d4", "c3", &five("INSERT INTO nowhere VALUES (3);"), "");
        let before = project.place();
        let answer = project.ctl("upgrade head").exits(5).is("STATEMENT_FAILED");
        let answer = answer.recorded("statement_failed_*");
        let after = project.place();
        assert_eq!(after.graph, before.graph, "it is not taken for applied");
        before.runs_grew(&after, Leaves::Run("PARTIAL"));
        let rows = |sql: &str| project.database.sql(sql);
        assert_eq!(rows("SELECT version_num FROM alembic_version"), "c3");
        assert_eq!(rows("SELECT count(*) FROM t_d4"), "1", "two statements took effect");
        // What is done may not be changed.
        let changed = five("INSERT INTO t_d4 VALUES (3);").replace("VALUES (1)", "VALUES (11)");
        project.revision("d4", "c3", &changed, "");
        project.fails("upgrade head", 5, "CHANGED_PARTIAL", Leaves::Run("PARTIAL"), "changed_partial");
        // What is not done may.
        project.revision("d4", "c3", &five("INSERT INTO t_d4 VALUES (3);"), "");
        project.shell(&answer.next()).succeeds();
        assert_eq!(rows("SELECT group_concat(id ORDER BY id) FROM t_d4"), "1,3,4", "each statement once");
        assert_eq!(rows("SHOW TABLES LIKE 'migrated_journal'"), "", "the journal is gone");
        project.ctl("current").succeeds().says("d4 (head)");
    });
}

#[test]
fn commit_inside() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.ctl("upgrade head").succeeds();
        let up = "CREATE TABLE x (id integer);\nCOMMIT;\nCREATE TABLE y (id integer);";
        project.revision("d4", "c3", up, "");
        let failed = Leaves::Run("FAILED");
        let answer = project.fails("upgrade head", 1, "TRANSACTION_CONTROL", failed, "commit_inside_*");
        assert!(answer.stderr.contains("migrations/d4.sql:7:1"), "its place\n{}", answer.story());
        // Both ways that the line names.
        project.revision("d4", "c3", &up.replace("COMMIT;\n", ""), "");
        project.ctl("upgrade head").succeeds();
        project.revision("e5", "d4", "transaction:false\nDROP TABLE x;\nDROP TABLE y;", "");
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("e5 (head)");
    });
}

#[test]
fn children_survive_a_rebuild_of_their_parent() {
    on_each(&[Engine::Sqlite], |project| {
        let up = "CREATE TABLE parent (id integer PRIMARY KEY, name text);\n\
                  CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent ON DELETE CASCADE);\n\
                  INSERT INTO parent VALUES (1, 'a'), (2, 'b');\nINSERT INTO child VALUES (1, 1), (2, 1), (3, 2);";
        project.revision("a1", "", up, "");
        let up = "PRAGMA foreign_keys=ON;\nPRAGMA foreign_keys=OFF;\n\
                  CREATE TABLE new (id integer PRIMARY KEY, name text NOT NULL);\n\
                  INSERT INTO new SELECT * FROM parent;\nDROP TABLE parent;\nALTER TABLE new RENAME TO parent;\n\
                  PRAGMA foreign_keys=ON;";
        project.revision("b2", "a1", up, "");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM child"), "3");
        // A rebuild that leaves orphans is found before it is committed.
        let up = "PRAGMA foreign_keys=OFF;\nDELETE FROM parent WHERE id = 2;";
        project.revision("c3", "b2", up, "");
        project.fails("upgrade head", 4, "STATEMENT_FAILED", Leaves::Run("FAILED"), "orphans");
        project.revision("c3", "b2", &format!("DELETE FROM child WHERE parent = 2;\n{up}"), "");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM child"), "2");
    });
}
