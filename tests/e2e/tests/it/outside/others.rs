//! The other statements that work in several transactions of their own.

use super::alone::{Alone, Fate, cut_off, lay};
use super::phase::Held;
use crate::harness::{Daemon, Engine, Project, on_each};

/// Leaves a partition whose detaching is pending, until somebody says FINALIZE.
const DETACH: Alone = Alone {
    before: "CREATE TABLE made (id integer) PARTITION BY RANGE (id);\n\
             CREATE TABLE part PARTITION OF made FOR VALUES FROM (0) TO (10);",
    up: "ALTER TABLE made DETACH PARTITION part CONCURRENTLY;",
    down: "ALTER TABLE made ATTACH PARTITION part FOR VALUES FROM (0) TO (10);",
    fate: "SELECT CASE WHEN EXISTS (SELECT FROM pg_inherits WHERE NOT inhdetachpending) \
           THEN 'NO_EFFECT' ELSE 'TOOK_EFFECT' END",
    whole: "SELECT NOT EXISTS (SELECT FROM pg_inherits) AND to_regclass('part') IS NOT NULL",
};

/// Leaves a second index, the new one or the old one.
const REBUILD: Alone = Alone {
    before: "CREATE TABLE made (id integer);\nCREATE INDEX i_made ON made (id);",
    up: "REINDEX INDEX CONCURRENTLY i_made;",
    down: "COMMENT ON TABLE made IS NULL;",
    fate: "SELECT 'NO_EFFECT'",
    whole: "SELECT string_agg(indexrelid::regclass::text, ',') = 'i_made' \
            AND bool_and(indisvalid AND indisready AND indislive) FROM pg_index WHERE indrelid = 'made'::regclass",
};

/// Leaves the index, of no use any more.
const DROP: Alone = Alone {
    before: "CREATE TABLE made (id integer);\nCREATE INDEX i_made ON made (id);",
    up: "DROP INDEX CONCURRENTLY i_made;",
    down: "CREATE INDEX CONCURRENTLY i_made ON made (id);",
    fate: "SELECT CASE WHEN to_regclass('i_made') IS NULL THEN 'TOOK_EFFECT' ELSE 'NO_EFFECT' END",
    whole: "SELECT to_regclass('i_made') IS NULL",
};

/// For the table itself, before anything is done.
fn table(project: &Project) -> Held {
    Held::by(project, "BEGIN; LOCK TABLE made IN SHARE UPDATE EXCLUSIVE MODE", "")
}

/// For those who read, after its first transaction.
fn readers(project: &Project) -> Held {
    Held::by(project, "BEGIN; SELECT count(*) FROM made", "")
}

/// For those who write, with the new index beside the old one.
fn writers(project: &Project) -> Held {
    Held::by(project, "BEGIN; LOCK TABLE made IN ROW EXCLUSIVE MODE", "waiting for writers before build")
}

/// For those who read, with the new index in the place of the old one.
fn readers_of_old(project: &Project) -> Held {
    Held::by(project, "BEGIN; SELECT count(*) FROM made", "waiting for readers before marking dead")
}

fn at_each(alone: &Alone, holds: &[fn(&Project) -> Held]) {
    for orphan in [false, true] {
        on_each(&[Engine::Postgres], |project| {
            lay(project, alone, orphan);
            let daemon = Daemon::edged(project, &[]);
            project.ctl("upgrade a1").succeeds();
            daemon.killed(project);
            for fate in Fate::ALL.into_iter().filter(|fate| fate.is_orphan() == orphan) {
                for hold in holds {
                    cut_off(project, alone, fate, hold);
                }
            }
        });
    }
}

#[test]
fn detaching_a_partition() {
    at_each(&DETACH, &[table, readers]);
}

#[test]
fn rebuilding_an_index() {
    at_each(&REBUILD, &[writers, readers_of_old]);
}

#[test]
fn dropping_an_index() {
    at_each(&DROP, &[table, readers]);
}
