//! The difference of two schemas, as operations.

mod alter;
mod arrange;
mod attached;
mod column;
mod constraint;
mod function;
mod mention;
mod namespace;
mod rules;
mod scope;
mod sequence;
mod sqlite;
mod table;
mod types;
mod view;
mod work;

pub use rules::Rules;

use crate::DialectName;
use crate::operation::Operation;
use crate::schema::Schema;
use scope::Scope;
use work::Work;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// What makes `to` of `from`, in an order in which it works.
    pub operations: Vec<Operation>,
}

/// Compares two schemas.
pub fn diff(from: &Schema, to: &Schema, rules: &Rules) -> Diff {
    let _ = rules;
    let dialect = to.dialect.or(from.dialect).unwrap_or(DialectName::Postgres);
    let operations = compare(dialect, from, to);
    Diff { operations }
}

fn compare(dialect: DialectName, from: &Schema, to: &Schema) -> Vec<Operation> {
    let scope = Scope::new(dialect, from, to);
    let mut work = Work::default();
    types::types(&scope, &[], &mut work);
    sequence::sequences(&scope, &mut work);
    match dialect {
        DialectName::Sqlite => sqlite::tables(&scope, &[], &mut work),
        DialectName::Postgres | DialectName::Mysql => table::tables(&scope, &mut work),
    }
    function::functions(&scope, &mut work);
    view::views(&scope, &mut work);
    namespace::namespaces(from, to, &mut work);
    work.operations(dialect)
}
