//! SQLite: what a statement means for transactions and sessions.

use crate::dialect::DialectName;
use crate::dialect::classify::{Classification, StatementKind};
use crate::dialect::object::objects;
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;

/// Pragmas whose new value a transaction refuses or ignores (documentation, "PRAGMA Statements", and the shell).
const OUTSIDE: &[&str] =
    &["journal_mode", "synchronous", "temp_store", "auto_vacuum", "page_size", "encoding"];

/// Pragmas that work on the file: they read it or are part of the transaction.
const FILE: &[&str] = &[
    "application_id",
    "foreign_key_check",
    "incremental_vacuum",
    "integrity_check",
    "optimize",
    "quick_check",
    "schema_version",
    "user_version",
];

/// Classifies a statement.
pub(crate) fn classify(statement: &str) -> Classification {
    let mut words = Words::new(DialectName::Sqlite, statement);
    let mut found = meaning(&mut words);
    found.objects = objects(DialectName::Sqlite, statement);
    found
}

fn control(label: &'static str) -> Classification {
    Classification::new(StatementKind::TransactionControl, label)
}

fn meaning(words: &mut Words<'_>) -> Classification {
    let Some(verb) = words.next() else { return Classification::plain() };
    let keyword = if verb.kind == TokenKind::Word { verb.text.to_ascii_uppercase() } else { String::new() };
    match keyword.as_str() {
        "BEGIN" => control("BEGIN"),
        "COMMIT" => control("COMMIT"),
        "END" => control("END"),
        "ROLLBACK" => {
            words.eat(&["TRANSACTION"]);
            if words.eat(&["TO"]) { Classification::plain() } else { control("ROLLBACK") }
        }
        "VACUUM" => Classification::new(StatementKind::RefusesTransaction, "VACUUM"),
        "ATTACH" => Classification::session("ATTACH", true),
        // A database that the transaction has touched stays locked until its end.
        "DETACH" => Classification::new(StatementKind::RefusesTransaction, "DETACH"),
        "CREATE" if words.eat(&["TEMP", "TEMPORARY"]) => {
            let constant = !words.clone().skip_to(&["AS"]);
            Classification::session("CREATE TEMPORARY", constant)
        }
        "PRAGMA" => pragma(words),
        _ => Classification::plain(),
    }
}

fn pragma(words: &mut Words<'_>) -> Classification {
    let Some((_, name)) = words.name() else { return Classification::plain() };
    let name = name.to_ascii_lowercase();
    let assigned = words.eat_symbol("=") || words.eat_symbol("(");
    let value =
        words.next().filter(|_| assigned).map(|w| w.text.trim_matches(['\'', '"']).to_ascii_lowercase());
    if name == "wal_checkpoint" {
        return Classification::new(StatementKind::PragmaOutsideTransaction, "PRAGMA wal_checkpoint");
    }
    if FILE.contains(&name.as_str()) {
        return Classification::plain();
    }
    let Some(value) = value else { return Classification::session("PRAGMA", true) };
    if name == "foreign_keys" {
        // SQLite's own reading of a boolean: these words, or a number that is not 0.
        let on = ["on", "yes", "true"].contains(&value.as_str())
            || value.parse::<i64>().is_ok_and(|number| number != 0);
        return Classification::new(StatementKind::ForeignKeys(on), "PRAGMA foreign_keys");
    }
    match OUTSIDE.iter().find(|pragma| **pragma == name) {
        Some(_) => Classification::new(StatementKind::PragmaOutsideTransaction, label(&name)),
        None => Classification::session("PRAGMA", true),
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "journal_mode" => "PRAGMA journal_mode",
        "synchronous" => "PRAGMA synchronous",
        "temp_store" => "PRAGMA temp_store",
        "auto_vacuum" => "PRAGMA auto_vacuum",
        "page_size" => "PRAGMA page_size",
        _ => "PRAGMA encoding",
    }
}
