//! The three dialects are built alike, and know nothing of each other.

use migrated_tidy::{Source, tracked, verdict};
use std::collections::{BTreeMap, BTreeSet};

const DIALECTS: [&str; 3] = ["mysql", "postgres", "sqlite"];
const HOMES: [&str; 2] = ["server/core/src/dialect", "server/target/src"];

/// Files that one or two dialects have, with what makes the others not need them.
const OWN: &[(&str, &str)] = &[
    (
        "server/core/src/dialect/mysql/block.rs",
        "stored programs without DELIMITER: blocks are followed to their end",
    ),
    ("server/target/src/postgres/copy.rs", "COPY … FROM STDIN has a protocol of its own"),
    (
        "server/target/src/postgres/evidence.rs",
        "SQLite's DDL is transactional: no definition has to be compared",
    ),
    ("server/target/src/postgres/index.rs", "only PostgreSQL leaves invalid indexes behind"),
    ("server/target/src/postgres/journalled.rs", "SQLite has this in journal.rs and resume.rs"),
    ("server/target/src/postgres/quote.rs", "SQLite takes what core's version_table gives"),
    (
        "server/target/src/postgres/wire.rs",
        "a server is spoken to over a wire; SQLite's counterpart is query.rs",
    ),
    ("server/target/src/sqlite/backend.rs", "without a server a backend is a process and a connection in it"),
    ("server/target/src/sqlite/foreign_keys.rs", "only SQLite's pragma has to be set before BEGIN"),
    ("server/target/src/sqlite/journal.rs", "PostgreSQL has this in journalled.rs"),
    ("server/target/src/sqlite/place.rs", "only SQLite's databases are files"),
    ("server/target/src/sqlite/query.rs", "SQLite's counterpart of wire.rs"),
    ("server/target/src/sqlite/reset.rs", "SQLite has no DISCARD ALL: what a session carries is compared"),
    ("server/target/src/sqlite/resume.rs", "PostgreSQL has this in journalled.rs"),
    (
        "server/target/src/sqlite/statement.rs",
        "SQLite does not say whether a statement gives rows or changes them",
    ),
    ("server/target/src/sqlite/whole.rs", "a small step as one message to the connection's own thread"),
];

#[test]
fn the_folders_have_the_same_files() {
    let mut broken = Vec::new();
    let mut needed = BTreeSet::new();
    for home in HOMES {
        let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for dialect in DIALECTS {
            let folder = format!("{home}/{dialect}");
            for path in tracked(&folder, &[".rs"]).into_iter().filter(|path| !path.ends_with("tests.rs")) {
                owners.entry(path[folder.len() + 1..].to_owned()).or_default().insert(dialect);
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
                needed.insert(path);
            }
        }
    }
    let stale = OWN.iter().filter(|(path, _)| !needed.contains(*path));
    broken.extend(
        stale.map(|(path, _)| format!("{path}: all dialects have it, or none; strike it off the list")),
    );
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
