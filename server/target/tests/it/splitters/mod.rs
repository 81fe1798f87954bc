//! The splitters against what the real engines make of the same texts.
//!
//! An engine that is sent a whole script divides it by itself. Scripts full of what is hard to divide are drawn, the
//! larger part of them valid; PostgreSQL tells where it stops to understand, the others what each statement gave, and
//! either has to be the same for the script as a whole and for the statements that our splitter makes of it.

mod draw;
mod mysql;
mod postgres;
mod sqlite;

use draw::Draw;
use migrated_core::DialectName;
use migrated_core::dialect::{Splitter, Statement};
use std::path::Path;

/// The draw that `scripts/test` makes; `SPLIT_SEED` chooses another.
const SEED: u64 = 20_261_121;

fn seed() -> u64 {
    std::env::var("SPLIT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

/// What our splitter makes of a text: the statements up to the first thing that it refuses, and whether there is one.
fn ours(dialect: DialectName, text: &str) -> (Vec<Statement<'_>>, bool) {
    let mut found = Vec::new();
    for next in Splitter::new(dialect, text, 1) {
        match next {
            Ok(statement) => found.push(statement),
            Err(_) => return (found, true),
        }
    }
    (found, false)
}

/// Scripts of a dialect: those of the fuzz corpus that a server could be sent, then as many drawn ones.
fn scripts(dialect: DialectName, drawn: usize) -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/split");
    let mut files: Vec<_> = std::fs::read_dir(&corpus)
        .expect("the corpus is there")
        .map(|file| file.expect("readable").path())
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).expect("readable");
        let Some((choice, text)) = bytes.split_first() else { continue };
        let chosen = DialectName::ALL[usize::from(*choice) % DialectName::ALL.len()];
        let text = String::from_utf8_lossy(text).into_owned();
        let clients = ["DELIMITER", "delimiter", "FROM STDIN", "from stdin", "\\", "\0"];
        if chosen == dialect && !clients.iter().any(|word| text.contains(word)) {
            found.push(text);
        }
    }
    let mut draw = Draw::new(seed(), dialect);
    found.extend((0..drawn).map(|_| draw.script()));
    found
}
