//! MySQL and MariaDB: what a statement means for transactions and sessions. The list of statements that commit by
//! themselves follows the manuals ("Statements That Cause an Implicit Commit", "SQL Statements That Cause an Implicit
//! Commit"), both taken together.

use crate::dialect::DialectName;
use crate::dialect::classify::{Classification, StatementKind};
use crate::dialect::object::objects;
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;

/// Statements that commit by themselves whatever follows their first word.
const COMMITTING: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "BACKUP",
    "BINLOG",
    "CACHE",
    "CHANGE",
    "CHECK",
    "CLONE",
    "CREATE",
    "DROP",
    "FLUSH",
    "GRANT",
    "IMPORT",
    "INSTALL",
    "OPTIMIZE",
    "PURGE",
    "RENAME",
    "REPAIR",
    "RESET",
    "RESTART",
    "REVOKE",
    "SHUTDOWN",
    "STOP",
    "TRUNCATE",
    "UNINSTALL",
];

/// Statements that run others, of which their own words tell nothing; taken for committing.
const OPAQUE: &[&str] = &["CALL", "EXECUTE", "IF", "CASE", "LOOP", "REPEAT", "WHILE", "FOR"];

/// Classifies a statement.
pub(crate) fn classify(statement: &str) -> Classification {
    let mut words = Words::new(DialectName::Mysql, statement);
    let mut found = meaning(&mut words);
    found.objects = objects(DialectName::Mysql, statement);
    found
}

fn commits(label: &'static str) -> Classification {
    Classification::new(StatementKind::ImplicitCommit, label)
}

fn control(label: &'static str) -> Classification {
    Classification::new(StatementKind::TransactionControl, label)
}

fn meaning(words: &mut Words<'_>) -> Classification {
    let Some(verb) = words.next() else { return Classification::plain() };
    let keyword = if verb.kind == TokenKind::Word { verb.text.to_ascii_uppercase() } else { String::new() };
    match keyword.as_str() {
        "BEGIN" if words.eat(&["NOT"]) => commits("a compound statement"),
        "BEGIN" => control("BEGIN"),
        "COMMIT" => control("COMMIT"),
        "XA" => control("XA"),
        "START" if words.eat(&["TRANSACTION"]) => control("START TRANSACTION"),
        "START" => commits("a statement that commits"),
        "ROLLBACK" => {
            words.eat(&["WORK"]);
            if words.eat(&["TO"]) { Classification::plain() } else { control("ROLLBACK") }
        }
        "LOCK" | "UNLOCK" if words.eat(&["TABLE", "TABLES"]) => {
            Classification::new(StatementKind::TableLock, "LOCK TABLES")
        }
        "LOCK" | "UNLOCK" => commits("a statement that commits"),
        "SET" => set(words),
        "USE" => Classification::session("USE", true),
        "PREPARE" => Classification::session("PREPARE", true),
        "DEALLOCATE" => Classification::session("DEALLOCATE PREPARE", true),
        "LOAD" if words.eat_all(&["INDEX", "INTO"]) => commits("a statement that commits"),
        "CREATE" | "DROP" if temporary(words) => {
            let constant = !words.clone().any(|w| w.is_any(&["SELECT", "LIKE", "VALUES"]));
            Classification::session("CREATE TEMPORARY TABLE", constant)
        }
        "ALTER" | "CREATE" | "DROP" | "RENAME" => {
            let sessions = words.peek_is(&["USER", "ROLE", "DATABASE", "SCHEMA"]) && keyword != "CREATE";
            let found = commits("a statement that commits");
            if sessions { found.affecting_new_sessions() } else { found }
        }
        word if COMMITTING.contains(&word) => commits("a statement that commits"),
        word if OPAQUE.contains(&word) => commits("a statement that may commit"),
        _ => Classification::plain(),
    }
}

/// CREATE TEMPORARY TABLE and DROP TEMPORARY TABLE do not commit; ALTER TABLE and CREATE INDEX on one do.
fn temporary(words: &mut Words<'_>) -> bool {
    words.eat_all(&["OR", "REPLACE"]);
    words.eat(&["TEMPORARY"])
}

fn set(words: &mut Words<'_>) -> Classification {
    if words.eat(&["PASSWORD"]) {
        return commits("SET PASSWORD").affecting_new_sessions();
    }
    if words.eat(&["TRANSACTION"]) {
        return control("SET TRANSACTION");
    }
    if words.eat_all(&["DEFAULT", "ROLE"]) {
        return commits("SET DEFAULT ROLE").affecting_new_sessions();
    }
    let (mut global, mut autocommit, mut constant) = (false, false, true);
    // Names stand at the beginning and after each comma outside of parentheses.
    let (mut depth, mut name) = (0u32, true);
    for word in words.by_ref() {
        match word.text {
            "(" => {
                depth += 1;
                constant = false;
            }
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                name = true;
                continue;
            }
            "=" | ":=" => name = false,
            _ => {}
        }
        if name && depth == 0 {
            global |= word.is_any(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]);
            autocommit |= word.is("AUTOCOMMIT") || word.text.eq_ignore_ascii_case("`autocommit`");
        }
        constant &=
            !word.is_any(&["SELECT", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_USER"]);
    }
    if autocommit {
        return control("SET autocommit");
    }
    let found = Classification::session("SET", constant);
    if global { found.affecting_new_sessions() } else { found }
}
