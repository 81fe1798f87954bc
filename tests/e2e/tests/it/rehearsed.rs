//! `upgrade --rehearse`: what would fail is found, and nothing is changed.

use crate::harness::{Answer, Engine, Gate, Project, on_each};

/// The scratch databases that are there with such a table in them; of other tests there may be some.
fn copies(project: &Project, table: &str) -> String {
    match project.database.engine {
        Engine::Mariadb => project.database.sql(&format!(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = '{table}' \
             AND table_schema LIKE 'migrated\\_scratch\\_%'"
        )),
        _ => String::new(),
    }
}

/// Fails the test unless a rehearsal told that nothing came of it.
#[track_caller]
fn undone(project: &Project, answer: Answer) -> Answer {
    answer.tells(match project.database.engine {
        Engine::Mariadb => "it was tried in a copy of the schema, which is dropped",
        _ => "everything was rolled back",
    })
}

#[test]
fn a_revision_that_fails_is_found_and_nothing_is_changed() {
    on_each(Engine::ALL, |project| {
        project.three();
        project.revision("c3", "b2", "CREATE TABLE t_c3 (id integer);\nINSERT INTO t_a9 VALUES (1);", "");
        project.database.sql("CREATE TABLE own (id integer)");
        let empty = project.database.dump();
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        let answer = answer.tells("migrations/c3.sql:7").tells("unchanged at <base>: ");
        let answer = undone(project, answer);
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
        assert_eq!(copies(project, "t_b2"), "", "no copy is left");
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
    on_each(Engine::ALL, |project| {
        let gate = match project.database.engine {
            Engine::Sqlite => {
                project.slow_counter();
                None
            }
            _ => Some(project.gated_in_rehearsals()),
        };
        // A name of its own: copies are databases of a server that tests share.
        let own = format!("own_{}", project.database.name.replace('.', "_"));
        project.database.sql(&format!("CREATE TABLE {own} (id integer)"));
        let before = project.database.dump();
        let mut client = project.start("upgrade head --rehearse");
        match &gate {
            Some(gate) => gate.reached(&project.database),
            None => {
                client.told("[1/3]");
            }
        }
        let copied = project.database.engine == Engine::Mariadb;
        assert_eq!(!copies(project, &own).is_empty(), copied, "it is tried in a copy, or in the database");
        // The client first: it would start another daemon.
        drop(client);
        project.kill_daemon();
        if let Some(gate) = gate {
            gate.open();
        }
        project.ctl("upgrade a1").succeeds().tells("stands at a1");
        assert_eq!(copies(project, &own), "", "who settles the run drops its copy");
        let runs = project.ctl("runs list").succeeds().stdout;
        let rehearsal = runs.lines().find(|line| line.contains("rehearsal")).expect("it is listed");
        assert!(rehearsal.contains("FAILED"), "the run of the dead daemon is settled: {runs}");
        project.ctl("downgrade base").succeeds();
        assert_ne!(project.database.dump(), before, "there is a version table now");
        project.database.sql("DROP TABLE alembic_version");
        if copied {
            project.database.sql("DROP TABLE IF EXISTS migrated_journal");
        }
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn a_cancelled_rehearsal_leaves_nothing_and_its_log_is_taken_up_at_any_number() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated_in_rehearsals();
        let before = project.database.dump();
        let mut client = project.start("upgrade head --rehearse");
        gate.reached(&project.database);
        let run = client.told("run ").split_whitespace().nth(1).expect("its number").to_owned();
        project.ctl(&format!("runs cancel {run} --reason enough")).exits(0);
        client.ends(project).exits(4).is("CANCELLED").tells("is unchanged at <base>");
        gate.open();
        assert_eq!(project.database.dump(), before);
        assert_eq!(copies(project, "t_a1"), "");
        let all = project.ctl(&format!("runs watch {run} --output json")).exits(4).stdout;
        let rest = project.ctl(&format!("runs watch {run} --after 4 --output json")).exits(4).stdout;
        assert!(all.len() > rest.len() && all.ends_with(&rest), "{all}\n---\n{rest}");
        assert_eq!(rest.matches("runFinished").count(), 1, "{rest}");
        project.ctl("upgrade head").succeeds().tells("stands at c3");
    });
}

#[test]
fn an_upgrade_waits_for_a_rehearsal_and_then_works() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated_in_rehearsals();
        let rehearsal = project.start("upgrade head --rehearse");
        gate.reached(&project.database);
        let mut upgrade = project.start("upgrade head");
        upgrade.told("waiting for");
        gate.open();
        rehearsal.ends(project).succeeds().tells("is unchanged at <base>  3 revisions would pass");
        upgrade.ends(project).succeeds().tells("stands at c3");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
    });
}

