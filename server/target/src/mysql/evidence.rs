//! What the catalog says about the objects that a statement names: a hash of each one's definition, recorded
//! before a statement that commits by itself, and compared after a crash (rule R12).
//!
//! A definition is what `SHOW CREATE …` gives, without the counter of AUTO_INCREMENT. Statements that can leave all
//! definitions as they were and yet do something (TRUNCATE, a RENAME that swaps tables, CREATE OR REPLACE TABLE)
//! are told by InnoDB's table ids as well, where our rights reach that far (PROCESS).

use super::error;
use super::quote::{literal, name, qualified};
use super::session::MysqlSession;
use super::wire::Answer;
use crate::journal::progress::Effect;
use crate::{ObjectRef, TargetError, Tell};
use migrated_core::dialect::ObjectKind;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// What stands for the definition of an object that is not there.
const ABSENT: &str = "absent";

/// What stands for a definition that cannot be read.
const UNKNOWN: &str = "unknown";

/// Reads the definitions of what `statement` names as they are now, one line an object: `kind place = hash`.
pub(super) async fn definitions(
    session: &mut MysqlSession,
    objects: &[ObjectRef],
    statement: &str,
    tell: &dyn Tell,
) -> Result<String, TargetError> {
    if objects.is_empty() {
        return Ok(String::new());
    }
    let current = match session.database.clone() {
        Some(known) => known,
        None => {
            let answers = ask(session, "SELECT DATABASE()", tell).await?;
            let current = answers.ok().and_then(|a| a.last()?.first(0).map(str::to_owned));
            current.unwrap_or_else(|| session.target.database.clone())
        }
    };
    session.database = Some(current.clone());
    let mut named = Vec::with_capacity(objects.len());
    for (at, object) in objects.iter().enumerate() {
        let place = |o: &ObjectRef| qualified(o.schema.as_deref().unwrap_or(&current), &o.name);
        let place = match object.kind {
            ObjectKind::Database => name(&object.name),
            ObjectKind::Index => {
                let table = objects[at..].iter().find(|o| o.kind == ObjectKind::Table);
                format!("{} on {}", name(&object.name), table.map(place).unwrap_or_default())
            }
            _ => place(object),
        };
        named.push((object.kind.as_str().to_owned(), place));
    }
    named.dedup();
    read(session, &named, needs_identity(statement), tell).await
}

/// Reads the definitions of the objects that recorded lines name.
pub(super) async fn same_objects(
    session: &mut MysqlSession,
    recorded: &str,
    tell: &dyn Tell,
) -> Result<String, TargetError> {
    let identity = recorded.contains(" #");
    let named: Vec<(String, String)> = recorded
        .lines()
        .filter_map(|line| line.rsplit_once(" = ")?.0.split_once(' '))
        .map(|(kind, place)| (kind.to_owned(), place.to_owned()))
        .collect();
    read(session, &named, identity, tell).await
}

async fn read(
    session: &mut MysqlSession,
    named: &[(String, String)],
    identity: bool,
    tell: &dyn Tell,
) -> Result<String, TargetError> {
    let mut shown: HashMap<String, Option<String>> = HashMap::new();
    let mut lines = Vec::with_capacity(named.len());
    for (kind, place) in named {
        let index = (kind == "index").then(|| place.split_once("` on ")).flatten();
        let show = show(kind, index.map_or(place, |(_, table)| table));
        if !shown.contains_key(&show) {
            let definition = definition(session, kind, &show, tell).await?;
            shown.insert(show.clone(), definition);
        }
        let text = shown.get(&show).cloned().flatten();
        let text = match index {
            Some((index, _)) => text.and_then(|table| key_line(&table, index)),
            None => text,
        };
        let hash = match text.as_deref() {
            None => ABSENT.to_owned(),
            Some(UNKNOWN) => UNKNOWN.to_owned(),
            Some(text) => hex::encode(Sha256::digest(text)),
        };
        let id = match identity && kind == "table" && hash != ABSENT {
            true => table_id(session, place, tell).await?.map(|id| format!(" #{id}")),
            false => None,
        };
        lines.push(format!("{kind} {place} = {hash}{}", id.unwrap_or_default()));
    }
    Ok(lines.join("\n"))
}

