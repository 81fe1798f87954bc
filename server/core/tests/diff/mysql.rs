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
