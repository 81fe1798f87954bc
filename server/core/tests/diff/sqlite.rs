//! SQLite: what ALTER TABLE can do, and the rest in one rebuild.

use crate::{index, schema, sql, table};
use migrated_core::dialect::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::Operation;
use migrated_core::schema::*;

fn of(table: Table) -> Schema {
    schema(DialectName::Sqlite, [table])
}

fn kinds(from: Table, to: Table, rules: &Rules) -> Vec<&'static str> {
    let found = diff(&of(from), &of(to), rules);
    found
        .operations
        .iter()
        .map(|operation| match operation {
            Operation::AddColumn(_) => "add",
            Operation::RebuildTable(_) => "rebuild",
            Operation::CreateIndex(_) => "index",
            Operation::AlterColumn(_) => "rename",
            _ => "other",
        })
        .collect()
}

fn added(change: impl FnOnce(&mut Column)) -> Vec<&'static str> {
    let from = table("t", &[("id", "INTEGER")]);
    let mut to = table("t", &[("id", "INTEGER"), ("x", "TEXT")]);
    change(&mut to.columns[1]);
    kinds(from, to, &Rules::default())
}

#[test]
fn a_column_is_added_where_old_rows_know_its_value() {
    assert_eq!(added(|_| ()), ["add"]);
    assert_eq!(added(|x| x.default = sql("'it''s'")), ["add"]);
    assert_eq!(added(|x| (x.nullable, x.default) = (false, sql("-1"))), ["add"]);
    assert_eq!(added(|x| x.nullable = false), ["rebuild"]);
    assert_eq!(added(|x| (x.nullable, x.default) = (false, sql("NULL"))), ["rebuild"]);
    assert_eq!(added(|x| x.default = sql("CURRENT_TIMESTAMP")), ["rebuild"]);
    assert_eq!(added(|x| x.default = sql("1 + 1")), ["rebuild"]);
    assert_eq!(added(|x| x.default = sql("'a' || 'b'")), ["rebuild"]);
    let computed = |kind| Some(Computed { expr: "id + 1".into(), kind });
    assert_eq!(added(|x| x.computed = computed(ComputedKind::Virtual)), ["add"]);
    assert_eq!(added(|x| x.computed = computed(ComputedKind::Stored)), ["rebuild"]);
}

#[test]
fn everything_else_is_one_rebuild() {
    let from = table("t", &[("id", "INTEGER"), ("x", "TEXT")]);
    let mut to = table("t", &[("id", "INTEGER"), ("y", "TEXT")]);
    to.indexes.insert(index("i", &["y"]));
    to.checks.push(Check { expr: "y > 0".into(), ..Check::default() });
    assert_eq!(kinds(from, to, &Rules::default()), ["rebuild"]);
}

#[test]
fn an_index_needs_no_rebuild() {
    let from = table("t", &[("id", "INTEGER")]);
    let mut to = from.clone();
    to.indexes.insert(index("i", &["id"]));
    assert_eq!(kinds(from, to, &Rules::default()), ["index"]);
}

#[test]
fn a_rename_rebuilds_only_where_a_text_has_the_name() {
    let rules = Rules { renames: vec![("t.x".into(), "y".into())], ..Rules::default() };
    let (from, to) =
        (table("t", &[("id", "INTEGER"), ("x", "TEXT")]), table("t", &[("id", "INTEGER"), ("y", "TEXT")]));
    assert_eq!(kinds(from.clone(), to.clone(), &rules), ["rename"]);
    let checked = |mut table: Table, expr: &str| {
        table.checks.push(Check { expr: expr.into(), ..Check::default() });
        table
    };
    assert_eq!(kinds(checked(from, "x > 0"), checked(to, "y > 0"), &rules), ["rebuild"]);
}

#[test]
fn constraints_without_names_are_told_apart_by_what_they_say() {
    let with = |order: [&str; 2]| {
        let checks = order.map(|expr| Check { expr: expr.into(), ..Check::default() }).to_vec();
        Table { checks, ..table("t", &[("id", "INTEGER")]) }
    };
    assert_eq!(kinds(with(["id > 0", "id < 9"]), with(["id < 9", "id > 0"]), &Rules::default()), [""; 0]);
    assert_eq!(kinds(with(["id > 0", "id < 9"]), with(["id > 1", "id < 9"]), &Rules::default()), ["rebuild"]);
}
