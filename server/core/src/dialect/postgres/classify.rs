//! PostgreSQL: what a statement means for transactions and sessions. The lists follow the manual's "SQL Commands"
//! pages, which name what "cannot be executed inside a transaction block".

use crate::dialect::classify::{Classification, ConcurrentIndex, StatementKind};
use crate::dialect::object::{ObjectKind, ObjectRef, objects};
use crate::dialect::words::{Word, Words};
use crate::dialect::{DialectName, token::TokenKind};

/// Classifies a statement.
pub(crate) fn classify(statement: &str) -> Classification {
    let mut words = Words::new(DialectName::Postgres, statement);
    let mut found = meaning(&mut words);
    found.objects = objects(DialectName::Postgres, statement);
    if found.concurrent_index.is_some() {
        found.concurrent_index = concurrent_index(&mut Words::new(DialectName::Postgres, statement));
    }
    found
}

fn refuses(label: &'static str) -> Classification {
    Classification::new(StatementKind::RefusesTransaction, label)
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
        "ABORT" => control("ABORT"),
        "START" if words.eat(&["TRANSACTION"]) => control("START TRANSACTION"),
        "ROLLBACK" => {
            words.eat(&["WORK", "TRANSACTION"]);
            if words.eat(&["TO"]) { Classification::plain() } else { control("ROLLBACK") }
        }
        "PREPARE" if words.eat(&["TRANSACTION"]) => control("PREPARE TRANSACTION"),
        "PREPARE" => Classification::session("PREPARE", true),
        "SET" => set(words),
        "RESET" => Classification::session("RESET", true),
        "DEALLOCATE" => Classification::session("DEALLOCATE", true),
        "LISTEN" => Classification::session("LISTEN", true),
        "UNLISTEN" => Classification::session("UNLISTEN", true),
        "LOAD" => Classification::session("LOAD", true),
        "DISCARD" if words.eat(&["ALL"]) => refuses("DISCARD ALL"),
        "DISCARD" => Classification::session("DISCARD", true),
        "SELECT" => select(words),
        "VACUUM" => refuses("VACUUM"),
        "CLUSTER" => cluster(words),
        "REINDEX" => reindex(words),
        "CREATE" => create(words),
        "DROP" => drop_statement(words),
        "ALTER" => alter(words),
        _ => Classification::plain(),
    }
}

/// The version rows are read before the revision's first statement, after which SET TRANSACTION comes too late.
fn set(words: &mut Words<'_>) -> Classification {
    if words.eat(&["TRANSACTION"]) || words.eat_all(&["LOCAL", "TRANSACTION"]) {
        return control("SET TRANSACTION");
    }
    Classification::session("SET", true)
}

/// `SELECT pg_catalog.set_config('search_path', '', false)`, as `pg_dump` writes it, is a SET.
fn select(words: &mut Words<'_>) -> Classification {
    if words.eat_all(&["PG_CATALOG"]) {
        words.eat_symbol(".");
    }
    if !words.eat(&["SET_CONFIG"]) || !words.eat_symbol("(") {
        return Classification::plain();
    }
    let constant = |w: &Word<'_>| w.kind == TokenKind::Text || w.text == "," || w.is_any(&["TRUE", "FALSE"]);
    let arguments = words.by_ref().take_while(|w| w.text != ")").all(|w| constant(&w));
    if arguments && words.next().is_none() {
        Classification::session("SELECT set_config", true)
    } else {
        Classification::plain()
    }
}

fn cluster(words: &mut Words<'_>) -> Classification {
    options(words);
    words.eat(&["VERBOSE"]);
    if words.next().is_none() { refuses("CLUSTER without a table") } else { Classification::plain() }
}

fn reindex(words: &mut Words<'_>) -> Classification {
    let concurrently = options(words);
    let all = words.peek_is(&["SCHEMA", "DATABASE", "SYSTEM"]);
    words.next();
    if concurrently || words.eat(&["CONCURRENTLY"]) {
        refuses("REINDEX CONCURRENTLY")
    } else if all {
        refuses("REINDEX of a schema or database")
    } else {
        Classification::plain()
    }
}

/// Passes a list of options in parentheses; whether CONCURRENTLY is on in it.
fn options(words: &mut Words<'_>) -> bool {
    let mut concurrently = false;
    if words.eat_symbol("(") {
        while let Some(word) = words.next() {
            if word.text == ")" {
                break;
            }
            if word.is("CONCURRENTLY") {
                let off = words.peek().is_some_and(|w| w.is_any(&["FALSE", "OFF"]) || w.text == "0");
                concurrently = !off;
            }
        }
    }
    concurrently
}

