//! Files are short: one concept each.

use migrated_tidy::{repository, tracked, verdict};
use std::fs;

const LIMIT: usize = 400;

/// Files that may be longer, with the reason.
const LONG: &[(&str, &str)] = &[
    (
        "proto/migrated/v1/migration_service.proto",
        "all calls of a service, which clients look up in one place",
    ),
    ("proto/migrated/v1/operation.proto", "all operations, which clients look up in one place"),
    ("proto/migrated/v1/schema.proto", "all objects of the model, which clients look up in one place"),
    ("server/target/tests/it/postgres_apply.rs", "one behaviour a test on the same small bed"),
];

#[test]
fn no_file_is_long_without_a_reason() {
    let mut broken = Vec::new();
    let files = ["client", "migrations", "proto", "scripts", "server", "tests"]
        .iter()
        .flat_map(|folder| tracked(folder, &[".rs", ".proto", ".py", ".go", ".sh"]));
    let mut seen = Vec::new();
    for path in files {
        let text = fs::read_to_string(repository().join(&path)).expect("a source file is UTF-8");
        // Nobody reads what a program writes; Go's tools know such a file by this line, and ours in Python says so at
        // the end of its first.
        let generated =
            |line: &str| line.starts_with("// Code generated ") || line.ends_with(" Generated.\"\"\"");
        if text.lines().next().is_some_and(generated) {
            continue;
        }
        let lines = text.lines().count();
        let reason = LONG.iter().find(|(long, _)| *long == path);
        match reason {
            None if lines > LIMIT => broken.push(format!("{path} has {lines} lines")),
            Some((_, "")) => broken.push(format!("{path} is {lines} lines long, and why?")),
            _ => {}
        }
        seen.push(path);
    }
    let gone = LONG.iter().filter(|(path, _)| !seen.iter().any(|s| s == path));
    broken.extend(gone.map(|(path, _)| format!("{path} is gone: strike it off the list")));
    verdict("Over 400 lines only with a reason in LONG; take the file apart by concept:", &broken);
}

/// Names that say what something is made for, not what it is.
#[test]
fn no_file_is_named_after_nothing() {
    let empty = ["manager", "helper", "helpers", "util", "utils", "handler", "handlers", "common", "misc"];
    let stems = tracked("", &[".rs", ".proto", ".py", ".go"]).into_iter().filter(|path| {
        let stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        stem.split(['_', '-']).any(|word| empty.contains(&word))
    });
    verdict("A file is named by its one concept:", &stems.collect::<Vec<_>>());
}
