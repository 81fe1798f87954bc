//! MySQL and MariaDB: keys that others need.

use crate::{index, key, schema, steps, table};
use migrated_core::dialect::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::Operation;
use migrated_core::schema::*;

fn of(tables: impl IntoIterator<Item = Table>) -> Schema {
    schema(DialectName::Mysql, tables)
}

fn counted(columns: &[&str]) -> Table {
    let mut table = table("t", &[("id", "int(11)"), ("n", "int(11)")]);
    table.columns.iter_mut().for_each(|column| column.nullable = false);
    table.columns[0].autoincrement = true;
    let columns = columns.iter().map(|c| (*c).to_owned()).collect();
    table.primary_key = Some(PrimaryKey { columns, ..PrimaryKey::default() });
    table
}

#[test]
fn a_key_that_an_auto_increment_column_needs_changes_in_one_step() {
    let found = diff(&of([counted(&["id"])]), &of([counted(&["id", "n"])]), &Rules::default());
    let [Operation::ChangePrimaryKey(change)] = &found.operations[..] else {
        panic!("{:?}", crate::lines(&found));
    };
    assert!(change.add.is_empty() && change.drop.is_empty() && change.alter.is_empty());
}

#[test]
fn an_auto_increment_column_comes_and_goes_with_its_key() {
    let mut plain = table("t", &[("n", "int(11)")]);
    plain.columns[0].nullable = false;
    let (with, without) = (of([counted(&["id"])]), of([plain]));
    let found = diff(&without, &with, &Rules::default());
    let [Operation::ChangePrimaryKey(change)] = &found.operations[..] else {
        panic!("{:?}", crate::lines(&found));
    };
    assert_eq!(change.add.len(), 1);
    let found = diff(&with, &without, &Rules::default());
    let [Operation::ChangePrimaryKey(change)] = &found.operations[..] else {
        panic!("{:?}", crate::lines(&found));
    };
    assert_eq!(change.drop.len(), 1);
}

#[test]
fn a_foreign_key_lets_go_of_the_index_that_it_needs() {
    let with = |name: &str, columns: &[&str]| {
        let mut p = table("p", &[("id", "int(11)")]);
        p.primary_key = Some(PrimaryKey { columns: vec!["id".into()], ..PrimaryKey::default() });
        let mut t = table("t", &[("p", "int(11)"), ("x", "int(11)")]);
        t.indexes.insert(index(name, columns));
        t.foreign_keys.push(key("t_p", "p", "p"));
        of([p, t])
    };
    let found = steps(&with("i", &["p"]), &with("i", &["p", "x"]));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].starts_with("drop foreign key") && found[3].starts_with("add foreign key"), "{found:?}");
    // Another name alone does not touch the key.
    assert_eq!(steps(&with("i", &["p"]), &with("j", &["p"])).len(), 1);
}

#[test]
fn text_follows_its_table_into_another_character_set() {
    let with = |charset: &str| {
        let mut t = table("t", &[("n", "int(11)"), ("s", "varchar(20)")]);
        t.options.charset = Some(charset.into());
        of([t])
    };
    let found = diff(&with("latin1"), &with("utf8mb4"), &Rules::default());
    let [Operation::AlterTableOptions(_), Operation::AlterColumn(alter)] = &found.operations[..] else {
        panic!("{:?}", crate::lines(&found));
    };
    assert_eq!(alter.from.charset.as_deref(), Some("latin1"));
    assert_eq!(alter.to.charset, None);
}

#[test]
fn a_table_is_never_without_columns() {
    let (a, b) = (of([table("t", &[("a", "int(11)")])]), of([table("t", &[("b", "int(11)")])]));
    assert_eq!(steps(&a, &b), ["add column t.b int(11)", "drop column t.a"]);
}

#[test]
fn a_column_may_be_null_once_the_key_is_gone_from_it() {
    let mut after = counted(&["id"]);
    after.columns[1].nullable = true;
    let found = steps(&of([counted(&["id", "n"])]), &of([after]));
    assert_eq!(found, ["change the primary key of t from (id, n) to (id)", "alter column t.n: nullable"]);
}

#[test]
fn a_column_counts_again_once_another_key_is_there() {
    let mut after = Table { primary_key: None, ..counted(&["id"]) };
    after.indexes.insert(index("counted", &["id"]));
    let found = steps(&of([counted(&["id"])]), &of([after]));
    let made = [
        "alter column t.id: autoincrement",
        "change the primary key of t from (id) to none",
        "create index counted on t (id)",
        "alter column t.id: autoincrement",
    ];
    assert_eq!(found, made);
}

#[test]
fn text_keeps_in_memory_too_what_it_had_from_its_table() {
    let with = |table: &str, column: Option<&str>| {
        let mut t = table_of("varchar(20)");
        t.options.charset = Some(table.into());
        t.columns[0].charset = column.map(str::to_owned);
        of([t])
    };
    let (from, to) = (with("utf8mb4", None), with("latin1", Some("utf8mb4")));
    let found = diff(&from, &to, &Rules::default());
    let mut made = from;
    found.operations.iter().for_each(|operation| operation.apply(&mut made).expect("applies"));
    assert_eq!((made, found.operations.len()), (to, 1));
}

fn table_of(data_type: &str) -> Table {
    table("t", &[("a", data_type)])
}