/// What a schema of MariaDB can hold, with a view on a view, a key of another database, and an event that would do
/// something every second.
const ALL_OF_IT: &str = "\
    CREATE SEQUENCE numbers START WITH 7;\
    CREATE TABLE parent (id integer PRIMARY KEY AUTO_INCREMENT, n integer DEFAULT nextval(numbers), v varchar(9), \
      w varchar(9) AS (upper(v)) STORED, CHECK (n > 0), KEY by_v (v));\
    CREATE TABLE child (p integer, far integer, FOREIGN KEY (p) REFERENCES parent (id));\
    CREATE TABLE told (v varchar(99));\
    CREATE FUNCTION twice(a integer) RETURNS integer DETERMINISTIC RETURN 2 * a;\
    CREATE VIEW z AS SELECT id, twice(n) AS n FROM parent;\
    CREATE VIEW a AS SELECT n FROM z;\
    CREATE TRIGGER tells AFTER INSERT ON parent FOR EACH ROW INSERT INTO told VALUES (NEW.v);\
    CREATE PROCEDURE fill() INSERT INTO parent (v) VALUES ('p');\
    CREATE EVENT ticks ON SCHEDULE EVERY 1 SECOND DO INSERT INTO told VALUES ('tick');\
    INSERT INTO parent (v) VALUES ('first');";

#[test]
fn a_copy_holds_what_the_schema_does() {
    on_each(&[Engine::Mariadb], |project| {
        project.database.sql(&ALL_OF_IT.replace("; ", ";\n"));
        project.revision("a1", "", "CREATE TABLE t_a1 (id integer);", "");
        project.ctl("upgrade head").succeeds();
        let before = project.database.dump();
        let everything = "INSERT INTO parent (v) VALUES ('x');\nCALL fill();\nDROP TABLE t_a1;\n\
             ALTER TABLE parent DROP INDEX by_v, ADD far integer, ADD CONSTRAINT far UNIQUE (far);\n\
             ALTER TABLE child ADD CONSTRAINT c2 FOREIGN KEY (far) REFERENCES parent (far);\n\
             CREATE OR REPLACE VIEW a AS SELECT n, id FROM z;\nDROP TRIGGER tells;\nDROP PROCEDURE fill;\n\
             ALTER EVENT ticks ON SCHEDULE EVERY 2 HOUR;\nDROP EVENT ticks;\nALTER SEQUENCE numbers MAXVALUE 99;";
        // It fails unless the copy has no rows but those of the rehearsal, each told once by the trigger, with defaults
        // of the sequence and its function.
        let counted = "CREATE TABLE kept (n integer CHECK (n = 2));\nINSERT INTO kept SELECT count(*) FROM told;\n\
             INSERT INTO kept SELECT count(*) FROM a WHERE n >= 14;";
        project.revision("b2", "a1", everything, "");
        project.revision("c3", "b2", counted, "");
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        let answer =
            answer.tells("is unchanged at a1  2 revisions would pass, 1 warning of what was not rehearsed");
        answer.tells("tried in a copy of the schema without its rows");
        assert_eq!(project.database.dump(), before);
        project.revision("c3", "b2", "DROP VIEW y;", "");
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        answer
            .tells("migrations/c3.sql:6")
            .tells("is unchanged at a1: it was tried in a copy")
            .tells("fix c3, then");
        assert_eq!(project.database.dump(), before);
        assert_eq!(copies(project, "told"), "", "no copy is left");
    });
}