fn create(words: &mut Words<'_>) -> Classification {
    words.eat_all(&["OR", "REPLACE"]);
    words.eat(&["GLOBAL", "LOCAL"]);
    if words.eat(&["TEMP", "TEMPORARY"]) {
        let constant = !words.clone().skip_to(&["AS"]);
        return Classification::session("CREATE TEMPORARY", constant);
    }
    words.eat(&["UNIQUE"]);
    if words.eat_all(&["INDEX", "CONCURRENTLY"]) {
        let table = ObjectRef { kind: ObjectKind::Table, schema: None, name: String::new() };
        // Read in full by the caller, which still has the whole statement.
        let marker = ConcurrentIndex { index: None, table, if_not_exists: false };
        return Classification { concurrent_index: Some(marker), ..refuses("CREATE INDEX CONCURRENTLY") };
    }
    if words.eat(&["DATABASE"]) {
        refuses("CREATE DATABASE")
    } else if words.eat(&["TABLESPACE"]) {
        refuses("CREATE TABLESPACE")
    } else if words.eat(&["SUBSCRIPTION"]) && !has_off(words, &["CREATE_SLOT", "CONNECT"]) {
        refuses("CREATE SUBSCRIPTION")
    } else {
        Classification::plain()
    }
}

fn drop_statement(words: &mut Words<'_>) -> Classification {
    if words.eat_all(&["INDEX", "CONCURRENTLY"]) {
        Classification { drops_concurrently: true, ..refuses("DROP INDEX CONCURRENTLY") }
    } else if words.eat(&["DATABASE"]) {
        refuses("DROP DATABASE")
    } else if words.eat(&["TABLESPACE"]) {
        refuses("DROP TABLESPACE")
    } else if words.eat(&["SUBSCRIPTION"]) {
        refuses("DROP SUBSCRIPTION")
    } else {
        Classification::plain()
    }
}

fn alter(words: &mut Words<'_>) -> Classification {
    if words.eat(&["SYSTEM"]) {
        return refuses("ALTER SYSTEM").affecting_new_sessions();
    }
    if words.eat(&["DATABASE"]) {
        let moves = words.name().is_some() && words.eat_all(&["SET", "TABLESPACE"]);
        let found =
            if moves { refuses("ALTER DATABASE … SET TABLESPACE") } else { Classification::plain() };
        return found.affecting_new_sessions();
    }
    if words.eat(&["ROLE", "USER", "GROUP"]) {
        return Classification::plain().affecting_new_sessions();
    }
    if words.eat(&["SUBSCRIPTION"]) {
        words.name();
        let fetches = words.eat(&["REFRESH"])
            || (words.eat(&["SET", "ADD", "DROP"])
                && words.eat(&["PUBLICATION"])
                && !has_off(words, &["REFRESH"]));
        return if fetches { refuses("ALTER SUBSCRIPTION") } else { Classification::plain() };
    }
    if words.eat(&["TYPE"]) {
        words.name();
        let adds = words.eat_all(&["ADD", "VALUE"]);
        return Classification { adds_enum_value: adds, ..Classification::plain() };
    }
    if words.eat(&["TABLE"]) {
        let detaches = words.skip_to(&["DETACH"]) && words.eat(&["PARTITION"]) && words.name().is_some();
        if detaches && words.eat(&["CONCURRENTLY"]) {
            return refuses("ALTER TABLE … DETACH PARTITION … CONCURRENTLY");
        }
    }
    Classification::plain()
}

/// Whether one of these options is switched off in `WITH (…)`.
fn has_off(words: &Words<'_>, names: &[&str]) -> bool {
    let mut words = words.clone();
    while let Some(word) = words.next() {
        if word.is_any(names) && words.eat_symbol("=") {
            let off = |w: &Word<'_>| {
                w.is_any(&["FALSE", "OFF"])
                    || ["0", "'false'", "'off'", "'0'"].contains(&w.text.to_ascii_lowercase().as_str())
            };
            if words.peek().is_some_and(|w| off(&w)) {
                return true;
            }
        }
    }
    false
}

/// The index and the table of a `CREATE INDEX CONCURRENTLY`. An index lives in its table's schema.
fn concurrent_index(words: &mut Words<'_>) -> Option<ConcurrentIndex> {
    words.skip_to(&["CONCURRENTLY"]);
    let if_not_exists = words.eat_all(&["IF", "NOT", "EXISTS"]);
    let name = if words.eat(&["ON"]) {
        None
    } else {
        let (_, name) = words.name()?;
        words.eat(&["ON"]);
        Some(name)
    };
    words.eat(&["ONLY"]);
    let (schema, table) = words.name()?;
    let index = name.map(|name| ObjectRef { kind: ObjectKind::Index, schema: schema.clone(), name });
    Some(ConcurrentIndex {
        index,
        table: ObjectRef { kind: ObjectKind::Table, schema, name: table },
        if_not_exists,
    })
}
