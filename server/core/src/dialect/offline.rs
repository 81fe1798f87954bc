//! Offline scripts: what an upgrade or downgrade would execute, as a script for the engine's own shell.
//!
//! Layout and comments are Alembic's (`--sql`), with one transaction a revision where the engine has transactional DDL.
//! What Alembic lacks is the guard: a script that meets another database than the one it was made for changes nothing.
//! Each dialect's guard stands in its `guard.rs`.

use super::literal::quote_text;
use super::statement::Statement;
use super::version_table::VersionTableSql;
use super::words::Words;
use super::{DialectName, StatementKind, classify, mysql, postgres, sqlite};
use crate::revision::RowChange;
use std::fmt::{self, Write};

/// What a script is made for.
#[derive(Clone, Copy, Debug)]
pub struct OfflineScript<'a> {
    /// The dialect.
    pub dialect: DialectName,
    /// The version table.
    pub version_table: &'a VersionTableSql,
    /// The version rows that the database must have; empty for base, where the version table is made if it is missing.
    pub start: &'a [String],
    /// Whether the script refuses a database with other rows.
    pub guard: bool,
}

/// One revision of a script.
#[derive(Clone, Debug)]
pub struct OfflineStep<'a> {
    /// The comment in front, as `Running upgrade ae10 -> 27c6`.
    pub title: String,
    /// Its statements.
    pub statements: Vec<OfflineStatement<'a>>,
    /// Its changes of the version rows.
    pub changes: &'a [RowChange],
    /// Whether it runs in a transaction. Without meaning on MySQL and MariaDB.
    pub transactional: bool,
}

/// One statement of a step.
#[derive(Clone, Copy, Debug)]
pub struct OfflineStatement<'a> {
    /// Its text, without terminator.
    pub text: &'a str,
    /// Inline data of `COPY … FROM STDIN`.
    pub copy_data: Option<&'a str>,
}

impl<'a> OfflineStatement<'a> {
    /// From a statement and the script that it was split from.
    pub fn new(statement: &Statement<'a>, script: &'a str) -> Self {
        let data = statement.copy_data.clone().and_then(|range| script.get(range));
        OfflineStatement { text: statement.text, copy_data: data }
    }
}

/// Writes a script step by step, so that it need not be held as a whole.
///
/// How it must be run: by psql; by `sqlite3 -bail`; by the mysql or mariadb client without `--force`. Each then stops at
/// the first error. The guard holds even where a client goes on, except for revisions of PostgreSQL outside of a
/// transaction in a client other than psql. Through other clients than psql the line `\set ON_ERROR_STOP on` must be
/// left out.
///
/// # Errors
/// Those of `out`.
pub fn write_offline<'a>(
    script: &OfflineScript<'_>,
    steps: impl IntoIterator<Item = OfflineStep<'a>>,
    out: &mut impl Write,
) -> fmt::Result {
    out.write_str(match script.dialect {
        DialectName::Postgres => {
            "-- Run with psql, which the next line makes stop at the first error. Leave it out for other clients.\n\
             \\set ON_ERROR_STOP on\n\n"
        }
        DialectName::Mysql => "-- Run with the mysql client, which stops at the first error unless told --force.\n\n",
        DialectName::Sqlite => "-- Run with `sqlite3 -bail`, which stops at the first error.\n\n",
    })?;
    // Only PostgreSQL's guard is undone with the transaction that it stands in.
    let inside = script.dialect == DialectName::Postgres;
    if !inside {
        prologue(script, out)?;
    }
    let mut steps = steps.into_iter().peekable();
    if inside && steps.peek().is_none() {
        return prologue(script, out);
    }
    let mut first = inside;
    for step in steps {
        let transaction = step.transactional && script.dialect != DialectName::Mysql;
        let pragmas = if script.dialect == DialectName::Sqlite && transaction {
            foreign_keys(&step)
        } else {
            Vec::new()
        };
        if let Some(on) = pragmas.first() {
            pragma(*on, out)?;
        }
        if transaction {
            out.write_str("BEGIN;\n\n")?;
        }
        if std::mem::take(&mut first) {
            prologue(script, out)?;
        }
        write!(out, "-- {}\n\n", step.title.replace(['\n', '\r'], " "))?;
        for statement in &step.statements {
            if pragmas.is_empty() || hoisted(statement).is_none() {
                write_statement(script.dialect, statement, out)?;
            }
        }
        for change in step.changes {
            write!(out, "{};\n\n", script.version_table.change(change))?;
        }
        if pragmas.contains(&false) {
            out.write_str("PRAGMA foreign_key_check;\n\n")?;
        }
        if transaction {
            out.write_str("COMMIT;\n\n")?;
        }
        // What the revision ends with; SQLite's own default where it only switched them on.
        match pragmas[..] {
            [true] => pragma(false, out)?,
            [_, .., last] => pragma(last, out)?,
            _ => {}
        }
    }
    Ok(())
}

