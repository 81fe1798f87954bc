//! Tables without transactions: what DML does to them cannot be undone, nor be committed together with a DONE row.

use super::error;
use super::quote::literal;
use super::session::MysqlSession;
use crate::{TargetError, Tell};
use migrated_core::event::EventKind;
use std::collections::HashMap;

/// What is known of the tables that DML names.
#[derive(Default)]
pub(super) struct Engines {
    /// The engine's name, where it has no transactions.
    known: HashMap<String, Option<String>>,
}

impl Engines {
    /// A statement may have changed tables.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// A warning where the table that the statement changes has no transactions. Of a statement on several tables
    /// the first is looked at.
    pub(super) async fn without_transactions(
        &mut self,
        session: &mut MysqlSession,
        statement: &str,
        tell: &dyn Tell,
    ) -> Result<Option<EventKind>, TargetError> {
        let Some((database, table)) = changed_table(statement) else { return Ok(None) };
        let label = format!("{}.{table}", database.as_deref().unwrap_or_default());
        if !self.known.contains_key(&label) {
            let database = database.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
            let text = format!(
                "SELECT t.ENGINE FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA={database} \
                 AND t.TABLE_NAME={} AND t.ENGINE IN \
                 (SELECT e.ENGINE FROM information_schema.ENGINES e WHERE e.TRANSACTIONS='NO')",
                literal(&table)
            );
            let answers = session.query(&text, tell).await;
            let answers = answers.map_err(|(_, e)| error::outside(&e, "looking up a table's engine"))?;
            let engine = answers.last().and_then(|a| a.first(0)).map(str::to_owned);
            self.known.insert(label.clone(), engine);
        }
        Ok(self.known.get(&label).cloned().flatten().map(|engine| EventKind::Warning {
            reason: "NO_TRANSACTIONS".into(),
            message: format!(
                "table {table} is of engine {engine}, which has no transactions: if the statement is cut off, \
                 nobody can tell what it did"
            ),
        }))
    }
}

/// The first table that a DML statement changes.
pub(super) fn changed_table(statement: &str) -> Option<(Option<String>, String)> {
    const BETWEEN: &[&str] =
        &["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE", "INTO", "FROM", "ONLY", "TABLE"];
    let mut rest = statement.trim_start();
    let verb = word(&mut rest).to_ascii_uppercase();
    match verb.as_str() {
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" => {}
        "LOAD" => {
            let at = rest.to_ascii_uppercase().find("INTO TABLE")?;
            rest = &rest[at..];
        }
        _ => return None,
    }
    rest = rest.trim_start();
    loop {
        let mut ahead = rest;
        let skipped = word(&mut ahead);
        if !BETWEEN.iter().any(|between| skipped.eq_ignore_ascii_case(between)) {
            break;
        }
        rest = ahead.trim_start();
    }
    let first = part(&mut rest)?;
    match rest.strip_prefix('.') {
        Some(after) => {
            rest = after;
            Some((Some(first), part(&mut rest)?))
        }
        None => Some((None, first)),
    }
}

/// Takes a bare word off.
fn word<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    word
}

/// Takes a name off, quoted or not.
fn part(rest: &mut &str) -> Option<String> {
    if let Some(quoted) = rest.strip_prefix('`') {
        let (name, after) = quoted.split_once('`')?;
        *rest = after;
        return Some(name.to_owned());
    }
    let name = word(rest);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::changed_table;

    #[test]
    fn the_table_of_dml_is_found() {
        let cases = [
            ("INSERT INTO t VALUES (1)", Some((None, "t"))),
            ("insert ignore into `d b`.`t x` (a) values (1)", Some((Some("d b"), "t x"))),
            ("REPLACE LOW_PRIORITY t SET a = 1", Some((None, "t"))),
            ("UPDATE d.t SET v = v + 1", Some((Some("d"), "t"))),
            ("DELETE QUICK FROM t WHERE a", Some((None, "t"))),
            ("LOAD DATA INFILE 'x' REPLACE INTO TABLE t", Some((None, "t"))),
            ("SELECT 1", None),
        ];
        for (statement, expected) in cases {
            let expected = expected.map(|(d, t): (Option<&str>, &str)| (d.map(str::to_owned), t.to_owned()));
            assert_eq!(changed_table(statement), expected, "{statement}");
        }
    }
}
