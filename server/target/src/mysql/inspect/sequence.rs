//! Sequences of MariaDB: their values stand in the one row that they have as tables.

use super::super::quote::name;
use super::super::wire::{Answer, cell};
use migrated_core::schema::{Name, Sequence, SequenceOptions};

/// The question about one.
pub(super) fn question(sequence: &str) -> String {
    format!(
        "SELECT start_value,minimum_value,maximum_value,increment,cache_size,cycle_option FROM {}",
        name(sequence)
    )
}

/// The sequence of an answer. `column_type` is the type of its values, as the catalog tells it.
pub(super) fn sequence(name: &str, comment: Option<String>, column_type: &str, answer: &Answer) -> Sequence {
    let number =
        |at: usize| answer.rows.first().and_then(|row| cell(row, at)).and_then(|n| n.parse::<i64>().ok());
    let unless = |at: usize, default: i64| number(at).filter(|value| *value != default);
    // "CREATE SEQUENCE" in MariaDB's manual: the ends of the range are kept for the server.
    let down = number(3).is_some_and(|step| step < 0);
    let (min, max) = if down { (-i64::MAX, -1) } else { (1, i64::MAX - 1) };
    let first = number(if down { 2 } else { 1 }).unwrap_or_default();
    let word = column_type.split(['(', ' ']).next().unwrap_or_default();
    let unsigned = column_type.contains("unsigned");
    Sequence {
        name: Name::local(name),
        data_type: (word != "bigint" || unsigned)
            .then(|| if unsigned { format!("{word} unsigned") } else { word.to_owned() }),
        options: SequenceOptions {
            start: unless(0, first),
            increment: unless(3, 1),
            min: unless(1, min),
            max: unless(2, max),
            cache: unless(4, 1_000),
            cycle: number(5) == Some(1),
        },
        comment,
        ..Sequence::default()
    }
}
