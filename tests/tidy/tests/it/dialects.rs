//! The three dialects are built alike, and know nothing of each other.

use migrated_tidy::{Source, tracked, verdict};
use std::collections::{BTreeMap, BTreeSet};

const DIALECTS: [&str; 3] = ["mysql", "postgres", "sqlite"];
const HOMES: [&str; 2] = ["server/core/src/dialect", "server/target/src"];

/// Files that one or two dialects have, with what makes the others not need them.
const OWN: &[(&str, &str)] = &[];

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
        assert!(!owners.is_empty(), "{home} has no dialects");
        for (file, dialects) in owners.iter().filter(|(_, dialects)| dialects.len() < DIALECTS.len()) {
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