/// The version table, where the script starts at base, and the guard.
fn prologue(script: &OfflineScript<'_>, out: &mut impl Write) -> fmt::Result {
    let table = script.version_table;
    if script.start.is_empty() {
        // Without a guard an existing table is an error, as in Alembic's scripts.
        let create = if script.guard { table.create_if_missing() } else { table.create() };
        write!(out, "{create};\n\n")?;
    }
    if !script.guard {
        return Ok(());
    }
    let guard = match script.dialect {
        DialectName::Postgres => postgres::guard::guard,
        DialectName::Mysql => mysql::guard::guard,
        DialectName::Sqlite => sqlite::guard::guard,
    };
    writeln!(out, "{}", guard(table.place(), script.start))
}

/// A condition that is true where the rows of the version table are exactly these.
pub(crate) fn rows_are(dialect: DialectName, table: &str, rows: &[String]) -> String {
    let all = format!("(SELECT count(*) FROM {table}) = {}", rows.len());
    if rows.is_empty() {
        return all;
    }
    let list: Vec<_> = rows.iter().map(|row| quote_text(dialect, row)).collect();
    format!(
        "{all} AND (SELECT count(*) FROM {table} WHERE version_num IN ({})) = {}",
        list.join(", "),
        rows.len()
    )
}

/// How rows are called in a guard's message.
pub(crate) fn rows_called(rows: &[String]) -> String {
    if rows.is_empty() { "<base>".into() } else { rows.join(", ") }
}

fn write_statement(
    dialect: DialectName,
    statement: &OfflineStatement<'_>,
    out: &mut impl Write,
) -> fmt::Result {
    let text = statement.text;
    let compound = dialect == DialectName::Mysql && Words::new(dialect, text).any(|word| word.text == ";");
    if compound {
        let delimiter = unused(text, |n| if n == 0 { "//".into() } else { format!("//{n}") });
        return write!(out, "DELIMITER {delimiter}\n{text}\n{delimiter}\nDELIMITER ;\n\n");
    }
    writeln!(out, "{text};")?;
    if let Some(data) = statement.copy_data {
        writeln!(out, "{data}\\.")?;
    }
    out.write_str("\n")
}

/// The first of a row of marks that does not occur in a text.
pub(crate) fn unused(text: &str, mark: impl Fn(usize) -> String) -> String {
    let mut number = 0;
    loop {
        let mark = mark(number);
        if !text.contains(&mark) {
            return mark;
        }
        number += 1;
    }
}

fn hoisted(statement: &OfflineStatement<'_>) -> Option<bool> {
    match classify(DialectName::Sqlite, statement.text).kind {
        StatementKind::ForeignKeys(on) => Some(on),
        _ => None,
    }
}

fn foreign_keys(step: &OfflineStep<'_>) -> Vec<bool> {
    step.statements.iter().filter_map(hoisted).collect()
}

fn pragma(on: bool, out: &mut impl Write) -> fmt::Result {
    write!(out, "PRAGMA foreign_keys = {};\n\n", if on { "ON" } else { "OFF" })
}
