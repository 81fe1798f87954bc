//! What holds of any two schemas.

use crate::random::schemas;
use migrated_core::dialect::DialectName;
use migrated_core::diff::{Diff, Rules, diff};
use migrated_core::operation::Operation;
use migrated_core::schema::Schema;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use std::fmt::Debug;

/// A schema without the order of columns and constraints.
fn unordered(mut schema: Schema) -> Schema {
    fn by_text<T: Debug>(list: &mut [T]) {
        list.sort_by_cached_key(|part| format!("{part:?}"));
    }
    for table in schema.tables.iter_mut() {
        // A character set that is the table's own is not told.
        for column in table.columns.iter_mut().filter(|column| column.charset == table.options.charset) {
            column.charset = None;
        }
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
        by_text(&mut table.uniques);
        by_text(&mut table.checks);
        by_text(&mut table.foreign_keys);
        by_text(&mut table.excludes);
    }
    schema
}

fn applied<'o>(
    to: &Schema,
    operations: impl IntoIterator<Item = &'o Operation>,
    found: &Diff,
) -> Result<Schema, TestCaseError> {
    let mut schema = to.clone();
    for operation in operations {
        let done = operation.apply(&mut schema);
        prop_assert!(done.is_ok(), "{}: {done:?} in {:#?}", operation.summary(), crate::lines(found));
    }
    Ok(schema)
}

fn laws(a: &Schema, b: &Schema) -> TestCaseResult {
    let found = diff(a, b, &Rules::default());
    let made = applied(a, &found.operations, &found)?;
    prop_assert_eq!(unordered(made), unordered(b.clone()), "{:#?}", crate::lines(&found));
    let back: Vec<Operation> =
        found.operations.iter().rev().map(|op| op.reverse().expect("nothing here is lost")).collect();
    let undone = applied(b, &back, &found)?;
    prop_assert_eq!(unordered(undone), unordered(a.clone()), "back: {:#?}", crate::lines(&found));
    prop_assert_eq!(&found, &diff(a, b, &Rules::default()));
    let same = diff(a, &unordered(a.clone()), &Rules::default());
    prop_assert_eq!(same, Diff::default());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(500), ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_on_postgresql_makes_the_one_of_the_other(
        a in schemas(DialectName::Postgres), b in schemas(DialectName::Postgres),
    ) {
        laws(&a, &b)?;
    }

    #[test]
    fn what_is_found_on_mysql_makes_the_one_of_the_other(
        a in schemas(DialectName::Mysql), b in schemas(DialectName::Mysql),
    ) {
        laws(&a, &b)?;
    }

    #[test]
    fn what_is_found_on_sqlite_makes_the_one_of_the_other(
        a in schemas(DialectName::Sqlite), b in schemas(DialectName::Sqlite),
    ) {
        laws(&a, &b)?;
    }
}
