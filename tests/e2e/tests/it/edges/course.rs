//! The run that is cut off: up and down again over a revision in a transaction, one outside of it with a statement that
//! commits by itself, and one whose transaction SQLite does statement by statement. Counters tell how often.

use super::trace::Trace;
use crate::harness::{Daemon, Engine, Project};

/// How often an upgrade and a downgrade of everything was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) ups: u32,
    pub(super) downs: u32,
}

impl Asked {
    /// One more of those.
    pub(super) fn once_more(&mut self, way: Way) {
        match way {
            Way::First => {}
            Way::Up => self.ups += 1,
            Way::Down => self.downs += 1,
        }
    }
}

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From an empty database to the first revision.
    First,
    /// From the first to the last.
    Up,
    /// And back.
    Down,
}

impl Way {
    /// The command.
    pub(super) fn words(self) -> &'static str {
        match self {
            Way::First => "upgrade a1",
            Way::Up => "upgrade head",
            Way::Down => "downgrade a1",
        }
    }

    /// The revisions that it comes by, the first being where it begins.
    pub(super) fn revisions(self) -> &'static [&'static str] {
        match self {
            Way::First => &["", "a1"],
            Way::Up => &["a1", "b2", "c3", "d4"],
            Way::Down => &["d4", "c3", "b2", "a1"],
        }
    }

    /// Where it leads.
    pub(super) fn goal(self) -> &'static str {
        self.revisions().last().copied().unwrap_or_default()
    }
}

/// What one passage over all revisions adds to a counter.
const EACH: u32 = 1_111;

/// Writes the revisions, and points the project at the socket of its daemon.
pub(super) fn lay(project: &Project) {
    let (alone, back) = match project.database.engine {
        Engine::Postgres => {
            ("CREATE INDEX CONCURRENTLY i_c3 ON counter (ups);", "DROP INDEX CONCURRENTLY i_c3;")
        }
        Engine::Mariadb => ("CREATE INDEX i_c3 ON counter (ups);", "DROP INDEX i_c3 ON counter;"),
        Engine::Sqlite => ("VACUUM;", "VACUUM;"),
    };
    let step_by_step = match project.database.engine {
        Engine::Sqlite => "PRAGMA foreign_keys = OFF;\n",
        Engine::Postgres | Engine::Mariadb => "",
    };
    let add = |to: &str, n: u32| format!("UPDATE counter SET {to} = {to} + {n};");
    project.revision(
        "a1",
        "",
        "CREATE TABLE counter (id integer PRIMARY KEY, ups integer NOT NULL, downs integer NOT NULL);\n\
         INSERT INTO counter VALUES (1, 0, 0);",
        "DROP TABLE counter;",
    );
    project.revision(
        "b2",
        "a1",
        &format!("{}\nCREATE TABLE t_b2 (id integer);", add("ups", 1)),
        &format!("{}\nDROP TABLE t_b2;", add("downs", 1)),
    );
    project.revision(
        "c3",
        "b2",
        &format!("transaction:false\n{}\n{alone}\n{}", add("ups", 10), add("ups", 100)),
        &format!("transaction:false\n{}\n{back}\n{}", add("downs", 10), add("downs", 100)),
    );
    project.revision(
        "d4",
        "c3",
        &format!("{step_by_step}{}", add("ups", 1_000)),
        &format!("{step_by_step}{}", add("downs", 1_000)),
    );
    let socket = project.path("edged.socket");
    project.configure_server(&format!("unix:{}", socket.display()), "");
}

/// Runs a command with a daemon of its own, in which nothing is cut off.
pub(super) fn undisturbed(project: &Project, words: &str) {
    let daemon = Daemon::edged(project, &[]);
    project.ctl(words).succeeds();
    daemon.killed(project);
}

/// Fails the test unless everything asked for was done once, and the target stands where `way` leads.
#[track_caller]
pub(super) fn everything_once(project: &Project, asked: Asked, way: Way, story: &str) {
    let database = &project.database;
    let wanted = format!("{}\n{}", asked.ups * EACH, asked.downs * EACH);
    assert_eq!(counters(project), wanted, "{story}: each statement once");
    assert_eq!(database.sql("SELECT version_num FROM alembic_version"), way.goal(), "{story}");
    let table = database.try_sql("SELECT count(*) FROM t_b2").is_ok();
    assert_eq!(table, way == Way::Up, "{story}: table t_b2");
    let index = match database.engine {
        Engine::Postgres => {
            "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('i_c3') AND indisvalid"
        }
        Engine::Mariadb => {
            "SELECT count(*) FROM information_schema.statistics WHERE index_name = 'i_c3' \
             AND table_schema = database()"
        }
        Engine::Sqlite => return,
    };
    assert_eq!(database.sql(index), if way == Way::Up { "1" } else { "0" }, "{story}: index i_c3");
}

/// The counter of upgrades and that of downgrades, one a line.
fn counters(project: &Project) -> String {
    project.database.sql("SELECT ups FROM counter UNION ALL SELECT downs FROM counter")
}

/// After a failure: brings the target where `way` leads, and tells what its counters then stand at, rounded up.
pub(super) fn recover(project: &Project, way: Way) -> Asked {
    undisturbed(project, way.words());
    let counted = counters(project);
    let mut counted = counted.lines().map(|n| n.parse::<u32>().unwrap_or(0).div_ceil(EACH));
    let asked = Asked { ups: counted.next().unwrap_or(0), downs: counted.next().unwrap_or(0) };
    let set = format!("UPDATE counter SET ups = {}, downs = {}", asked.ups * EACH, asked.downs * EACH);
    project.database.sql(&set);
    asked
}

/// How often each edge is passed by a run of these revisions that nobody disturbs.
pub(super) fn passages(project: &Project, way: Way) -> Vec<(String, u32)> {
    let trace = Trace::new(project);
    let daemon = Daemon::edged(project, &[("EDGE_TRACE", &trace.path())]);
    project.ctl(way.words()).succeeds();
    daemon.killed(project);
    trace.counted()
}