/// Whether a line of definitions says that there is no such object.
pub(super) fn is_absent(line: &str) -> bool {
    line.rsplit_once(" = ").is_some_and(|(_, hash)| hash == ABSENT)
}

fn show(kind: &str, place: &str) -> String {
    let what = match kind {
        "procedure" => "PROCEDURE",
        "function" => "FUNCTION",
        "trigger" => "TRIGGER",
        "event" => "EVENT",
        "database" => "DATABASE",
        // A view or a sequence is shown as what it is.
        _ => "TABLE",
    };
    format!("SHOW CREATE {what} {place}")
}

/// The text of a definition: `None` where there is no such object.
async fn definition(
    session: &mut MysqlSession,
    kind: &str,
    show: &str,
    tell: &dyn Tell,
) -> Result<Option<String>, TargetError> {
    let answer = match ask(session, show, tell).await? {
        Ok(answers) => answers.into_iter().next_back().unwrap_or_default(),
        // No such table, database, routine, trigger, event or sequence.
        Err(e) if matches!(error::number(&e), Some(1146 | 1049 | 1305 | 1360 | 1539 | 4091)) => {
            return Ok(None);
        }
        // Most likely we may not look.
        Err(_) => return Ok(Some(UNKNOWN.to_owned())),
    };
    let column = match kind {
        "procedure" | "function" | "trigger" => 2,
        "event" => 3,
        _ => 1,
    };
    let text = answer.first(column).unwrap_or(UNKNOWN);
    // A routine's SQL mode is part of what it means.
    let mode = if column > 1 { answer.first(1).unwrap_or_default() } else { "" };
    Ok(Some(format!("{mode}{}", without_counter(text))))
}

/// Asks; only the loss of the connection is an error of ours.
async fn ask(
    session: &mut MysqlSession,
    text: &str,
    tell: &dyn Tell,
) -> Result<Result<Vec<Answer>, sqlx::Error>, TargetError> {
    match session.query(text, tell).await {
        Ok(answers) => Ok(Ok(answers)),
        Err((_, e)) if error::is_fatal(&e) => Err(error::outside(&e, "reading the catalog")),
        Err((_, e)) => Ok(Err(e)),
    }
}

/// InnoDB's id of a table: another one after TRUNCATE, a rebuild, or when another table took the name.
async fn table_id(
    session: &mut MysqlSession,
    place: &str,
    tell: &dyn Tell,
) -> Result<Option<String>, TargetError> {
    let parts: Vec<&str> = place.split('`').filter(|part| !part.is_empty() && *part != ".").collect();
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // Other names are encoded there.
    let [database, table] = parts[..] else { return Ok(None) };
    if !plain(database) || !plain(table) {
        return Ok(None);
    }
    let text = format!(
        "SELECT TABLE_ID FROM information_schema.{} WHERE NAME={}",
        if session.server.is_mariadb { "INNODB_SYS_TABLES" } else { "INNODB_TABLES" },
        literal(&format!("{database}/{table}"))
    );
    let answers = ask(session, &text, tell).await?.unwrap_or_default();
    Ok(answers.last().and_then(|a| a.first(0)).map(str::to_owned))
}

/// The line of a key in a table's definition.
fn key_line(table: &str, quoted: &str) -> Option<String> {
    if table == UNKNOWN {
        return Some(UNKNOWN.to_owned());
    }
    let key = format!("KEY {quoted}` ");
    table.lines().find(|line| line.contains(&key)).map(|line| line.trim_end_matches(',').trim().to_owned())
}

