//! What a file says.

use crate::read;
use migrated_core::DialectName;
use migrated_core::event::Direction;
use migrated_core::file::{raw_hash, token_hash};

#[test]
fn a_whole_file() {
    let file = read(include_str!("../../testdata/files/whole.sql"));
    insta::with_settings!({snapshot_path => "../../testdata/files", prepend_module_to_snapshot => false}, {
        let sections: Vec<_> = file.sections.iter().map(|s| (s, file.body(s))).collect();
        insta::assert_debug_snapshot!("whole", (
            &file.revision, &file.down_revisions, &file.depends_on, &file.branch_labels, &file.message, &file.created,
            sections,
        ));
    });
    let up = |dialect| file.section(Direction::Up, dialect).expect("there is one").line;
    assert_eq!(up(DialectName::Mysql), 20);
    assert_eq!(up(DialectName::Sqlite), 15);
    assert_eq!(up(DialectName::Postgres), 15);
    assert!(file.section(Direction::Down, DialectName::Sqlite).is_none());
}

#[test]
fn bases_and_absent_facts() {
    for down in ["", "-- down_revision:\n", "-- down_revision: None\n"] {
        let file = read(&format!("-- revision: a1\n{down}-- migrate:up\n"));
        assert!(
            file.down_revisions.is_empty() && file.depends_on.is_empty() && file.branch_labels.is_empty()
        );
        assert_eq!((file.message.as_str(), file.created.as_str()), ("", ""));
    }
    assert!(read("-- revision: merge1\n-- down_revision: a, b\n").sections.is_empty());
}

#[test]
fn other_line_ends_marks_and_spellings() {
    let plain = read("-- revision: a1\n-- message: äö: b\n\n-- migrate:up\nSELECT 1;\n");
    for text in [
        "\u{feff}-- revision: a1\n-- message: äö: b\n\n-- migrate:up\nSELECT 1;\n",
        "-- revision: a1\r\n-- message: äö: b\r\n\r\n-- migrate:up\r\nSELECT 1;\r\n",
        "--revision:a1\n  --  message :  äö: b  \n\n  -- MIGRATE: UP \nSELECT 1;\n",
    ] {
        let file = read(text);
        assert_eq!((&file.revision, &file.message), (&plain.revision, &plain.message));
        assert_eq!(file.body(&file.sections[0]).trim_end(), "SELECT 1;");
        assert_eq!(file.sections[0].body_line, 5);
        assert_eq!(token_hash(&file), token_hash(&plain));
        assert_ne!(raw_hash(text.as_bytes()), raw_hash(plain.text.as_bytes()));
    }
}

#[test]
fn comments_before_the_first_section() {
    let file = read(
        "-- Copyright 2026: Someone\n-- SPDX-License-Identifier: Apache-2.0\n-- see https://example.org/x\n\
         /* text: more\n revision: no */ -- revision: a1\n\n-- migrate:up\n-- revision: b2\n",
    );
    assert_eq!(file.revision, "a1");
}
