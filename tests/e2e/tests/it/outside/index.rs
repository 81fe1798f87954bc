//! CREATE INDEX CONCURRENTLY, cut off at ten moments: at four edges of ours, and in six phases of its own.

use super::alone::{Alone, Fate, cut_off, lay, settled, told};
use super::phase::{Held, until};
use crate::harness::{Daemon, Engine, Other, Project, on_each};

pub(super) const INDEX: Alone = Alone {
    // What the index is made of waits for whoever holds a row's lock.
    before: "CREATE TABLE made (id integer PRIMARY KEY);\nINSERT INTO made VALUES (1);\n\
             CREATE FUNCTION held(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \
             'BEGIN PERFORM pg_advisory_xact_lock_shared(7000 + n); RETURN n; END';",
    up: "CREATE INDEX CONCURRENTLY i_made ON made (held(id));",
    down: "DROP INDEX CONCURRENTLY i_made;\nDELETE FROM made WHERE id > 1;",
    fate: "SELECT CASE WHEN EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('i_made') AND indisvalid) \
           THEN 'TOOK_EFFECT' ELSE 'NO_EFFECT' END",
    whole: "SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY indexrelid::regclass::text) = 'i_made,made_pkey' \
            AND bool_and(indisvalid AND indisready AND indislive) FROM pg_index WHERE indrelid = 'made'::regclass",
};

const WRITES: &str = "BEGIN; LOCK TABLE made IN ROW EXCLUSIVE MODE";
const BUILDING: &str = "building index: scanning table";

/// For its table, which somebody alters.
fn table(project: &Project) -> Held {
    Held::by(project, "BEGIN; LOCK TABLE made IN SHARE UPDATE EXCLUSIVE MODE", "")
}

/// For those who write already and do not know of the index.
pub(super) fn writers_before(project: &Project) -> Held {
    Held::by(project, WRITES, "waiting for writers before build")
}

/// In the middle of the build.
pub(super) fn building(project: &Project) -> Held {
    Held::by(project, "SELECT pg_advisory_lock(7001)", BUILDING)
}

/// For those who write and did not put their rows into the index.
fn writers_after(project: &Project) -> Held {
    let next = |project: &Project, others: &mut Vec<Other>| {
        others.push(Other::does(&project.database, WRITES));
        others[0].also("SELECT pg_advisory_unlock(7001)");
    };
    building(project).then(next, "waiting for writers before validation")
}

/// In the second pass, which puts in a row that came during the first.
fn validating(project: &Project) -> Held {
    let next = |project: &Project, others: &mut Vec<Other>| {
        project.database.sql("INSERT INTO made VALUES (2)");
        others[0].also("SELECT pg_advisory_unlock(7001)");
    };
    Held::by(project, "SELECT pg_advisory_lock(7001), pg_advisory_lock(7002)", BUILDING)
        .then(next, "index validation: scanning table")
}

/// For those who may see rows that are not in the index.
pub(super) fn snapshots(project: &Project) -> Held {
    Held::by(project, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "waiting for old snapshots")
}

fn in_every_phase(fate: Fate, orphan: bool) {
    on_each(&[Engine::Postgres], |project| {
        lay(project, &INDEX, orphan);
        let daemon = Daemon::edged(project, &[]);
        project.ctl("upgrade a1").succeeds();
        daemon.killed(project);
        for hold in [table, writers_before, building, writers_after, validating, snapshots] {
            cut_off(project, &INDEX, fate, hold);
        }
    });
}

#[test]
fn whose_session_dies_with_the_daemon() {
    in_every_phase(Fate::Dies, false);
}

#[test]
fn whose_session_survives_the_daemon() {
    in_every_phase(Fate::Survives, true);
}

#[test]
fn whose_session_finishes_after_the_daemon() {
    in_every_phase(Fate::Finishes, true);
}

#[test]
fn whose_session_is_terminated() {
    in_every_phase(Fate::Terminated, false);
}

#[test]
fn before_it_is_sent_and_after_it_is_done() {
    on_each(&[Engine::Postgres], |project| {
        lay(project, &INDEX, false);
        let daemon = Daemon::edged(project, &[]);
        project.ctl("upgrade a1").succeeds();
        daemon.killed(project);
        for edge in ["intent-written", "statement-sent:2", "statement-done:2", "done-written:2"] {
            let daemon = Daemon::edged(project, &[("EDGE_DIE", edge)]);
            let client = project.start("upgrade head");
            assert!(daemon.ends_with(client), "the run did not come to {edge}");
            daemon.ends(project);
            let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'migrated:%' \
                        AND datname = current_database()";
            until(project, ours, |found| found == "0");
            let daemon = Daemon::edged(project, &[]);
            if edge == "done-written:2" {
                let states = "SELECT string_agg(state, ',' ORDER BY statement) FROM migrated_journal";
                assert_eq!(project.database.sql(states), "DONE,DONE");
            } else {
                told(project, &INDEX, edge);
            }
            project.ctl("upgrade head").succeeds();
            assert_eq!(project.database.sql(INDEX.whole), "t", "{edge}");
            assert_eq!(project.database.sql("SELECT v FROM tally"), "11", "{edge}: each statement once");
            settled(project, edge);
            project.ctl("downgrade a1").succeeds();
            daemon.killed(project);
        }
    });
}

#[test]
fn that_fails_for_twins_says_so_and_is_built_by_the_next_attempt() {
    on_each(&[Engine::Postgres], |project| {
        project.revision("a1", "", "CREATE TABLE made (v integer);\nINSERT INTO made VALUES (1), (1);", "");
        project.revision("b2", "a1", "CREATE UNIQUE INDEX CONCURRENTLY u_made ON made (v);", "");
        project.ctl("upgrade a1").succeeds();
        let answer = project.ctl("upgrade head").exits(4).is("STATEMENT_FAILED");
        let told =
            "could not create unique index \"u_made\"; public.u_made, which it left invalid, is dropped";
        assert!(answer.stderr.contains(told), "{}", answer.story());
        assert_eq!(project.database.sql("SELECT to_regclass('u_made') IS NULL"), "t");
        // Somebody who reads keeps it from being dropped.
        let reader = Other::does(&project.database, "BEGIN; SELECT count(*) FROM made");
        let answer = project.ctl("upgrade head").exits(5).is("STATEMENT_FAILED");
        let told = "public.u_made is left invalid; the next run drops it";
        assert!(answer.stderr.contains(told), "{}", answer.story());
        assert_eq!(
            project.database.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'u_made'::regclass"),
            "f"
        );
        let found = project.ctl("diagnose").exits(3);
        assert!(found.stdout.contains("left invalid: dropped, to be built again"), "{}", found.story());
        reader.ends();
        project.database.sql("DELETE FROM made WHERE ctid = '(0,1)'");
        project.shell(&answer.next()).succeeds();
        let whole =
            "SELECT count(*) = 1 AND bool_and(indisvalid) FROM pg_index WHERE indrelid = 'made'::regclass";
        assert_eq!(project.database.sql(whole), "t");
        project.ctl("current").succeeds().says("b2 (head)");
    });
}