/// The definition without the next value of AUTO_INCREMENT, which every INSERT changes.
fn without_counter(text: &str) -> String {
    const COUNTER: &str = " AUTO_INCREMENT=";
    let options = text.rfind("\n)").unwrap_or(0);
    match text[options..].find(COUNTER) {
        Some(at) => {
            let at = options + at;
            let rest = text[at + COUNTER.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{}{rest}", &text[..at])
        }
        None => text.to_owned(),
    }
}

/// Whether a statement that failed may have had an effect, and which: the server undoes what a DDL statement did to
/// each object, but not what a procedure did before it failed, nor the first of several objects.
pub(super) fn left_by_failure(statement: &str, before: &str, now: &str) -> Option<String> {
    const OPAQUE: &[&str] = &[
        "BEGIN", "CALL", "CASE", "DELETE", "EXECUTE", "FOR", "IF", "INSERT", "LOAD", "LOOP", "REPEAT",
        "REPLACE", "UPDATE", "WHILE",
    ];
    let words = words(statement);
    let verb = words.first().map(String::as_str).unwrap_or_default();
    if OPAQUE.contains(&verb) {
        return Some("what it did before it failed cannot be seen".into());
    }
    if before.is_empty() {
        // Accounts: each of several is made or changed for itself.
        let several = matches!(verb, "ALTER" | "CREATE" | "DROP" | "RENAME") && statement.contains(',');
        return several.then(|| "some of what it names may have been changed".into());
    }
    let changes = changes(before, now);
    changes.iter().any(Change::changed).then(|| format!("it failed, and yet: {}", what_changed(&changes)))
}

/// The words of a statement in upper case, without the marks of an executable comment around them.
pub(super) fn words(statement: &str) -> Vec<String> {
    let bare = statement.replace("/*!", " ").replace("/*M!", " ").replace("*/", " ");
    bare.split(|c: char| c.is_whitespace() || c == ';' || c == '(')
        .filter(|word| !word.is_empty() && !word.bytes().all(|b| b.is_ascii_digit()))
        .take(64)
        .map(str::to_ascii_uppercase)
        .collect()
}

fn has(words: &[String], sequence: &[&str]) -> bool {
    words
        .windows(sequence.len())
        .any(|window| window.iter().zip(sequence).all(|(word, wanted)| word == wanted))
}

fn needs_identity(statement: &str) -> bool {
    let words = words(statement);
    let first = words.first().map(String::as_str).unwrap_or_default();
    first == "TRUNCATE"
        || first == "RENAME"
        || (first == "CREATE" && has(&words, &["OR", "REPLACE", "TABLE"]))
}

/// One object of a statement, before and now.
struct Change<'a> {
    kind: &'a str,
    label: &'a str,
    before: &'a str,
    now: &'a str,
}

impl Change<'_> {
    fn changed(&self) -> bool {
        // An id that could be read only once says nothing.
        match (self.before.split_once(" #"), self.now.split_once(" #")) {
            (Some((before, _)), None) => before != self.now,
            (None, Some((now, _))) => self.before != now,
            _ => self.before != self.now,
        }
    }

    fn has_ids(&self) -> bool {
        self.before.contains(" #") && self.now.contains(" #")
    }

    fn was_there(&self) -> bool {
        self.before != ABSENT
    }

    fn is_there(&self) -> bool {
        self.now != ABSENT
    }
}

fn changes<'a>(before: &'a str, now: &'a str) -> Vec<Change<'a>> {
    let pairs = before.lines().zip(now.lines());
    pairs
        .filter_map(|(before, now)| {
            let (label, before) = before.rsplit_once(" = ")?;
            let (_, now) = now.rsplit_once(" = ")?;
            let kind = label.split(' ').next().unwrap_or_default();
            Some(Change { kind, label, before, now })
        })
        .collect()
}

