//! Revision files in each of their forms: read or refused with a place, never a panic; what was read has an identity, its
//! operations have SQL or an error, and what lint finds stands in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrated_core::DialectName;
use migrated_core::event::Direction;
use migrated_core::file::{parse, token_hash};
use migrated_core::lint::lint;
use migrated_core::operation::Server;

const PATHS: [&str; 4] =
    ["migrations/f.sql", "migrations/f.yaml", "migrations/f.rev.py", "migrations/f.rev.go"];

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let Ok(file) = parse(path, bytes) else { return };
    assert_eq!(token_hash(&file), token_hash(&parse(path, bytes).expect("it was read before")));

    // YAML's lines end at a lone CR as well.
    let lines = file.text.matches(['\n', '\r']).count() + 1;
    for section in &file.sections {
        assert!(file.text.get(section.body.clone()).is_some(), "a body lies in its file");
        for dialect in DialectName::ALL {
            let Ok(findings) = lint(&file, section, dialect, true) else { continue };
            assert!(findings.iter().all(|finding| finding.line as usize <= lines));
        }
    }
    for dialect in DialectName::ALL {
        for direction in [Direction::Up, Direction::Down] {
            let Some(operations) = &file.operations else { continue };
            let Ok(Some(rendered)) = operations.render(path, direction, &Server::oldest(dialect)) else {
                continue;
            };
            assert!(rendered.iter().all(|r| r.line as usize <= lines), "an operation lies in its file");
        }
    }
});
