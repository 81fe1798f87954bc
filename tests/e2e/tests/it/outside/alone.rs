//! A statement that refuses a transaction, in the middle of a revision, and what may become of it.

use super::phase::{Held, gone};
use crate::harness::{Daemon, Project};
use serde_json::Value;

/// A statement between two that count how often they ran.
pub(super) struct Alone {
    /// What there is before it.
    pub(super) before: &'static str,
    /// The statement.
    pub(super) up: &'static str,
    /// What undoes it.
    pub(super) down: &'static str,
    /// A query for what is to be told of it by how the catalog is: `TOOK_EFFECT` or `NO_EFFECT`.
    pub(super) fate: &'static str,
    /// A query that gives `t` where it took effect, whole and once, and nothing else is left.
    pub(super) whole: &'static str,
}

/// What becomes of the session that executes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The daemon is killed, and the session ends with it.
    Dies,
    /// The daemon is killed; its session does not notice, and is still at work when the next run comes.
    Survives,
    /// The daemon is killed; its session does not notice, and finishes the statement.
    Finishes,
    /// Somebody ends the session; the daemon lives.
    Terminated,
}

impl Fate {
    /// All of them.
    pub(super) const ALL: [Fate; 4] = [Fate::Dies, Fate::Survives, Fate::Finishes, Fate::Terminated];

    /// Whether the session is not to notice that its daemon is gone.
    pub(super) fn is_orphan(self) -> bool {
        matches!(self, Fate::Survives | Fate::Finishes)
    }
}

/// Writes the revisions for that fate, and points the project at the socket of its daemon.
pub(super) fn lay(project: &Project, alone: &Alone, orphan: bool) {
    let deaf = if orphan { "SET client_connection_check_interval = 0;\n" } else { "" };
    project.revision(
        "a1",
        "",
        &format!("CREATE TABLE tally (v integer);\nINSERT INTO tally VALUES (0);\n{}", alone.before),
        "",
    );
    let add = |n: u32| format!("UPDATE tally SET v = v + {n};");
    project.revision(
        "b2",
        "a1",
        &format!("transaction:false\n{deaf}{}\n{}\n{}", add(1), alone.up, add(10)),
        &format!("transaction:false\n{}\nUPDATE tally SET v = 0;", alone.down),
    );
    let socket = project.path("edged.socket");
    project.configure_server(&format!("unix:{}", socket.display()), "");
}

/// Cuts the statement off where it is held, goes on, and undoes it, after [`lay`] for that fate.
pub(super) fn cut_off(project: &Project, alone: &Alone, fate: Fate, hold: impl FnOnce(&Project) -> Held) {
    let database = &project.database;
    let mut daemon = Daemon::edged(project, &[]);
    let held = hold(project);
    let client = project.start("upgrade head");
    let (pid, held) = held.reached(project);
    let story = format!("{} held at `{}`: {fate:?}", alone.up, held.phase());
    let mut held = Some(held);
    let mut ended = None;
    match fate {
        Fate::Terminated => {
            database.sql(&format!("SELECT pg_terminate_backend({pid}, 20000)"));
            ended = Some(client.ends(project).exits(5).is("CONNECTION_LOST"));
        }
        _ => {
            drop(client);
            daemon.killed(project);
            daemon = Daemon::edged(project, &[]);
        }
    }
    match fate {
        Fate::Survives => {}
        _ => {
            if fate != Fate::Finishes {
                gone(project, &pid);
            }
            held.take().expect("it is held").let_on();
            gone(project, &pid);
        }
    }
    let told = told(project, alone, &story);
    assert_eq!(told.contains(&format!("backend {pid}: ")), fate == Fate::Survives, "{story}: {told}");
    let kept = database.sql(KEPT);
    match held {
        Some(held) => {
            // It is ended for the next run, whatever it waits for.
            let client = project.start("resume");
            gone(project, &pid);
            held.let_on();
            client.ends(project).succeeds();
        }
        None => {
            let next = ended.map_or_else(|| "migratectl resume".to_owned(), |answer| answer.next());
            project.shell(&next).succeeds();
        }
    }
    assert_eq!(database.sql(alone.whole), "t", "{story}");
    assert_eq!(database.sql("SELECT v FROM tally"), "11", "{story}: each statement once");
    if told.contains("adopted") {
        assert_eq!(database.sql(KEPT), kept, "{story}: what is complete is not made again");
    }
    settled(project, &story);
    project.ctl("downgrade a1").succeeds();
    daemon.killed(project);
}

/// The indexes, by number, but the journal's.
const KEPT: &str = "SELECT string_agg(indexrelid::text, ',' ORDER BY indexrelid) FROM pg_index \
                    WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                    AND relname <> 'migrated_journal')";

/// What is told of the statement, which must be as the catalog is, and changes nothing.
pub(super) fn told(project: &Project, alone: &Alone, story: &str) -> String {
    let before = project.place();
    let answer = project.ctl("diagnose --output json").exits(3);
    assert_eq!(project.place(), before, "{story}: a diagnosis changes nothing");
    let found: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let statements = found["statements"].as_array().expect("statements");
    let one = statements.iter().rev().nth(1).expect("the last but one is the statement");
    let fate = project.database.sql(alone.fate);
    assert_eq!(one["fate"], format!("STATEMENT_FATE_{fate}"), "{story}: {found}");
    assert_eq!(found["health"], "TARGET_HEALTH_PARTIAL", "{story}: {found}");
    format!("{} {}", one["evidence"], found["atWork"])
}

/// Fails the test unless the run that was cut off and the one that went on are told as they ended, and the journal is
/// gone.
#[track_caller]
pub(super) fn settled(project: &Project, story: &str) {
    let states = project.store("SELECT state FROM run ORDER BY created_at DESC, id DESC LIMIT 2");
    assert_eq!(states, "SUCCEEDED\nPARTIAL\n", "{story}");
    assert_eq!(project.database.sql("SELECT to_regclass('migrated_journal') IS NULL"), "t", "{story}");
    project.ctl("diagnose").succeeds();
}
