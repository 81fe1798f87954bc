//! `upgrade --rehearse`: what would fail is found, and nothing is changed.

use crate::harness::{Engine, on_each};

/// The engines that can undo DDL.
const UNDOES: &[Engine] = &[Engine::Sqlite, Engine::Postgres];

#[test]
fn a_revision_that_fails_is_found_and_nothing_is_changed() {
    on_each(UNDOES, |project| {
        project.three();
        project.revision("c3", "b2", "CREATE TABLE t_c3 (id integer);\nINSERT INTO t_a9 VALUES (1);", "");
        project.database.sql("CREATE TABLE own (id integer)");
        let empty = project.database.dump();
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        let answer =
            answer.tells("migrations/c3.sql:7").tells("unchanged at <base>: everything was rolled back");
        assert_eq!(answer.next(), "migratectl upgrade --rehearse head");
        assert_eq!(project.database.dump(), empty, "not even a version table");
        project.ctl("current").succeeds().says("");

        project.ctl("upgrade a1").succeeds();
        let at_a1 = project.database.dump();
        project.ctl("upgrade head --rehearse").exits(4).tells("is unchanged at a1");
        assert_eq!(project.database.dump(), at_a1);
        project.revision("c3", "b2", "CREATE TABLE t_c3 (id integer);\nINSERT INTO t_a1 VALUES (9);", "");
        project.shell(&answer.next()).succeeds().tells("is unchanged at a1  2 revisions would pass");
        assert_eq!(project.database.dump(), at_a1);
        project.ctl("current").succeeds().says("a1");
        let runs = project.ctl("runs list").succeeds().stdout;
        assert_eq!(runs.matches("rehearsal").count(), 3, "{runs}");

        project.ctl("upgrade head").succeeds().tells("stands at c3");
        project.ctl("upgrade head --rehearse").succeeds().tells("nothing to do");
    });
}

#[test]
fn what_refuses_a_transaction_is_not_executed_and_told() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        let index = "transaction:false\nCREATE INDEX CONCURRENTLY i_b2 ON t_a1 (id);\nCREATE TABLE t_b2 (id integer);";
        project.revision("b2", "a1", index, "");
        let empty = project.database.dump();
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        let answer = answer.tells("b2: statement 1, line 6, was not executed, for it refuses a transaction");
        answer.tells("3 revisions would pass, 1 warning of what was not rehearsed");
        // What came after it was executed: the name is taken.
        project.revision("c3", "b2", "CREATE TABLE t_b2 (id integer);", "");
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        answer.tells("1 statement up to it was not rehearsed, which may be the reason");
        assert_eq!(project.database.dump(), empty);
    });
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        project.revision("b2", "a1", "transaction:false\nVACUUM;\nCREATE TABLE t_b2 (id integer);", "");
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        answer.tells("b2: statement 1, line 6, was not executed, for it refuses a transaction: VACUUM");
    });
}