#[test]
fn no_statement_of_a_rehearsal_reaches_the_target() {
    on_each(&[Engine::Mariadb], |project| {
        let name = &project.database.name;
        project.database.sql(&format!(
            "CREATE TABLE t (id integer); CREATE TABLE u (id integer);\
             CREATE TRIGGER r AFTER INSERT ON u FOR EACH ROW INSERT INTO {name}.t VALUES (NEW.id);\
             CREATE PROCEDURE p() EXECUTE IMMEDIATE CONCAT('DROP TABLE {name}', '.t');\
             CREATE PROCEDURE q() INSERT INTO u VALUES (1);"
        ));
        let before = project.database.dump();
        let reaching = format!(
            "INSERT INTO {name}.t VALUES (1);\nDROP TABLE `{name}` . `u`;\nDROP TABLE /*!50000 {name}.*/u;\n\
             SET @s = CONCAT('DROP TABLE {name}', '.t');\nPREPARE s FROM @s;\nEXECUTE s;\nDEALLOCATE PREPARE s;\n\
             SET GLOBAL max_allowed_packet = 1024;\nCREATE DATABASE {name}_2;\nCREATE USER {name};\n\
             USE mysql;\nDROP TABLE user;\nUSE {name};\nDROP TABLE t;\nCALL q();"
        );
        project.revision("a1", "", &reaching, "");
        let answer = project.ctl("upgrade head --rehearse").succeeds();
        for told in [
            "a1: statement 1, line 5, was not executed, for it names the target's database",
            "statement 2, line 6, was not executed, for it names",
            "statement 3, line 7, was not executed, for it names",
            "statement 5, line 9, was not executed, for it executes a text that is put together",
            "statement 6, line 10, was not executed, for what it executes was not prepared",
            "statement 7, line 11, was not executed, for what it executes was not prepared",
            "statement 8, line 12, was not executed, for GLOBAL reaches beyond the schema",
            "statement 9, line 13, was not executed, for CREATE reaches beyond the schema",
            "statement 10, line 14, was not executed, for CREATE reaches beyond the schema",
            "statement 11, line 15, was not executed, for it leads to database mysql",
            "statement 12, line 16, was not executed, for it is meant for database mysql",
            "procedure p was not copied, for it executes a text that is put together",
        ] {
            assert!(answer.stderr.contains(told), "no `{told}`\n{}", answer.story());
        }
        assert!(!answer.stderr.contains("statement 14,"), "the copy stands in for it\n{}", answer.story());
        assert_eq!(project.database.dump(), before);
        // A procedure that is not there, and one that would do something to the target.
        project.revision("b2", "a1", "CALL p();", "");
        let answer = project.ctl("upgrade head --rehearse").exits(4).is("STATEMENT_FAILED");
        answer.tells("were not rehearsed, which may be the reason");
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn a_schema_that_changes_meanwhile_is_told() {
    on_each(&[Engine::Mariadb], |project| {
        let gate = project.gated_in_rehearsals();
        let client = project.start("upgrade head --rehearse");
        gate.reached(&project.database);
        project.database.sql("CREATE TABLE another (id integer)");
        gate.open();
        let answer = client.ends(project).is("SCHEMA_MOVED").tells("table another is new");
        assert_ne!(answer.exit, 0);
        project.shell(&answer.next()).succeeds().tells("3 revisions would pass");
    });
}

#[test]
fn without_the_right_to_make_a_copy_the_grant_is_named() {
    on_each(&[Engine::Mariadb], |project| {
        project.three();
        let before = project.database.dump();
        let (name, user) = (&project.database.name, format!("u_{}", project.database.name));
        project
            .database
            .sql(&format!("CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT ALL ON {name}.* TO {user}@'%'"));
        let url = project.database.url();
        let (_, place) = url.split_once('@').expect("it names a user");
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"mysql://{user}:pw@{place}\"\n"));
        let answer = project.ctl("upgrade head --rehearse").is("SCRATCH_REQUIRED");
        let answer = answer.tells("a rehearsal needs a copy of the schema on the same server");
        assert_eq!(project.database.dump(), before);
        let grant = answer.stderr.split("GRANT ").nth(1).and_then(|rest| rest.split(" to this user").next());
        project.database.sql(&format!("GRANT {} TO {user}@'%'", grant.expect("a statement")));
        project.ctl("upgrade head --rehearse").succeeds().tells("3 revisions would pass");
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
