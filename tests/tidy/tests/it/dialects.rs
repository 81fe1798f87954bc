//! The three dialects are built alike, and know nothing of each other.

use migrated_tidy::{Source, repository, tracked, verdict};
use std::collections::{BTreeMap, BTreeSet};

const DIALECTS: [&str; 3] = ["mysql", "postgres", "sqlite"];
/// Folders whose files follow what the engine has (policies, events, virtual tables), not what the others have. They
/// are entered by a `mod.rs` that is alike.
const AFTER_THE_ENGINE: [&str; 2] = ["inspect/", "render/"];
const HOMES: [&str; 2] = ["server/core/src/dialect", "server/target/src"];

/// Files that one or two dialects have, with what makes the others not need them.
const OWN: &[(&str, &str)] = &[
    ("server/core/src/dialect/mysql/block.rs", "stored programs without DELIMITER: blocks are followed"),
    (
        "server/target/src/mysql/ahead.rs",
        "only here does every DDL statement need an INTENT, so that several share one",
    ),
    ("server/target/src/mysql/alone.rs", "SQLite: VACUUM is all there is, a case in journalled.rs"),
    ("server/target/src/mysql/engine.rs", "only here have some tables no transactions"),
    ("server/target/src/mysql/evidence.rs", "SQLite's DDL is transactional: nothing to compare"),
    (
        "server/target/src/mysql/executed/gathering.rs",
        "only here do a client's statements gather between two that commit by themselves",
    ),
    (
        "server/target/src/mysql/executed/replay.rs",
        "PostgreSQL: a part of executed/journalled.rs; on SQLite a client's body is one transaction",
    ),
    (
        "server/target/src/mysql/executed/sending.rs",
        "elsewhere a few lines of executed.rs: MariaDB's two protocols read rows differently",
    ),
    (
        "server/target/src/mysql/opening.rs",
        "only here has a revision a key, rows and journal to ask for before it begins",
    ),
    ("server/target/src/mysql/quote.rs", "SQLite takes what core's version_table gives"),
    (
        "server/target/src/mysql/rehearsal/confines.rs",
        "elsewhere a transaction holds a rehearsal: nothing is copied",
    ),
    (
        "server/target/src/mysql/rehearsal/definitions.rs",
        "elsewhere a transaction holds a rehearsal: nothing is copied",
    ),
    (
        "server/target/src/mysql/rehearsal/fill.rs",
        "elsewhere a transaction holds a rehearsal: nothing is copied",
    ),
    (
        "server/target/src/mysql/rehearsal/lex.rs",
        "elsewhere a transaction holds a rehearsal: nothing is copied",
    ),
    (
        "server/target/src/mysql/rehearsal/mod.rs",
        "elsewhere a transaction holds a rehearsal: nothing is copied",
    ),
    ("server/target/src/mysql/rights.rs", "rights are gathered from grants; elsewhere they are asked for"),
    ("server/target/src/mysql/value.rs", "SQLite's values have four types, a few lines of executed.rs"),
    ("server/target/src/mysql/wire.rs", "SQLite, without a server, has query.rs instead"),
    ("server/target/src/postgres/alone.rs", "SQLite: VACUUM is all there is, a case in journalled.rs"),
    ("server/target/src/postgres/apply.rs", "MySQL, which journals all, has journalled.rs alone"),
    ("server/target/src/postgres/copy.rs", "COPY … FROM STDIN has a protocol of its own"),
    ("server/target/src/postgres/evidence.rs", "SQLite's DDL is transactional: nothing to compare"),
    (
        "server/target/src/postgres/executed/journalled.rs",
        "MySQL, which journals all, has executed.rs alone; on SQLite a client's body is one transaction",
    ),
    ("server/target/src/postgres/index.rs", "only PostgreSQL leaves invalid indexes behind"),
    (
        "server/target/src/postgres/keys.rs",
        "MySQL's keys are two names, a few lines of lock.rs; a file of SQLite has one daemon",
    ),
    (
        "server/target/src/postgres/leftover.rs",
        "only PostgreSQL has statements that work in several transactions of their own",
    ),
    (
        "server/target/src/postgres/parameter.rs",
        "only PostgreSQL is told the types of parameters, and has arrays",
    ),
    ("server/target/src/postgres/quote.rs", "SQLite takes what core's version_table gives"),
    (
        "server/target/src/postgres/rehearsal.rs",
        "only here are there constraints to check before a COMMIT that never comes; SQLite: a few lines of session.rs",
    ),
    (
        "server/target/src/postgres/value/mod.rs",
        "SQLite's values have four types, a few lines of executed.rs",
    ),
    ("server/target/src/postgres/value/moment.rs", "a binary format that only PostgreSQL has"),
    ("server/target/src/postgres/value/numeric.rs", "a binary format that only PostgreSQL has"),
    ("server/target/src/postgres/warm.rs", "only PostgreSQL's sessions begin with empty catalog caches"),
    ("server/target/src/postgres/wire.rs", "SQLite, without a server, has query.rs instead"),
    ("server/target/src/sqlite/apply.rs", "MySQL, which journals all, has journalled.rs alone"),
    ("server/target/src/sqlite/backend.rs", "a backend is a process and a connection in it"),
    ("server/target/src/sqlite/foreign_keys.rs", "only SQLite's pragma has to be set before BEGIN"),
    (
        "server/target/src/sqlite/meaning.rs",
        "the servers' classes come with the statement; what stays in a session shows only here",
    ),
    ("server/target/src/sqlite/place.rs", "only SQLite's databases are files"),
    ("server/target/src/sqlite/query.rs", "SQLite's counterpart of wire.rs"),
    ("server/target/src/sqlite/reset.rs", "SQLite has no DISCARD ALL: what a session carries is compared"),
    ("server/target/src/sqlite/whole.rs", "a small step as one message to the connection's own thread"),
];

