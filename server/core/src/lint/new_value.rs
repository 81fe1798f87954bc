//! L009: a value that is added to an enum type and used before COMMIT (PostgreSQL).

use super::Found;
use super::section::{Read, Sentence};
use crate::DialectName;
use crate::dialect::{SqlWord, WordKind};
use std::collections::HashSet;

/// A value that is there from COMMIT on.
struct Added {
    value: String,
    name: String,
    line: u32,
}

/// Finds what uses a value in the transaction that adds it. What a text is for is not known here: one that spells the
/// value counts as a use.
pub(super) fn look(read: &Read<'_>, transactional: bool, findings: &mut Vec<Found>) {
    if read.dialect != DialectName::Postgres || !transactional {
        return;
    }
    let mut own = HashSet::new();
    let mut added: Vec<Added> = Vec::new();
    for (i, sentence) in read.each() {
        if sentence.begins(&["CREATE", "TYPE"]) {
            own.extend(named(&sentence.words[2..]));
        } else if sentence.class.adds_enum_value {
            added.extend(value_of(sentence).filter(|added| !own.contains(&added.name)));
        } else if !(sentence.begins(&["ALTER", "TYPE"]) || sentence.begins(&["COMMENT"])) {
            let used = sentence.words.iter().find_map(|word| {
                added.iter().find(|added| uses(sentence, word, &added.value)).map(|added| (word.start, added))
            });
            let Some((at, Added { value, name, line })) = used else { continue };
            let message = format!(
                "'{value}', which line {line} adds to {name}, cannot be used before COMMIT: the revision fails"
            );
            let safer =
                "use the value in the next revision, or add it in one that does not run in a transaction";
            findings.push(read.found(i, at, "L009", message, safer));
        }
    }
}

/// The last part of the name that words begin with.
fn named(words: &[SqlWord<'_>]) -> Option<String> {
    let mut name = words.first()?.name(DialectName::Postgres)?;
    for pair in words[1..].chunks(2) {
        let [dot, part] = pair else { break };
        if dot.text != "." {
            break;
        }
        name = part.name(DialectName::Postgres)?;
    }
    Some(name)
}

fn value_of(sentence: &Sentence<'_>) -> Option<Added> {
    let value = sentence.words.iter().find_map(text)?;
    Some(Added { value, name: named(sentence.words.get(2..)?)?, line: sentence.statement.line })
}

/// A constant between single quotes.
fn text(word: &SqlWord<'_>) -> Option<String> {
    if word.kind != WordKind::Text {
        return None;
    }
    let inner = word.text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}

fn uses(sentence: &Sentence<'_>, word: &SqlWord<'_>, value: &str) -> bool {
    // The body of DO runs at once, that of a function when it is called.
    let at_once = sentence.begins(&["DO"]) && word.kind == WordKind::Text;
    text(word).as_deref() == Some(value)
        || at_once && word.text.contains(&format!("'{}'", value.replace('\'', "''")))
}
