//! Announcing several statements at once: a commit of ours costs a write that waits for the disk, and most
//! revisions do nothing but make tables and indexes.
//!
//! What an INTENT row must tell after a crash is whether its statement took effect. Of a plain CREATE that is
//! whether its object is there, if it was not before; so it can be written down before the statements in front of
//! it have run, as long as none of them can make that object. After a crash the catalog decides one row after the
//! other, and the first whose object is not there is where the revision goes on.

use super::evidence;
use super::journalled::Way;
use crate::journal::progress;
use crate::{JournalRow, JournalState, ObjectRef, ScriptStatement, TargetError, Treatment};
use migrated_core::dialect::ObjectKind;

/// How many statements are announced with one commit at most.
const MOST: usize = 64;

/// INTENT rows of the statements after `number` that can be announced together with it.
pub(super) async fn announce(way: &mut Way<'_>, number: u32) -> Result<Vec<JournalRow>, TargetError> {
    let script = way.work.script.clone();
    let mut rows: Vec<JournalRow> = Vec::new();
    let Some(from) = script.statements.get(number as usize - 1..) else { return Ok(rows) };
    let mut before = match from.first() {
        Some(first) if made(script.sql(first), first).is_some() => vec![script.sql(first)],
        _ => return Ok(rows),
    };
    for (at, statement) in (number + 1..).zip(&from[1..]).take(MOST) {
        let text = script.sql(statement);
        let Some(objects) = made(text, statement) else { break };
        let named =
            objects.first().is_some_and(|object| before.iter().any(|text| mentions(text, &object.name)));
        if named {
            break;
        }
        let definitions = evidence::definitions(way.session, &objects, text, way.tell).await?;
        let first = definitions.lines().next().unwrap_or_default().to_owned();
        if !evidence::is_absent(&first) {
            break;
        }
        let backend = &way.session.backend;
        rows.push(progress::row(way.work, at, statement, JournalState::Intent, first, backend));
        before.push(text);
    }
    Ok(rows)
}

/// What a plain CREATE TABLE or CREATE INDEX names, that makes its first object and nothing else; `None` for
/// anything else.
fn made(text: &str, statement: &ScriptStatement) -> Option<Vec<ObjectRef>> {
    let Treatment::Alone { objects } = &statement.treatment else { return None };
    let kind = objects.first()?.kind;
    let words = evidence::words(text);
    let mut words = words.iter().map(String::as_str);
    let plain = words.next() == Some("CREATE")
        && matches!(
            (kind, words.find(|word| !matches!(*word, "UNIQUE" | "FULLTEXT" | "SPATIAL"))),
            (ObjectKind::Table, Some("TABLE")) | (ObjectKind::Index, Some("INDEX"))
        );
    // LIKE copies indexes, and SELECT rows, whose names do not stand in the text; a comment may be executed.
    let opaque = ["LIKE", "SELECT", "REPLACE", "EXISTS"].iter().any(|word| mentions(text, word))
        || text.contains("/*");
    (plain && !opaque).then(|| objects.clone())
}

/// Whether a text has that word, in whatever case.
fn mentions(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let word = word.to_lowercase();
    // A name of several words is looked for as it is.
    match word.chars().all(part) {
        true => text.split(|c: char| !part(c)).any(|found| found.to_lowercase() == word),
        false => text.to_lowercase().contains(&word),
    }
}

#[cfg(test)]
mod tests {
    use super::{made, mentions};
    use crate::{ScriptStatement, Treatment};
    use migrated_core::DialectName;
    use migrated_core::dialect::classify;

    fn is_plain(text: &str) -> bool {
        let objects = classify(DialectName::Mysql, text).objects;
        let statement = ScriptStatement {
            range: 0..text.len(),
            line: 1,
            column: 1,
            copy_data: None,
            hash: String::new(),
            summary: String::new(),
            treatment: Treatment::Alone { objects },
        };
        made(text, &statement).is_some()
    }

    #[test]
    fn only_what_makes_one_thing_is_plain() {
        for text in [
            "CREATE TABLE t (i int)",
            "create table `a b`.t (i int, KEY k (i))",
            "CREATE INDEX i ON t (a)",
            "CREATE UNIQUE INDEX i ON t (a)",
        ] {
            assert!(is_plain(text), "{text}");
        }
        for text in [
            "CREATE TABLE IF NOT EXISTS t (i int)",
            "CREATE OR REPLACE TABLE t (i int)",
            "CREATE TABLE t LIKE u",
            "CREATE TABLE t AS SELECT 1",
            "CREATE TABLE t (i int) /*!50100 PARTITION BY HASH(i) */",
            "ALTER TABLE t ADD j int",
            "DROP TABLE t",
            "CREATE VIEW v AS VALUES (1)",
            "CREATE DATABASE d",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        assert!(mentions("CREATE TABLE t (a int, KEY `AV` (a))", "av"));
        assert!(!mentions("CREATE TABLE t_1 (a int)", "t"));
        assert!(mentions("CREATE TABLE `a-b` (a int)", "A-B"));
    }
}
