//! Histories of real projects, where they are at hand.

use migrated_core::DialectName;
use migrated_core::dialect::{StatementKind, classify, split};
use migrated_core::event::Direction;
use migrated_core::file::parse;

/// Up statements per history, from the histories' own table.
const HISTORIES: &[(&str, &str, usize, usize)] = &[
    ("argilla_server", "postgresql", 24, 72),
    ("argilla_server", "sqlite", 24, 84),
    ("conda_store", "postgresql", 14, 58),
    ("conda_store", "sqlite", 14, 76),
    ("ihatemoney", "postgresql", 13, 45),
    ("ihatemoney", "sqlite", 13, 68),
    ("meltano", "postgresql", 16, 33),
    ("meltano", "sqlite", 16, 30),
    ("magnum", "mariadb", 77, 138),
    ("glance", "mariadb", 29, 88),
];

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[expect(clippy::disallowed_methods, reason = "the histories lie outside of the repository")]
fn histories_of_real_projects() {
    let Ok(corpora) = std::env::var("MIGRATED_CORPORA") else {
        eprintln!("SKIPPED histories_of_real_projects: MIGRATED_CORPORA is not set");
        return;
    };
    for (project, folder, revisions, expected) in HISTORIES {
        let dialect = DialectName::parse(folder).expect("a dialect");
        let folder = std::path::Path::new(&corpora).join("projects").join(project).join(folder);
        let entries = std::fs::read_dir(&folder).expect("the history is there");
        let (mut files, mut statements) = (0, 0);
        for path in entries.map(|entry| entry.expect("readable").path()) {
            let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
            if !name.starts_with(|c: char| c.is_ascii_digit()) || !name.ends_with(".sql") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("readable");
            let file = parse(&name, &bytes).expect("a revision file");
            assert_eq!(name.split('_').nth(1), file.revision.split('_').next(), "{name}");
            for section in &file.sections {
                let found = split(dialect, file.body(section), section.body_line).expect("splits");
                for statement in &found {
                    let line = file.text.lines().nth(statement.line as usize - 1).expect("the line is there");
                    let at = line.char_indices().nth(statement.column as usize - 1).expect("the column").0;
                    assert!(line[at..].starts_with(statement.text.lines().next().unwrap_or("")), "{name}");
                    let kind = classify(dialect, statement.text).kind;
                    assert_ne!(kind, StatementKind::TransactionControl, "{name}: {}", statement.text);
                    assert_ne!(kind, StatementKind::RefusesTransaction, "{name}: {}", statement.text);
                }
                statements += if section.direction == Direction::Up { found.len() } else { 0 };
            }
            files += 1;
        }
        assert_eq!((files, statements), (*revisions, *expected), "{project} {dialect}");
    }
}
