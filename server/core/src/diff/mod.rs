//! The difference of two schemas, as operations.
//!
//! Both sides are in an engine's own words, so comparing is exact: two objects are alike when all their fields are,
//! the order of columns apart. What differs becomes operations in an order in which they work, the same for the same
//! input. Renames are asked about, never guessed.

mod alter;
mod arrange;
mod asked;
mod attached;
mod column;
mod constraint;
mod expression;
mod filter;
mod follow;
mod function;
mod look;
mod mention;
mod mirror;
mod namespace;
mod naming;
mod pattern;
mod prepare;
mod question;
mod rename;
mod rules;
mod scope;
mod sequence;
mod spelling;
mod sqlite;
mod table;
mod types;
mod view;
mod work;

pub use filter::{Filter, Kind, ObjectId, objects};
pub use look::look;
pub use mirror::{LeftOut, LeftOutBecause};
pub use naming::Naming;
pub use pattern::{Pattern, PatternError};
pub use question::{RenameKind, RenameQuestion};
pub use rules::{Aspect, Drops, Rules, Tolerance, TypeRewrite};

pub(crate) use column::is_text;

use crate::DialectName;
use crate::operation::Operation;
use crate::schema::{Name, Schema};
use scope::Scope;
use work::Work;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// What makes `to` of `from`, in an order in which it works.
    pub operations: Vec<Operation>,
    /// The operations by which something may be lost for good.
    pub destructive: Vec<Destructive>,
    /// What may have another name rather than be gone and new.
    pub questions: Vec<RenameQuestion>,
    /// Differences that the rules leave out.
    pub left_out: Vec<LeftOut>,
    /// Renames of the rules that fit nothing: what has the old name and goes, or the new one and comes, is not there.
    pub unknown_renames: Vec<(String, String)>,
}

/// An operation by which something may be lost for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destructive {
    /// Its place in [`Diff::operations`].
    pub operation: usize,
    /// It, in a line.
    pub summary: String,
    /// What may be lost by it.
    pub loss: &'static str,
}

/// Compares two schemas: what makes `to` of `from`.
///
/// The dialect is that of `to`, else of `from`, else PostgreSQL. For SQLite a table that ALTER TABLE cannot change is
/// one [`crate::operation::RebuildTable`], with its indexes and triggers.
pub fn diff(from: &Schema, to: &Schema, rules: &Rules) -> Diff {
    let dialect = to.dialect.or(from.dialect).unwrap_or(DialectName::Postgres);
    let renamed = rename::rename(dialect, from, to, &rules.renames);
    let (from, to, left_out) = prepare::prepare(dialect, renamed.from, to, rules);
    let mut operations = renamed.operations;
    operations.extend(compare(dialect, &from, &to, &renamed.columns, &renamed.values));
    let questions = question::questions(&from, &to);
    let lossy = operations.iter().enumerate().filter_map(|(place, operation)| {
        let loss = operation.is_destructive()?;
        Some(Destructive { operation: place, summary: operation.summary(), loss })
    });
    let destructive = lossy.collect();
    Diff { operations, destructive, questions, left_out, unknown_renames: renamed.unknown }
}

type Renames = [(Name, String, String)];

fn compare(
    dialect: DialectName,
    from: &Schema,
    to: &Schema,
    columns: &Renames,
    values: &Renames,
) -> Vec<Operation> {
    let scope = Scope::new(dialect, from, to, values);
    let mut work = Work::default();
    types::types(&scope, values, &mut work);
    sequence::sequences(&scope, &mut work);
    match dialect {
        DialectName::Sqlite => sqlite::tables(&scope, columns, &mut work),
        DialectName::Postgres | DialectName::Mysql => table::tables(&scope, &mut work),
    }
    function::functions(&scope, &mut work);
    view::views(&scope, &mut work);
    namespace::namespaces(from, to, &mut work);
    work.operations(dialect)
}
