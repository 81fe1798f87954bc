//! The revisions of the targets: a graph with branches, in which every statement leaves a row in a ledger of the test.
//! `edges` has the same idea for one daemon; there counters are enough, here the order matters as well.

use crate::harness::{Engine, Project};

/// A revision.
#[derive(Debug)]
pub(super) struct Revision {
    pub(super) id: &'static str,
    pub(super) parents: &'static [&'static str],
    /// How it is executed.
    kind: Kind,
}

/// How a revision is executed, where the engine gives a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In one transaction.
    Whole,
    /// Statement by statement, with an index that refuses a transaction.
    Alone,
    /// Statement by statement.
    Journalled,
}

/// The graph: two branches that become one again on PostgreSQL and SQLite; on MariaDB two heads.
pub(super) fn graph(engine: Engine) -> Vec<Revision> {
    let revision = |id, parents, kind| Revision { id, parents, kind };
    let mut graph = vec![
        revision("a1", &[], Kind::Whole),
        revision("b1", &["a1"], Kind::Whole),
        revision("c1", &["b1"], Kind::Alone),
        revision("b2", &["a1"], Kind::Whole),
        revision("c2", &["b2"], Kind::Journalled),
    ];
    match engine {
        Engine::Mariadb => graph.push(revision("d1", &["c1"], Kind::Whole)),
        Engine::Postgres | Engine::Sqlite => {
            graph.push(revision("d1", &["c1", "c2"], Kind::Whole));
            graph.push(revision("e1", &["d1"], Kind::Whole));
        }
    }
    graph
}

/// The commands that clients give.
pub(super) fn commands(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres | Engine::Sqlite => &[
            "upgrade head",
            "upgrade head",
            "upgrade head",
            "upgrade heads",
            "upgrade +1",
            "upgrade b1",
            "upgrade c2",
            "upgrade d1",
            "downgrade -1",
            "downgrade -2",
            "downgrade a1",
            "downgrade base",
        ],
        Engine::Mariadb => &[
            "upgrade heads",
            "upgrade heads",
            "upgrade heads",
            "upgrade d1",
            "upgrade c2",
            "upgrade b1",
            "upgrade +1",
            "downgrade -1",
            "downgrade d1-2",
            "downgrade a1",
            "downgrade base",
        ],
    }
}

/// Statements of a revision's body that leave a row in the ledger.
pub(super) const PARTS: u32 = 3;

/// What stands in a database before anything is applied.
pub(super) fn ledger(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => {
            "CREATE TABLE ledger (id bigserial PRIMARY KEY, revision text, way text, part integer, who text, \
             at timestamptz DEFAULT clock_timestamp())"
        }
        Engine::Mariadb => {
            "CREATE TABLE ledger (id bigint AUTO_INCREMENT PRIMARY KEY, revision varchar(9), way char(1), \
             part integer, who varchar(64), at timestamp(6) DEFAULT current_timestamp(6)) ENGINE=InnoDB"
        }
        Engine::Sqlite => {
            "CREATE TABLE ledger (id integer PRIMARY KEY AUTOINCREMENT, revision text, way text, part integer, \
             who text, at text DEFAULT (strftime('%H:%M:%f')))"
        }
    }
}

/// Writes the revision files.
pub(super) fn lay(project: &Project, engine: Engine) {
    for revision in graph(engine) {
        let Revision { id, parents, kind } = revision;
        let (up, down) = match (kind, engine) {
            (Kind::Alone, Engine::Postgres) => (
                format!("CREATE INDEX CONCURRENTLY i_{id} ON t_a1 (id);"),
                format!("DROP INDEX CONCURRENTLY i_{id};"),
            ),
            (Kind::Alone, Engine::Mariadb) => {
                (format!("CREATE INDEX i_{id} ON t_a1 (id);"), format!("DROP INDEX i_{id} ON t_a1;"))
            }
            (Kind::Alone, Engine::Sqlite) => ("VACUUM;".to_owned(), "VACUUM;".to_owned()),
            (Kind::Whole | Kind::Journalled, _) => {
                (format!("CREATE TABLE t_{id} (id integer PRIMARY KEY);"), format!("DROP TABLE t_{id};"))
            }
        };
        let outside = if kind == Kind::Whole { "" } else { "transaction:false\n" };
        let body = |way, own: &str| {
            let entry = |part| entry(engine, id, way, part);
            format!("{outside}{}\n{own}\n{}\n{}", entry(1), entry(2), entry(3))
        };
        project.revision(id, &parents.join(", "), &body('+', &up), &body('-', &down));
    }
}

/// The statement that enters itself; the second of a body takes its time.
fn entry(engine: Engine, id: &str, way: char, part: u32) -> String {
    let who = match engine {
        Engine::Postgres => "current_setting('application_name')",
        Engine::Mariadb => "CONNECTION_ID()",
        Engine::Sqlite => "'sqlite'",
    };
    let slowly = match (engine, part) {
        (Engine::Postgres, 2) => " FROM pg_sleep(0.06)",
        (Engine::Mariadb, 2) => " FROM (SELECT SLEEP(0.06)) AS pause",
        (Engine::Sqlite, 2) => {
            " WHERE (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
             SELECT count(*) FROM n) > 0"
        }
        _ => "",
    };
    format!("INSERT INTO ledger (revision, way, part, who) SELECT '{id}', '{way}', {part}, {who}{slowly};")
}