#[test]
fn the_folders_have_the_same_files() {
    let mut broken = Vec::new();
    for home in HOMES {
        let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for dialect in DIALECTS {
            let folder = format!("{home}/{dialect}");
            for path in tracked(&folder, &[".rs"]).into_iter().filter(|path| !path.ends_with("tests.rs")) {
                let file = path[folder.len() + 1..].to_owned();
                let own = AFTER_THE_ENGINE.iter().any(|inner| file.starts_with(inner));
                if !own || file.ends_with("/mod.rs") {
                    owners.entry(file).or_default().insert(dialect);
                }
            }
        }
        let there: BTreeSet<&str> = owners.values().flatten().copied().collect();
        assert!(there.len() > 1, "{home} has no dialects to compare");
        for (file, dialects) in owners.iter().filter(|(_, dialects)| dialects.len() < there.len()) {
            for dialect in dialects {
                let path = format!("{home}/{dialect}/{file}");
                if !OWN.iter().any(|(own, _)| *own == path) {
                    broken.push(format!("{path}: the other dialects have no {file}"));
                }
            }
        }
    }
    let gone = OWN.iter().filter(|(path, _)| !repository().join(path).exists());
    broken.extend(gone.map(|(path, _)| format!("{path} is gone: strike it off the list")));
    broken.extend(OWN.iter().filter(|(_, why)| why.is_empty()).map(|(path, _)| format!("{path}: why?")));
    verdict("Who knows one dialect's folder finds the way in the others (or OWN says why not):", &broken);
}

#[test]
fn a_dialect_never_imports_another() {
    let mut broken = Vec::new();
    for home in HOMES {
        for dialect in DIALECTS {
            for file in Source::below(&format!("{home}/{dialect}")) {
                for other in DIALECTS.iter().filter(|other| **other != dialect) {
                    broken.extend(file.lines_where(|line| {
                        [
                            format!("super::{other}::"),
                            format!("crate::{other}::"),
                            format!("dialect::{other}::"),
                        ]
                        .iter()
                        .any(|path| line.contains(path))
                    }));
                }
            }
        }
    }
    verdict("What two dialects share stands above them:", &broken);
}
