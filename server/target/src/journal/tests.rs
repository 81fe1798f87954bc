use super::{Resume, insert, read, resume};
use crate::{JournalRow, JournalState, Script, ScriptStatement, Transaction, Treatment, Work};
use migrated_core::event::Direction;
use migrated_core::{Code, DialectName};
use std::sync::Arc;

fn statement(hash: &str, treatment: Treatment) -> ScriptStatement {
    ScriptStatement {
        range: 0..0,
        line: 1,
        column: 1,
        copy_data: None,
        hash: hash.into(),
        summary: String::new(),
        treatment,
    }
}

/// A revision whose statements have these hashes; one that begins with `s` changes the session only.
fn work(hashes: &[&str]) -> Work {
    let treatment =
        |hash: &str| if hash.starts_with('s') { Treatment::SessionOnly } else { Treatment::Transactional };
    let statements = hashes.iter().map(|hash| statement(hash, treatment(hash))).collect();
    Work {
        run: "run".into(),
        revision: "r1".into(),
        direction: Direction::Up,
        path: String::new(),
        script: Arc::new(Script { text: "".into(), statements, foreign_keys: None }),
        expected_rows: vec![],
        changes: vec![],
        transaction: Transaction::None,
        most_statements: u64::MAX,
        retries: crate::Retries::default(),
    }
}

fn row(statement: u32, hash: &str, state: JournalState) -> JournalRow {
    JournalRow {
        revision: "r1".into(),
        direction: Direction::Up,
        statement,
        hash: hash.into(),
        state,
        definitions: String::new(),
        run: "run".into(),
        backend: "1 then".into(),
    }
}

use JournalState::{Done, Intent};

#[test]
fn without_rows_a_revision_begins() {
    assert_eq!(resume(&[], &work(&["a"])).expect("a place"), Resume::Fresh);
}

#[test]
fn it_goes_on_after_the_last_done() {
    let rows = [row(1, "a", Done), row(3, "b", Done)];
    let found = resume(&rows, &work(&["a", "s", "b", "s", "c"])).expect("a place");
    assert_eq!(found, Resume::After { next: 5, done: 2 });
}

#[test]
fn where_all_is_done_only_the_version_rows_are_missing() {
    let rows = [row(1, "a", Done), row(2, "b", Done)];
    assert_eq!(resume(&rows, &work(&["a", "b"])).expect("a place"), Resume::After { next: 3, done: 2 });
}

#[test]
fn an_intent_is_doubtful_even_where_its_statement_was_edited() {
    let rows = [row(1, "a", Done), row(2, "b", Intent)];
    let found = resume(&rows, &work(&["a", "other", "c"])).expect("a place");
    assert_eq!(found, Resume::Doubtful { row: &rows[1], done: 1 });
}

#[test]
fn what_is_done_must_not_be_changed() {
    let rows = [row(1, "a", Done), row(2, "b", Done)];
    for edited in [&["x", "b", "c"][..], &["a", "x", "c"], &["a", "n", "b", "c"], &["a"]] {
        assert_eq!(
            resume(&rows, &work(edited)).expect_err("changed").code,
            Code::ChangedPartial,
            "{edited:?}"
        );
    }
}

#[test]
fn an_intent_whose_statement_was_taken_out_is_doubtful_too() {
    let rows = [row(1, "a", Done), row(2, "b", Intent)];
    for edited in [&["a"][..], &["a", "s"]] {
        let edited = work(edited);
        let found = resume(&rows, &edited).expect("a place");
        assert_eq!(found, Resume::Doubtful { row: &rows[1], done: 1 });
    }
}

#[test]
fn another_revision_or_direction_is_refused() {
    let rows = [row(1, "a", Done)];
    let other = Work { revision: "r2".into(), ..work(&["a"]) };
    assert_eq!(resume(&rows, &other).expect_err("another").code, Code::TargetPartial);
    let down = Work { direction: Direction::Down, ..work(&["a"]) };
    assert_eq!(resume(&rows, &down).expect_err("the other way").code, Code::TargetPartial);
}

#[test]
fn rows_are_read_as_they_were_written() {
    let cells = ["r1", "down", "7", "ff", "INTENT", "table \"a\" = 1", "run", "1 then"];
    let row = read(|index| cells.get(index).copied()).expect("a row");
    assert_eq!((row.direction, row.statement, row.state), (Direction::Down, 7, Intent));
    let text = insert(DialectName::Postgres, "public.j", "alembic_version", &row);
    for cell in cells {
        assert!(text.contains(cell), "{cell} is missing in {text}");
    }
    assert_eq!(read(|_| Some("?")).expect_err("not one of ours").code, Code::TargetPartial);
}

#[test]
fn quotes_in_ids_are_no_way_out() {
    let mut bad = row(1, "a", Done);
    bad.revision = "x'; DROP TABLE t; --".into();
    assert!(insert(DialectName::Sqlite, "j", "v", &bad).contains("'x''; DROP TABLE t; --'"));
}
