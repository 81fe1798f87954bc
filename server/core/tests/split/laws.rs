//! What holds for every text.

use crate::{LITE, PG};
use migrated_core::DialectName;
use migrated_core::dialect::{Splitter, split};
use proptest::prelude::*;

/// Pieces that texts are made of, so that quotes, comments and bodies really occur.
fn script() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            ";",
            "'",
            "\"",
            "`",
            "[",
            "]",
            "(",
            ")",
            "$$",
            "$a$",
            "\\",
            "\\.",
            "\n",
            "\r\n",
            " ",
            "--",
            "-- ",
            "#",
            "/*",
            "*/",
            "/*!",
            "/*+",
            "E'",
            "U&'",
            "BEGIN ",
            "ATOMIC ",
            "END ",
            "CASE ",
            "IF ",
            "THEN ",
            "LOOP ",
            "NOT ",
            "CREATE ",
            "FUNCTION f() ",
            "TRIGGER ",
            "PROCEDURE p() ",
            "FOR EACH ROW ",
            "COPY t FROM STDIN",
            "DELIMITER ",
            "//",
            "1e",
            "+",
            "x",
            "ż",
            "𝄞",
            "\u{feff}",
            "\0",
        ])
        .prop_map(String::from),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Statements come in order, do not overlap, lie on character boundaries and are what their range says; between
    /// them stands nothing that an engine would read.
    #[test]
    fn statements_and_gaps_are_the_text(text in script()) {
        for dialect in DialectName::ALL {
            let mut at = 0;
            let mut again = String::new();
            let mut complete = true;
            for next in Splitter::new(dialect, &text, 1) {
                let Ok(statement) = next else { complete = false; break };
                prop_assert!(statement.offset >= at && !statement.text.is_empty());
                prop_assert_eq!(&text[statement.range()], statement.text);
                again.push_str(&text[at..statement.offset]);
                again.push_str(statement.text);
                at = statement.range().end;
                if let Some(data) = &statement.copy_data {
                    prop_assert!(data.start >= at);
                    again.push_str(&text[at..data.end]);
                    at = data.end;
                }
                let before = &text[..statement.offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                prop_assert_eq!((statement.line as usize, statement.column as usize), (line, column));
            }
            again.push_str(&text[at..]);
            prop_assert!(!complete || again == text);
        }
    }

    /// What stands between statements holds no statement.
    #[test]
    fn gaps_are_blank(text in script()) {
        for dialect in [PG, LITE] {
            let Ok(statements) = split(dialect, &text, 1) else { continue };
            let mut at = 0;
            for statement in &statements {
                let gap = &text[at..statement.offset];
                if let Ok(rest) = split(dialect, gap, 1) {
                    prop_assert!(rest.is_empty(), "{:?} in {:?}", gap, text);
                }
                at = statement.copy_data.clone().map_or(statement.range().end, |data| data.end + 2);
            }
        }
    }

    /// A statement by itself is split into itself.
    #[test]
    fn splitting_again_changes_nothing(text in script()) {
        for dialect in [PG, LITE] {
            let Ok(statements) = split(dialect, &text, 1) else { continue };
            for statement in statements.iter().filter(|s| s.copy_data.is_none()) {
                let again = split(dialect, statement.text, 1).expect("a statement can be split");
                prop_assert_eq!(again.iter().map(|s| s.text).collect::<Vec<_>>(), vec![statement.text]);
            }
        }
    }
}