#[test]
fn a_daemon_killed_in_a_rehearsal_leaves_nothing() {
    on_each(UNDOES, |project| {
        let gate = match project.database.engine {
            Engine::Sqlite => {
                project.slow_counter();
                None
            }
            _ => Some(project.gated()),
        };
        project.database.sql("CREATE TABLE own (id integer)");
        let before = project.database.dump();
        let mut client = project.start("upgrade head --rehearse");
        match &gate {
            Some(gate) => gate.reached(&project.database),
            None => {
                client.told("[1/3]");
            }
        }
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        if let Some(gate) = gate {
            gate.open();
        }
        project.ctl("upgrade a1").succeeds().tells("stands at a1");
        let runs = project.ctl("runs list").succeeds().stdout;
        let rehearsal = runs.lines().find(|line| line.contains("rehearsal")).expect("it is listed");
        assert!(rehearsal.contains("FAILED"), "the run of the dead daemon is settled: {runs}");
        project.ctl("downgrade base").succeeds();
        assert_ne!(project.database.dump(), before, "there is a version table now");
        project.database.sql("DROP TABLE alembic_version");
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn an_engine_that_commits_with_every_statement_refuses() {
    on_each(&[Engine::Mariadb], |project| {
        project.three();
        let before = project.database.dump();
        let answer = project.ctl("upgrade head --rehearse").is("RUN_TRANSACTION_REFUSED");
        let answer = answer.tells("nothing can be rehearsed and undone there");
        project.shell(&answer.next()).succeeds().tells("CREATE TABLE t_a1");
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn a_rehearsal_waits_for_the_lock_as_a_run_does() {
    on_each(&[Engine::Postgres], |project| {
        let gate = project.gated();
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        project.ctl("upgrade head --rehearse --lock-wait 1s").exits(6).is("LOCK_WAIT_EXPIRED");
        gate.open();
        client.ends(project).succeeds();
    });
}

#[test]
fn what_commit_would_check_is_checked_after_each_revision() {
    on_each(&[Engine::Postgres], |project| {
        let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\nCREATE TABLE child (p integer CONSTRAINT \
                      child_p REFERENCES parent DEFERRABLE INITIALLY DEFERRED);";
        project.revision("a1", "", tables, "");
        project.revision("b2", "a1", "INSERT INTO child VALUES (1);\nINSERT INTO parent VALUES (1);", "");
        // Pending events of triggers would keep the table from being altered.
        project.revision("c3", "b2", "ALTER TABLE child ADD v integer;", "");
        project.revision("d4", "c3", "INSERT INTO child VALUES (2);\nINSERT INTO parent VALUES (2);", "");
        project.ctl("upgrade head --rehearse").succeeds().tells("4 revisions would pass");
        project.revision("d4", "c3", "INSERT INTO child VALUES (3);", "");
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        answer.tells("child_p").tells("fix d4, then");
    });
    on_each(&[Engine::Sqlite], |project| {
        let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\nCREATE TABLE child (p integer REFERENCES \
                      parent DEFERRABLE INITIALLY DEFERRED);";
        project.revision("a1", "", &format!("PRAGMA foreign_keys = ON;\n{tables}"), "");
        project.revision("b2", "a1", "PRAGMA foreign_keys = ON;\nINSERT INTO child VALUES (1);", "");
        project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED").tells("fix b2, then");
    });
}

#[test]
fn what_rollback_does_not_take_back_is_left_out() {
    on_each(&[Engine::Postgres], |project| {
        project.revision("a1", "", "CREATE SEQUENCE numbers;", "");
        project.ctl("upgrade head").succeeds();
        project.revision("b2", "a1", "SELECT setval('numbers', 40);", "");
        project.revision("c3", "b2", "DO $$ BEGIN PERFORM setval('numbers', 50); END $$;", "");
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        answer.tells("b2: statement 1, line 6, was not executed, for ROLLBACK does not take setval() back");
        assert_eq!(project.database.sql("SELECT last_value, is_called FROM numbers"), "1|f");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT last_value FROM numbers"), "50");
    });
}

#[test]
fn a_value_of_an_enum_that_needs_a_commit_is_told_as_what_it_is() {
    on_each(&[Engine::Postgres], |project| {
        project.revision("a1", "", "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE t (m mood);", "");
        project.ctl("upgrade head").succeeds();
        project.revision("b2", "a1", "ALTER TYPE mood ADD VALUE 'happy';", "");
        project.revision("c3", "b2", "INSERT INTO t VALUES ('happy');", "");
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("RUN_TRANSACTION_REFUSED");
        answer.tells("rehearse up to the revision before c3");
        project.ctl("upgrade b2 --rehearse").succeeds();
        project.ctl("upgrade head").succeeds();
    });
}

#[test]
fn foreign_keys_that_a_revision_switches_off_are_checked_after_each() {
    on_each(&[Engine::Sqlite], |project| {
        let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\nCREATE TABLE child (p integer REFERENCES \
                      parent ON DELETE CASCADE);\nINSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1);";
        project.revision("a1", "", tables, "");
        let moved = "PRAGMA foreign_keys = OFF;\nCREATE TABLE new (id integer PRIMARY KEY, v text);\n\
                     INSERT INTO new (id) SELECT id FROM parent;\nDROP TABLE parent;\n\
                     ALTER TABLE new RENAME TO parent;";
        project.revision("b2", "a1", moved, "");
        // It fails where the rows of `child` are gone.
        let kept =
            "CREATE TABLE kept (n integer CHECK (n = 1));\nINSERT INTO kept SELECT count(*) FROM child;";
        project.revision("c3", "b2", kept, "");
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        answer.tells("foreign keys are checked after each revision").tells("3 revisions would pass");
        project.revision("c3", "b2", "PRAGMA foreign_keys = OFF;\nDELETE FROM parent;", "");
        project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED").tells("fix c3, then");
        assert_eq!(project.database.sql("SELECT count(*) FROM sqlite_master"), "0");
    });
}
