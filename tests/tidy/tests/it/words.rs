//! One word a thing, and nothing of the machine that something was written on.

use migrated_tidy::{repository, tracked, verdict};
use std::fs;

/// Words that others use, and ours.
const WORDS: &[(&str, &str)] = &[
    ("migration file", "revision file"),
    ("migration script", "revision file, or offline script"),
    ("version number", "revision id"),
    ("revision number", "revision id"),
    ("changeset", "revision"),
    ("changelog table", "version table"),
    ("migrations table", "version table"),
    ("history table", "version table"),
    ("up script", "upgrade body"),
    ("down script", "downgrade body"),
    ("up migration", "upgrade body"),
    ("down migration", "downgrade body"),
    ("state store", "revision store"),
    ("shadow database", "scratch database"),
];

/// Files that have to say another's word.
const QUOTING: &[(&str, &str)] = &[
    ("docs/from-alembic.md", "translates Alembic's words into ours"),
    ("tests/tidy/tests/it/words.rs", "is this list"),
];

fn lines_with(found: impl Fn(&str) -> Option<String>, skip: &[&str]) -> Vec<String> {
    let mut broken = Vec::new();
    for path in
        tracked("", &[".md", ".rs", ".proto", ".toml", ".sh", ".sql", ".py", ".go", ".yml", ".yaml", ".snap"])
    {
        if skip.contains(&path.as_str()) {
            continue;
        }
        let text = fs::read_to_string(repository().join(&path)).unwrap_or_default();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(what) = found(line) {
                broken.push(format!("{path}:{number}: {what}"));
            }
        }
    }
    broken
}

#[test]
fn one_word_a_thing() {
    let quoting: Vec<&str> = QUOTING.iter().map(|(path, _)| *path).collect();
    let broken = lines_with(
        |line| {
            let line = line.to_lowercase();
            let (theirs, ours) = WORDS.iter().find(|(theirs, _)| line.contains(theirs))?;
            Some(format!("`{theirs}`: we say {ours}"))
        },
        &quoting,
    );
    verdict("The words of the product:", &broken);
}

/// Folders of a machine, taken apart so that this file does not break its own rule.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/")];

#[test]
fn no_path_of_a_machine() {
    let broken = lines_with(
        |line| {
            FOLDERS.iter().find_map(|folder| {
                let at = line.find(folder)?;
                // Part of a longer path or of a URL is something else.
                let before = line[..at].chars().next_back();
                let alone = !before.is_some_and(|c| c.is_alphanumeric() || "._-}~>$)".contains(c));
                alone.then(|| format!("`{folder}` in: {}", line.trim()))
            })
        },
        &[],
    );
    verdict("Paths of a machine have no place in the repository:", &broken);
}