/// Decides from the definitions before and now. `same_text` says whether the statement is the one that was sent:
/// of an edited one only the definitions count.
pub(super) fn decide(statement: &str, same_text: bool, before: &str, now: &str) -> Effect {
    let words = if same_text { words(statement) } else { Vec::new() };
    let verb = words.first().map(String::as_str).unwrap_or_default();
    if is_harmless_again(verb, &words) {
        return Effect::None(format!("{verb} may run twice"));
    }
    let changes = changes(before, now);
    let Some(first) = changes.first() else {
        return Effect::Undecided("it names no object whose definition could tell".into());
    };
    if changes.iter().any(|c| c.before == UNKNOWN || c.now == UNKNOWN) {
        return Effect::Undecided(format!("the definition of {} may not be read by this user", first.label));
    }
    let changed = changes.iter().any(Change::changed);
    let kept = || Effect::None(format!("the definition of {} has not changed", first.label));
    match verb {
        "DROP" => dropped(&changes, has(&words, &["IF", "EXISTS"])),
        "CREATE" => match (first.was_there(), first.is_there()) {
            (false, true) => Effect::Done(format!("{} was made", first.label)),
            (false, false) => Effect::None(format!("{} was not made", first.label)),
            _ if changed => Effect::Done(format!("the definition of {} changed", first.label)),
            _ if first.kind == "table" && has(&words, &["OR", "REPLACE"]) && !first.has_ids() => {
                Effect::Undecided(format!("{} was there before, and looks the same now", first.label))
            }
            _ => kept(),
        },
        "TRUNCATE" if !first.has_ids() => {
            Effect::Undecided(format!("whether {} was emptied leaves no trace that we may see", first.label))
        }
        "RENAME" if !changed && !changes.iter().any(Change::has_ids) && names_one_twice(&changes) => {
            Effect::Undecided("tables that look the same may have been swapped".into())
        }
        "ALTER" if !changed && leaves_no_trace(&words) => {
            Effect::Undecided(format!("it does not change the definition of {}", first.label))
        }
        _ if changed => Effect::Done(what_changed(&changes)),
        _ => kept(),
    }
}

fn what_changed(changes: &[Change<'_>]) -> String {
    match changes.iter().find(|c| c.changed()) {
        Some(change) if !change.is_there() => format!("{} is gone", change.label),
        Some(change) if !change.was_there() => format!("{} was made", change.label),
        Some(change) => format!("the definition of {} changed", change.label),
        None => "a definition changed".into(),
    }
}

fn dropped(changes: &[Change<'_>], if_exists: bool) -> Effect {
    let kind = changes.first().map(|c| c.kind).unwrap_or_default();
    let there = || changes.iter().filter(|c| c.kind == kind && c.was_there());
    let gone = there().filter(|c| !c.is_there()).count();
    let label = changes.first().map(|c| c.label).unwrap_or_default();
    match there().count() {
        all if gone == all && all > 0 => Effect::Done(format!("{label} is gone")),
        _ if gone == 0 => Effect::None(format!("{label} is as it was")),
        _ if if_exists => Effect::None("some of its objects are gone, and IF EXISTS passes them".into()),
        all => Effect::Undecided(format!("{gone} of its {all} objects are gone")),
    }
}

fn names_one_twice(changes: &[Change<'_>]) -> bool {
    changes.iter().enumerate().any(|(at, one)| changes[..at].iter().any(|other| other.label == one.label))
}

/// Forms of ALTER TABLE that move data and leave the definition.
fn leaves_no_trace(words: &[String]) -> bool {
    ["EXCHANGE", "DISCARD", "IMPORT"].iter().any(|word| has(words, &[word]))
        || has(words, &["TRUNCATE", "PARTITION"])
}

/// Statements that only rewrite or grant what is there, or say themselves that they may run twice.
fn is_harmless_again(verb: &str, words: &[String]) -> bool {
    const VERBS: &[&str] =
        &["ANALYZE", "CACHE", "CHECK", "FLUSH", "GRANT", "LOCK", "OPTIMIZE", "REPAIR", "UNLOCK"];
    let account = words.iter().take(6).any(|word| word == "USER" || word == "ROLE");
    let says_so = has(words, &["IF", "NOT", "EXISTS"])
        || has(words, &["IF", "EXISTS"])
        || has(words, &["OR", "REPLACE"]);
    VERBS.contains(&verb) || (matches!(verb, "CREATE" | "DROP") && account && says_so)
}

#[cfg(test)]
mod tests;
