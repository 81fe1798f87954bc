//! The splitters and what looks at their statements: whatever the text, the statements lie in it in order, on character
//! boundaries, and what stands apart from them is no statement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrated_core::DialectName;
use migrated_core::dialect::{Splitter, classify, objects, split, sql_words, statement_hash, summary};

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the dialect, so that one corpus serves all of them.
    let Some((choice, bytes)) = input.split_first() else { return };
    let dialect = DialectName::ALL[usize::from(*choice) % DialectName::ALL.len()];
    let Ok(text) = std::str::from_utf8(bytes) else { return };

    let mut at = 0;
    for next in Splitter::new(dialect, text, 1) {
        let Ok(statement) = next else { break };
        assert!(statement.offset >= at && !statement.text.is_empty());
        assert_eq!(&text[statement.range()], statement.text);
        at = statement.range().end;
        if let Some(data) = &statement.copy_data {
            assert!(data.start >= at);
            at = text[..data.end].len();
        }
        let before = &text[..statement.offset];
        assert_eq!(statement.line as usize, before.matches('\n').count() + 1);
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        assert_eq!(statement.column as usize, column);

        classify(dialect, statement.text);
        objects(dialect, statement.text);
        summary(dialect, statement.text);
        sql_words(dialect, statement.text);
        statement_hash(dialect, &statement, text);
    }

    // A client's DELIMITER changes what follows it, so MySQL's statements mean something else by themselves.
    let alone = if dialect == DialectName::Mysql { Ok(Vec::new()) } else { split(dialect, text, 1) };
    for statement in alone.iter().flatten().filter(|s| s.copy_data.is_none()) {
        let again = split(dialect, statement.text, 1).expect("a statement can be split");
        assert_eq!(again.iter().map(|s| s.text).collect::<Vec<_>>(), [statement.text]);
    }
});
