//! What holds for every text.

use migrated_core::file::{NewRevision, parse, render, token_hash};
use proptest::prelude::*;

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(-- (revision|migrate|message|x)?[: ]?[a-z0-9 ,:]{0,12}(\r)?\n|.{0,10}\n){0,12}") {
        let _ = parse("f.sql", &bytes);
        if let Ok(file) = parse("f.sql", text.as_bytes()) {
            token_hash(&file);
            // Bodies and openings follow each other to the end of the file.
            let mut line = 0;
            for section in &file.sections {
                prop_assert!(section.line > line);
                line = section.line;
            }
            prop_assert_eq!(file.sections.last().map_or(text.len(), |s| s.body.end), text.len());
        }
    }

    #[test]
    fn what_is_written_is_read_again(rev in "[a-z0-9_]{1,12}x", down in prop::collection::vec("[a-z0-9]{1,6}x", 0..3), message in "[a-zA-Z0-9:, ]{0,30}", body in "[a-z '\n]{0,40}") {
        let mut down = down;
        down.sort();
        down.dedup();
        let new = NewRevision { revision: rev, down_revisions: down, message, up: body, ..NewRevision::default() };
        let file = parse("f.sql", render(&new).as_bytes()).expect("our own file is read");
        prop_assert_eq!(&file.revision, &new.revision);
        prop_assert_eq!(&file.down_revisions, &new.down_revisions);
        let folded = new.message.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(&file.message, &folded);
        prop_assert_eq!(file.body(&file.sections[0]).trim_end(), new.up.trim_end());
    }
}
