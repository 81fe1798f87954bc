//! What of a step can be rehearsed: executed in a transaction and undone, or executed in a copy of the schema.

use super::Prepared;
use crate::run::Job;
use crate::{EngineError, Result};
use migrated_core::dialect::sql_words;
use migrated_core::{Code, DialectName};
use migrated_target::{SchemaCopy, Script, ScriptStatement, Standing, Transaction, Treatment};
use std::sync::Arc;

/// Refuses a rehearsal where the truth would be another one.
pub(super) fn check(job: &Job, standing: &Standing) -> Result<()> {
    let Some(row) = standing.journal.first() else { return Ok(()) };
    let message = format!("{} was cut off and has to be finished before anything is rehearsed", row.revision);
    Err(EngineError::new(Code::TargetPartial, message)
        .revision(&row.revision)
        .with("target", &job.place.name)
        .next(format!("`{}`", plain(job))))
}

/// The way on where the whole rehearsal would need too much at once.
pub(super) fn in_parts(job: &Job) -> String {
    let command = job.record.kind.command();
    format!(
        "rehearse in parts, such as `migratectl {command} +100`, or raise max_locks_per_transaction on the server"
    )
}

/// Whether a body relies on foreign keys not being enforced, which SQLite does not allow to be switched inside of a
/// transaction.
pub(super) fn is_unenforced(dialect: DialectName, transactional: bool, script: &Script) -> bool {
    dialect == DialectName::Sqlite && (script.foreign_keys == Some(false) || !transactional)
}

/// The same command without the rehearsal.
fn plain(job: &Job) -> String {
    format!("migratectl upgrade {}", job.record.goal.join(" "))
}

impl Prepared {
    /// Makes the step fit for a rehearsal. Gives what is left out of it, each with its reason, in one line.
    pub(crate) fn rehearsed(&mut self, dialect: DialectName) -> Vec<String> {
        let transactional = self.work.transaction != Transaction::None;
        self.work.transaction = Transaction::Run;
        let revision = &self.work.revision;
        if !transactional && self.client.take().is_some() {
            return vec![format!(
                "{revision} is executed by a client without a transaction, and was not executed"
            )];
        }
        let why = |statement: &ScriptStatement| {
            why_not(dialect, transactional, statement, self.work.script.sql(statement))
        };
        let left_out =
            self.work.script.statements.iter().map(why).map(|why| why.map(str::to_owned)).collect();
        self.leave_out(left_out)
    }

    /// Makes the step fit for a copy of the schema. Gives what is left out of it, as [`Prepared::rehearsed`] does.
    pub(crate) fn copied(&mut self, copy: &dyn SchemaCopy) -> Vec<String> {
        let left_out = copy.left_out(&self.work.script);
        self.leave_out(left_out)
    }

    /// Leaves statements out, and tells of those that have a reason, in one line each.
    fn leave_out(&mut self, left_out: Vec<Option<String>>) -> Vec<String> {
        if left_out.iter().all(Option::is_none) {
            return Vec::new();
        }
        let revision = &self.work.revision;
        let mut script = Script::clone(&self.work.script);
        let mut told = Vec::new();
        for (number, (statement, why)) in (1..).zip(script.statements.iter_mut().zip(left_out)) {
            let Some(why) = why else { continue };
            statement.treatment = Treatment::LeftOut;
            if !why.is_empty() {
                let (line, summary) = (statement.line, &statement.summary);
                told.push(format!(
                    "{revision}: statement {number}, line {line}, was not executed, {why}: {summary}"
                ));
            }
        }
        self.work.script = Arc::new(script);
        told
    }

    /// Whether a statement adds a value to an enum, which PostgreSQL lets nobody use before COMMIT.
    pub(crate) fn adds_enum_value(&self, dialect: DialectName) -> bool {
        let adds = |statement| {
            let words = sql_words(dialect, self.work.script.sql(statement)).unwrap_or_default();
            let alters = words.first().is_some_and(|word| word.is("alter"));
            alters && words.windows(2).any(|pair| pair[0].is("add") && pair[1].is("value"))
        };
        dialect == DialectName::Postgres && self.work.script.statements.iter().any(adds)
    }
}

/// Why a statement is left out, if it is.
fn why_not(
    dialect: DialectName,
    transactional: bool,
    statement: &ScriptStatement,
    sql: &str,
) -> Option<&'static str> {
    match (&statement.treatment, dialect) {
        (Treatment::Alone { .. } | Treatment::ConcurrentIndex { .. }, _) => {
            Some("for it refuses a transaction")
        }
        (Treatment::SessionOnly, DialectName::Sqlite) if !transactional => {
            Some("for a transaction does not allow it")
        }
        (_, DialectName::Postgres) if sets_a_sequence(sql) => {
            Some("for ROLLBACK does not take setval() back")
        }
        _ => None,
    }
}

/// Whether a statement calls `setval`. One that only makes something which may do so later does not.
fn sets_a_sequence(sql: &str) -> bool {
    // The text of a DO block is one string.
    let mentions = sql.as_bytes().windows(6).any(|word| word.eq_ignore_ascii_case(b"setval"));
    let words = || sql_words(DialectName::Postgres, sql).unwrap_or_default();
    mentions && !words().first().is_some_and(|word| word.is("create"))
}
