//! A message that names a configuration key names one that exists.

use migrated_tidy::{repository, tracked, verdict};
use std::fs;

/// Keys in messages that are called otherwise, with their names. To be emptied, not to be added to.
const DEBTS: &[(&str, &str)] = &[
    ("limits.manifest_entries", "limits.max_manifest_entries"),
    ("limits.revision_bytes", "limits.max_revision_size"),
    ("limits.statements", "limits.max_statements"),
];

/// What stands between backticks in a line and looks like `section.key`.
fn keys(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|word| {
        let plain = word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_' || c == b'.');
        plain && word.split('.').count() > 1 && word.split('.').all(|part| !part.is_empty())
    })
}

#[test]
fn keys_of_the_daemon_that_are_named_exist() {
    let reference =
        fs::read_to_string(repository().join("docs/configuration.md")).expect("every key stands there");
    let sections: Vec<&str> = reference.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(sections.contains(&"limits"), "docs/configuration.md has another form than this test reads");
    let mut broken = Vec::new();
    let (mut seen, mut owed) = (0, Vec::new());
    let files = tracked("server", &[".rs"]).into_iter().chain(tracked("docs", &[".md"]));
    // The client's configuration has sections of the same names.
    for path in files.filter(|path| {
        path != "docs/configuration.md" && !path.starts_with("docs/verbs/") && !path.ends_with("/tests.rs")
    }) {
        let text = fs::read_to_string(repository().join(&path)).expect("a file of text is UTF-8");
        for (number, line) in (1..).zip(text.lines()) {
            for key in keys(line) {
                let ours = key.split('.').next().is_some_and(|section| sections.contains(&section));
                if !ours || key.ends_with(".rs") || key.ends_with(".md") {
                    continue;
                }
                seen += 1;
                let known =
                    reference.contains(&format!("`{key}`")) || reference.contains(&format!("`{key}."));
                if DEBTS.iter().any(|(debt, _)| *debt == key) {
                    owed.push(key.to_owned());
                } else if !known {
                    broken.push(format!("{path}:{number}: `{key}`"));
                }
            }
        }
    }
    let paid = DEBTS.iter().filter(|(debt, _)| !owed.iter().any(|key| key == debt));
    broken.extend(paid.map(|(debt, _)| format!("`{debt}` is said nowhere any more: strike it off DEBTS")));
    assert!(seen > 10, "no keys were found");
    verdict("Keys that docs/configuration.md does not have:", &broken);
}
