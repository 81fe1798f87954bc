//! How far a long statement has come: told while it is held, to who asked for the run and to who watches it elsewhere.

use crate::harness::{Engine, Other, Project, Replica, SharedStore, on_each};

/// Asks for the last revision at one daemon and watches at another, until both have told `words`; what was told is in the
/// log.
fn told_at_both(project: &Project, words: &str, until_told: impl FnOnce(&Replica, &str)) {
    let Some(store) = SharedStore::new() else { return };
    project.configure("project = \"shop\"\n");
    let (one, two) = (store.serve(project, "one"), store.serve(project, "two"));
    project.ctl(&one.words("upgrade a1")).succeeds();
    let mut client = project.start(&one.words("upgrade head"));
    client.told(words);
    let run = store.last_run();
    let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
    watcher.told(words);
    until_told(&two, &run);
    client.ends(project);
    watcher.ends(project);
    let events = store.sql(&format!("SELECT events FROM event WHERE run = '{run}' ORDER BY last_seq"));
    assert!(events.contains("statement_running") && events.contains(words), "{events}");
    one.killed(project);
    two.killed(project);
}

#[test]
fn of_an_index_that_is_built() {
    on_each(&[Engine::Postgres], |project| {
        project.revision(
            "a1",
            "",
            "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\n\
             CREATE FUNCTION held(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \
             'BEGIN PERFORM pg_advisory_xact_lock_shared(7000 + n); RETURN n; END';",
            "",
        );
        project.revision("b2", "a1", "CREATE INDEX CONCURRENTLY i_made ON made (held(id));", "");
        let gate = Other::does(&project.database, "SELECT pg_advisory_lock(7001)");
        told_at_both(project, "building index: building index: scanning table", |_, _| gate.ends());
        project.database.sql(
            "SELECT 1 / (SELECT count(*) FROM pg_index WHERE indexrelid = 'i_made'::regclass AND indisvalid)",
        );
    });
}

#[test]
fn of_a_table_that_is_copied() {
    on_each(&[Engine::Mariadb], |project| {
        // Thousands of rows of which each takes some hundredths of a second: far longer than this test, which cancels it.
        project.revision(
            "a1",
            "",
            "CREATE TABLE made (id integer PRIMARY KEY);\nINSERT INTO made SELECT seq FROM seq_1_to_20000;",
            "",
        );
        project.revision(
            "b2",
            "a1",
            "ALTER TABLE made ADD COLUMN digest char(128) AS (sha2(repeat(id, 3000000), 512)) PERSISTENT, \
             ALGORITHM=COPY;",
            "",
        );
        told_at_both(project, "copy to tmp table, stage 1 of 2", |two, run| {
            project.ctl(&two.asked(&format!("runs cancel {run}")));
        });
        project.database.sql("SELECT id FROM made LIMIT 1");
    });
}
