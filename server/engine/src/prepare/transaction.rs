//! How a body and its statements stand to transactions.

use super::refusal::Place;
use crate::Result;
use migrated_core::dialect::{Classification, StatementKind};
use migrated_core::{Code, DialectName};
use migrated_target::{ScriptStatement, Treatment};

/// Whether the body runs in one transaction (rule R11), or why it cannot run at all.
pub(super) fn decide_transaction(
    place: &Place<'_>,
    text: &str,
    dialect: DialectName,
    asked: Option<bool>,
    statements: &[ScriptStatement],
    classes: &[Classification],
) -> Result<bool> {
    let find = |f: &dyn Fn(&Classification) -> bool| {
        classes.iter().zip(statements).find(|(c, _)| f(c)).map(|(c, s)| (c, s, &text[s.range.clone()]))
    };
    if let Some((_, s, sql)) = find(&|c| c.kind == StatementKind::TransactionControl) {
        return Err(place
            .error(
                Code::TransactionControl,
                format!("{} would end or begin a transaction, which is migrated's to do", s.summary),
                s.line,
                s.column,
                sql,
            )
            .next(
                "take the statement out; `-- migrate:up transaction:false` runs each statement by itself",
            ));
    }
    // MySQL and MariaDB commit with every DDL statement: there a revision is journalled, statement by statement.
    if dialect == DialectName::Mysql {
        return Ok(false);
    }
    let outside = |c: &Classification| {
        matches!(c.kind, StatementKind::RefusesTransaction | StatementKind::PragmaOutsideTransaction)
    };
    let plain = |c: &Classification| matches!(c.kind, StatementKind::Transactional);
    match (asked, find(&outside)) {
        (Some(false), _) => Ok(false),
        (_, None) => Ok(true),
        (_, Some((c, s, sql))) if c.kind == StatementKind::PragmaOutsideTransaction => Err(place
            .error(
                Code::PragmaInTransaction,
                format!("{} does nothing inside of a transaction", s.summary),
                s.line,
                s.column,
                sql,
            )
            .next("take it out, or mark the section `transaction:false`")),
        (Some(true), Some((c, s, sql))) => Err(place
            .error(
                Code::MixedTransaction,
                format!("{} cannot run in a transaction", c.label),
                s.line,
                s.column,
                sql,
            )
            .next("take `transaction:true` off the section")),
        (None, Some((c, s, sql))) if classes.iter().any(plain) => Err(place
            .error(
                Code::MixedTransaction,
                format!(
                    "{} cannot run in a transaction, and other statements of the revision want one",
                    c.label
                ),
                s.line,
                s.column,
                sql,
            )
            .next("give it a revision of its own, or mark the section `-- migrate:up transaction:false`")),
        (None, Some(_)) => Ok(false),
    }
}

/// What becomes of a statement.
pub(super) fn treatment(class: &Classification, transactional: bool) -> Treatment {
    match class.kind {
        StatementKind::ForeignKeys(_) if transactional => Treatment::Hoisted,
        StatementKind::ForeignKeys(_) | StatementKind::PragmaOutsideTransaction => Treatment::SessionOnly,
        StatementKind::SessionOnly if transactional => Treatment::Transactional,
        StatementKind::SessionOnly => Treatment::SessionOnly,
        StatementKind::Transactional | StatementKind::TransactionControl => Treatment::Transactional,
        StatementKind::RefusesTransaction | StatementKind::ImplicitCommit | StatementKind::TableLock => {
            match &class.concurrent_index {
                Some(concurrent) if concurrent.index.is_some() => Treatment::ConcurrentIndex {
                    index: concurrent.index.clone().unwrap_or_else(|| concurrent.table.clone()),
                    table: concurrent.table.clone(),
                },
                _ => Treatment::Alone { objects: class.objects.clone() },
            }
        }
    }
}