#[test]
fn json_in_a_table_that_moves_keeps_its_collation() {
    let with = |table: &str, column: Option<&str>| {
        let mut t = table_of("longtext");
        (t.options.charset, t.options.collation) = (Some("utf8mb4".into()), Some(table.into()));
        t.columns[0].collation = column.map(str::to_owned);
        t.columns[0].verbatim = vec!["CHECK (json_valid(`a`))".into()];
        of([t])
    };
    let found = steps(&with("utf8mb4_bin", None), &with("utf8mb4_general_ci", Some("utf8mb4_bin")));
    assert_eq!(found, ["change the options of table t"], "no MODIFY puts it under the new one");
}

#[test]
fn an_index_of_a_foreign_key_is_made_again_where_another_key_takes_its_place() {
    let with = |keyed: bool| {
        let mut t = table("t", &[("p", "int(11)"), ("x", "int(11)")]);
        t.indexes.insert(index("t_p", &["p"]));
        t.indexes.insert(index("other", if keyed { &["p", "x"] } else { &["x"] }));
        t.foreign_keys.push(key("t_p", "p", "t"));
        of([t])
    };
    let found = steps(&with(false), &with(true));
    let made = [
        "drop foreign key t_p on t",
        "drop index other on t",
        "drop index t_p on t",
        "create index other on t (p, x)",
        "create index t_p on t (p)",
        "add foreign key t_p on t",
    ];
    assert_eq!(found, made);
}

fn on_reading(data_type: &str, expr: &str) -> Column {
    let computed = Some(Computed { expr: expr.into(), kind: ComputedKind::Virtual });
    Column { computed, ..Column::new("e", data_type) }
}

#[test]
fn what_stands_on_a_virtual_column_is_made_again_where_it_becomes_an_ordinary_one() {
    let with = |column: Column| {
        let mut t = table("t", &[("id", "int(11)"), ("a", "int(11)")]);
        t.columns.push(column);
        t.indexes.insert(index("i", &["e", "id"]));
        t.checks.push(Check { name: Some("c".into()), expr: "`e` > 0".into(), ..Check::default() });
        of([t])
    };
    let (computed, plain) = (with(on_reading("bigint(20)", "2 + 3")), with(Column::new("e", "varchar(20)")));
    let made = [
        "drop check constraint c on t",
        "drop index i on t",
        "alter column t.e: type bigint(20) to varchar(20), no expression",
        "add check constraint c on t",
        "create index i on t (e, id)",
    ];
    assert_eq!(steps(&computed, &plain), made);
    // Stored values are kept in place.
    let mut stored = on_reading("bigint(20)", "2 + 3");
    stored.computed = stored.computed.map(|computed| Computed { kind: ComputedKind::Stored, ..computed });
    assert_eq!(
        steps(&with(stored), &with(Column::new("e", "bigint(20)"))),
        ["alter column t.e: no expression"]
    );
}

#[test]
fn a_virtual_column_is_replaced_between_what_stands_on_it_and_what_it_names() {
    let mut before = table("t", &[("id", "int(11)"), ("a", "int(11)")]);
    before.columns.push(on_reading("bigint(20)", "`a` + 1"));
    before.checks.push(Check { name: Some("c".into()), expr: "`e` > 0".into(), ..Check::default() });
    let after = table("t", &[("id", "int(11)"), ("e", "varchar(20)")]);
    let made = [
        "drop check constraint c on t",
        "alter column t.e: no expression",
        "drop column t.a",
        "alter column t.e: type bigint(20) to varchar(20)",
    ];
    assert_eq!(steps(&of([before]), &of([after])), made);
}

#[test]
fn a_column_is_seen_until_it_may_be_null() {
    let mut after = counted(&["id"]);
    (after.columns[1].nullable, after.columns[1].invisible) = (true, true);
    let mut before = counted(&["id", "n"]);
    before.columns[1].default = crate::sql("1");
    let made = [
        "alter column t.n: no default",
        "change the primary key of t from (id, n) to (id)",
        "alter column t.n: nullable, visibility",
    ];
    assert_eq!(steps(&of([before]), &of([after])), made);
}

#[test]
fn a_column_that_counts_by_an_ordinary_index_stops_before_it_goes() {
    let mut before = Table { primary_key: None, ..counted(&["id"]) };
    before.indexes.insert(index("counted", &["id", "n"]));
    let after = table("t", &[("n", "int(11)")]);
    let after = Table { columns: vec![Column { nullable: false, ..after.columns[0].clone() }], ..after };
    let made = ["alter column t.id: autoincrement", "drop index counted on t", "drop column t.id"]
        .map(str::to_owned);
    assert_eq!(steps(&of([before.clone()]), &of([after.clone()])), made);
    let back = [
        "add column t.id int(11)",
        "create index counted on t (id, n)",
        "alter column t.id: not null, autoincrement",
    ];
    assert_eq!(steps(&of([after]), &of([before])), back);
}

#[test]
fn a_column_counts_by_its_index_while_the_key_changes_beside_it() {
    let mut after = table("t", &[("id", "int(11)"), ("n", "int(11)"), ("c", "int(11)")]);
    after.columns.iter_mut().for_each(|column| column.nullable = false);
    after.columns[2].autoincrement = true;
    after.indexes.insert(index("counted", &["c"]));
    after.primary_key = Some(PrimaryKey { columns: vec!["n".into()], ..PrimaryKey::default() });
    let made = [
        "add column t.c int(11)",
        "change the primary key of t from (id) to (n)",
        "create index counted on t (c)",
        "alter column t.c: not null, autoincrement",
    ];
    assert_eq!(steps(&of([counted(&["id"])]), &of([after])), made);
}
