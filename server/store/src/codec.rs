//! Records to columns and back, the same for every backend: lists, headers, failures and events are JSON text,
//! states are words.

use std::borrow::Cow;

use migrated_core::event::{Direction, RunKind, RunState};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::{Deserialize, Serialize};

use crate::{Hash, Result, RevisionHeader, StepState, StoreError};

/// Where a value stands: what an error about it names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) &'static str, pub(crate) &'static str);

impl At {
    pub(crate) fn corrupt(self, detail: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt { table: self.0, column: self.1, detail: detail.to_string() }
    }
}

/// A value as JSON text.
pub(crate) fn to_json<T: Serialize + ?Sized>(at: At, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| at.corrupt(e))
}

/// A value from JSON text.
pub(crate) fn from_json<'a, T: Deserialize<'a>>(at: At, text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| at.corrupt(e))
}

/// A hash from a column of bytes.
pub(crate) fn hash(at: At, bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().map_err(|_| at.corrupt(format_args!("{} bytes where a hash has 32", bytes.len())))
}

/// A hash from hexadecimal text.
pub(crate) fn hash_from_hex(at: At, text: &str) -> Result<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).map_err(|e| at.corrupt(e))?;
    Ok(hash)
}

/// A count or version as databases keep it. What exceeds their range cannot have come from one.
pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count or version as a database gave it.
pub(crate) fn to_u64(at: At, value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| at.corrupt(format_args!("{value} where nothing is below 0")))
}

/// A small count as a database gave it.
pub(crate) fn to_u32(at: At, value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| at.corrupt(format_args!("{value} does not fit 32 bits")))
}

/// A run's kind from its word.
pub(crate) fn run_kind(at: At, word: &str) -> Result<RunKind> {
    let word: StrDeserializer<'_, WordError> = word.into_deserializer();
    RunKind::deserialize(word).map_err(|e| at.corrupt(e))
}

/// A run's state from its word.
pub(crate) fn run_state(at: At, word: &str) -> Result<RunState> {
    RunState::parse(word).ok_or_else(|| at.corrupt(format_args!("`{word}` is no state of a run")))
}

/// The word for a direction.
pub(crate) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

/// A direction from its word.
pub(crate) fn direction(at: At, word: &str) -> Result<Direction> {
    match word {
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        _ => Err(at.corrupt(format_args!("`{word}` is no direction"))),
    }
}

/// The word for a step's state.
pub(crate) fn step_state_word(state: StepState) -> &'static str {
    match state {
        StepState::Planned => "PLANNED",
        StepState::Started => "STARTED",
        StepState::Done => "DONE",
        StepState::Failed => "FAILED",
    }
}

/// A step's state from its word.
pub(crate) fn step_state(at: At, word: &str) -> Result<StepState> {
    match word {
        "PLANNED" => Ok(StepState::Planned),
        "STARTED" => Ok(StepState::Started),
        "DONE" => Ok(StepState::Done),
        "FAILED" => Ok(StepState::Failed),
        _ => Err(at.corrupt(format_args!("`{word}` is no state of a step"))),
    }
}

/// A header as it is stored. Empty members are left out: most revisions have one parent and nothing else.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StoredHeader<'a> {
    #[serde(borrow)]
    revision: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "<[_]>::is_empty")]
    down: Cow<'a, [String]>,
    #[serde(borrow, skip_serializing_if = "<[_]>::is_empty")]
    depends_on: Cow<'a, [String]>,
    #[serde(borrow, skip_serializing_if = "<[_]>::is_empty")]
    labels: Cow<'a, [String]>,
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    message: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    created: Cow<'a, str>,
    #[serde(borrow)]
    token_hash: Cow<'a, str>,
    size: u64,
}

impl Default for StoredHeader<'_> {
    fn default() -> Self {
        let none = || Cow::Borrowed(&[] as &[String]);
        let empty = || Cow::Borrowed("");
        StoredHeader {
            revision: empty(),
            down: none(),
            depends_on: none(),
            labels: none(),
            message: empty(),
            created: empty(),
            token_hash: empty(),
            size: 0,
        }
    }
}

/// A header as JSON text.
pub(crate) fn header_text(at: At, header: &RevisionHeader) -> Result<String> {
    let stored = StoredHeader {
        revision: Cow::Borrowed(&header.revision),
        down: Cow::Borrowed(&header.down_revisions),
        depends_on: Cow::Borrowed(&header.depends_on),
        labels: Cow::Borrowed(&header.branch_labels),
        message: Cow::Borrowed(&header.message),
        created: Cow::Borrowed(&header.created),
        token_hash: Cow::Owned(hex::encode(header.token_hash)),
        size: header.size,
    };
    to_json(at, &stored)
}

impl StoredHeader<'_> {
    /// The header, as it was when it was stored.
    pub(crate) fn read(self, at: At) -> Result<RevisionHeader> {
        Ok(RevisionHeader {
            revision: self.revision.into_owned(),
            down_revisions: self.down.into_owned(),
            depends_on: self.depends_on.into_owned(),
            branch_labels: self.labels.into_owned(),
            message: self.message.into_owned(),
            created: self.created.into_owned(),
            token_hash: hash_from_hex(at, &self.token_hash)?,
            size: self.size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: At = At("body", "header");

    #[test]
    fn a_header_comes_back_as_it_was() {
        let full = RevisionHeader {
            revision: "3f2a".into(),
            down_revisions: vec!["1c0d".into(), "ab\"c".into()],
            depends_on: vec!["billing".into()],
            branch_labels: vec!["ü".into()],
            message: "two\nlines\tand \u{1}".into(),
            created: "2026-11-21T07:12:00Z".into(),
            token_hash: [7; 32],
            size: 100 << 20,
        };
        for header_in in [full, RevisionHeader::default()] {
            let text = header_text(AT, &header_in).expect("headers can be written");
            assert!(!text.contains('\n'), "one line: {text}");
            let stored: StoredHeader<'_> = from_json(AT, &text).expect("it is JSON");
            assert_eq!(stored.read(AT).expect("and read"), header_in);
        }
    }

    #[test]
    fn words_come_back_and_unknown_ones_name_their_column() {
        for kind in [RunKind::Upgrade, RunKind::Downgrade, RunKind::Stamp, RunKind::Rehearsal] {
            assert_eq!(run_kind(At("run", "kind"), kind.as_str()).expect("known"), kind);
        }
        for state in [StepState::Planned, StepState::Started, StepState::Done, StepState::Failed] {
            assert_eq!(step_state(At("step", "state"), step_state_word(state)).expect("known"), state);
        }
        for way in [Direction::Up, Direction::Down] {
            assert_eq!(direction(At("step", "direction"), direction_word(way)).expect("known"), way);
        }
        let error = run_kind(At("run", "kind"), "sideways").expect_err("unknown");
        assert!(matches!(error, StoreError::Corrupt { table: "run", column: "kind", .. }), "{error}");
    }
}
