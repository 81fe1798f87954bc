//! PostgreSQL: what changes together, and in which order.

use crate::{index, key, lines, schema, sql, steps, table};
use migrated_core::dialect::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::Operation;
use migrated_core::schema::*;

fn of(tables: impl IntoIterator<Item = Table>) -> Schema {
    schema(DialectName::Postgres, tables)
}

fn keyed(name: &str, columns: &[(&str, &str)]) -> Table {
    let columns: Vec<_> = [("id", "integer")].into_iter().chain(columns.iter().copied()).collect();
    let mut table = table(name, &columns);
    table.columns[0].nullable = false;
    let key = PrimaryKey {
        name: Some(format!("{name}_pkey")),
        columns: vec!["id".into()],
        ..PrimaryKey::default()
    };
    table.primary_key = Some(key);
    table
}

fn view(name: &str, query: &str, over: &str, column: &str) -> View {
    View {
        name: Name::local(name),
        query: query.into(),
        columns: vec![(column.into(), "text".into())],
        depends_on: vec![Name::local(over)],
        ..View::default()
    }
}

fn function(name: &str, returns: &str, body: &str) -> Function {
    let definition = format!("CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE sql AS $$ {body} $$");
    Function { name: Name::local(name), returns: returns.into(), definition, ..Function::default() }
}

#[test]
fn tables_come_and_go_in_the_order_of_their_foreign_keys() {
    let mut a = keyed("a", &[("c", "integer")]);
    a.foreign_keys.push(key("a_c", "c", "c"));
    let mut b = keyed("b", &[("a", "integer")]);
    b.foreign_keys.push(key("b_a", "a", "a"));
    let all = of([a, b, keyed("c", &[])]);
    let none = of([]);
    assert_eq!(steps(&none, &all), ["create table c", "create table a", "create table b"]);
    assert_eq!(steps(&all, &none), ["drop table b", "drop table a", "drop table c"]);
}

#[test]
fn a_circle_of_foreign_keys_is_closed_at_the_end_and_opened_first() {
    let mut a = keyed("a", &[("b", "integer")]);
    a.foreign_keys.push(key("a_b", "b", "b"));
    let mut b = keyed("b", &[("a", "integer")]);
    b.foreign_keys.push(key("b_a", "a", "a"));
    let mut c = keyed("c", &[("a", "integer")]);
    c.foreign_keys.push(key("c_a", "a", "a"));
    let all = of([a, b, c]);
    let none = of([]);
    let made = steps(&none, &all);
    assert_eq!(made[..3], ["create table b", "create table a", "create table c"]);
    assert_eq!(made[3], "add foreign key b_a on b");
    assert_eq!(made.len(), 4, "the key of c is no part of the circle: {made:?}");
    let dropped = steps(&all, &none);
    assert!(dropped[0].starts_with("drop foreign key"), "{dropped:?}");
    assert_eq!(dropped.len(), 4);
}

#[test]
fn the_order_of_columns_does_not_matter() {
    let a = keyed("a", &[("x", "integer"), ("y", "text")]);
    let mut b = a.clone();
    b.columns.reverse();
    assert_eq!(steps(&of([a]), &of([b])), [""; 0]);
}

#[test]
fn a_view_over_a_column_that_changes_its_type_is_made_again_and_what_is_over_it_too() {
    let with = |data_type: &str| {
        let mut all = of([keyed("t", &[("n", data_type), ("m", "integer")])]);
        all.views.insert(view("b", "SELECT t.n FROM t", "t", "n"));
        all.views.insert(view("a", "SELECT b.n FROM b", "b", "n"));
        all.views.insert(view("c", "SELECT t.m FROM t", "t", "m"));
        all
    };
    assert_eq!(
        steps(&with("integer"), &with("text")),
        [
            "drop view a",
            "drop view b",
            "alter column t.n: type integer to text",
            "create view b",
            "create view a"
        ]
    );
}

#[test]
fn a_view_that_gets_a_column_at_its_end_is_replaced() {
    let mut from = of([keyed("t", &[])]);
    from.views.insert(view("v", "SELECT t.id FROM t", "t", "id"));
    let mut to = from.clone();
    let mut more = view("v", "SELECT t.id, 1 AS x FROM t", "t", "id");
    more.columns.push(("x".into(), "integer".into()));
    to.views.insert(more);
    assert_eq!(diff(&from, &to, &Rules::default()).operations.len(), 1);
    // And the way back is not one that CREATE OR REPLACE can go.
    assert_eq!(steps(&to, &from), ["drop view v", "create view v"]);
}

#[test]
fn a_function_comes_before_the_default_that_calls_it_and_after_the_table_that_it_reads() {
    let mut t = keyed("t", &[("n", "integer")]);
    t.columns[1].default = sql("f()");
    let mut all = of([t, keyed("z", &[])]);
    all.functions.insert(function("f", "integer", "SELECT count(*) FROM z"));
    let made = steps(&of([]), &all);
    let place = |text: &str| made.iter().position(|line| line == text).expect(text);
    assert!(place("create table z") < place("create function f()"), "{made:?}");
    assert!(place("create function f()") < place("create table t"), "{made:?}");
    let dropped = steps(&all, &of([]));
    let place = |text: &str| dropped.iter().position(|line| line == text).expect(text);
    assert!(place("drop table t") < place("drop function f()"), "{dropped:?}");
}

#[test]
fn what_uses_a_function_that_is_made_anew_lets_go_of_it() {
    let with = |returns: &str| {
        let mut t = keyed("t", &[("n", "integer")]);
        t.columns[1].default = sql("f()");
        t.checks.push(Check { name: Some("k".into()), expr: "n > f()".into(), ..Check::default() });
        let mut all = of([t]);
        all.functions.insert(function("f", returns, "SELECT 1"));
        all
    };
    let found = steps(&with("integer"), &with("smallint"));
    let drop = found.iter().position(|line| line == "drop function f()").expect("dropped");
    let create = found.iter().position(|line| line == "create function f()").expect("made");
    assert_eq!((found.len(), drop, create), (6, 2, 3), "{found:#?}");
}

#[test]
fn a_serial_column_is_a_sequence_that_is_owned_at_the_end() {
    let from = of([keyed("t", &[])]);
    let mut t = keyed("t", &[("n", "integer")]);
    t.columns[1].default = sql("nextval('t_n_seq'::regclass)");
    let mut to = of([t]);
    let owned_by = Some(Owner { table: "t".into(), column: "n".into() });
    to.sequences.insert(Sequence { name: Name::local("t_n_seq"), owned_by, ..Sequence::default() });
    let there = steps(&from, &to);
    assert_eq!(there[..2], ["create sequence t_n_seq", "add column t.n integer"], "{there:?}");
    assert!(there[2].contains("t_n_seq") && there.len() == 3, "{there:?}");
    let back = steps(&to, &from);
    assert_eq!(back[1..], ["drop column t.n", "drop sequence t_n_seq"], "{back:?}");
}

#[test]
fn an_enum_that_loses_a_value_takes_its_columns_along_and_their_new_default_comes_after() {
    let with = |values: &[&str], default: &str| {
        let mut t = keyed("t", &[("m", "mood")]);
        t.columns[1].default = sql(default);
        t.checks.push(Check { name: Some("k".into()), expr: "m <> 'ok'::mood".into(), ..Check::default() });
        let mut all = of([t]);
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        all.enums.insert(Enum { name: Name::local("mood"), values, comment: None });
        all
    };
    let found = diff(&with(&["sad", "ok"], "'sad'::mood"), &with(&["ok"], "'ok'::mood"), &Rules::default());
    let kinds: Vec<bool> = found.operations.iter().map(|op| matches!(op, Operation::AlterEnum(_))).collect();
    assert_eq!(kinds, [false, false, true, false, false], "{:#?}", lines(&found));
    let Operation::AlterEnum(alter) = &found.operations[2] else { unreachable!() };
    assert_eq!(alter.columns.len(), 1);
    assert_eq!(alter.columns[0].column.default, None, "the default goes before the value does");
    // A value that only comes needs none of that.
    let added = steps(&with(&["ok"], "'ok'::mood"), &with(&["sad", "ok"], "'ok'::mood"));
    assert_eq!(added.len(), 1, "{added:?}");
}

#[test]
fn a_composite_type_whose_fields_move_takes_its_columns_along() {
    let with = |fields: &[(&str, &str)]| {
        let mut all = of([keyed("t", &[("p", "pair")])]);
        let field = |(name, data_type): &(&str, &str)| CompositeField {
            name: (*name).into(),
            data_type: (*data_type).into(),
            collation: None,
        };
        let fields = fields.iter().map(field).collect();
        all.composites.insert(Composite { name: Name::local("pair"), fields, comment: None });
        all
    };
    let found = |to: &[(&str, &str)]| {
        let found = diff(&with(&[("x", "integer"), ("y", "text")]), &with(to), &Rules::default());
        let [Operation::AlterComposite(alter)] = &found.operations[..] else { panic!("{:?}", lines(&found)) };
        (alter.takes_new_type(), found.operations[0].is_destructive())
    };
    assert_eq!(found(&[("y", "text"), ("x", "integer")]), (true, None));
    assert_eq!(found(&[("x", "bigint"), ("y", "text")]), (true, None));
    assert_eq!(found(&[("x", "smallint"), ("y", "text")]), (true, Some("narrows the type of a field")));
    assert_eq!(found(&[("x", "bigint")]), (true, Some("drops a field of a composite type")));
    // The server does these with the column in place.
    assert_eq!(found(&[("x", "integer"), ("y", "text"), ("z", "text")]), (false, None));
    assert_eq!(found(&[("y", "text")]), (false, Some("drops a field of a composite type")));
}

#[test]
fn a_name_is_all_that_changes() {
    let with = |check: &str, name: &str| {
        let mut t = keyed("t", &[("n", "integer")]);
        t.checks.push(Check { name: Some(check.into()), expr: "n > 0".into(), ..Check::default() });
        t.indexes.insert(index(name, &["n"]));
        of([t])
    };
    let found = diff(&with("a", "i"), &with("b", "j"), &Rules::default());
    assert!(
        matches!(&found.operations[..], [Operation::RenameConstraint(_), Operation::RenameIndex(_)]),
        "{:#?}",
        lines(&found)
    );
}

#[test]
fn a_foreign_key_lets_go_of_the_key_that_it_needs() {
    let with = |name: Option<&str>| {
        let mut p = keyed("p", &[("n", "integer")]);
        let include = name.map(|column| vec![column.to_owned()]).unwrap_or_default();
        p.primary_key = p.primary_key.map(|key| PrimaryKey { include, ..key });
        let mut t = keyed("t", &[("p", "integer")]);
        t.foreign_keys.push(key("t_p", "p", "p"));
        of([p, t])
    };
    assert_eq!(
        steps(&with(None), &with(Some("n"))),
        [
            "drop foreign key t_p on t",
            "drop primary key p_pkey on p",
            "add primary key p_pkey on p",
            "add foreign key t_p on t",
        ]
    );
}

fn computed(name: &str, data_type: &str, expr: &str) -> Column {
    let computed = Some(Computed { expr: expr.into(), kind: ComputedKind::Stored });
    Column { computed, ..Column::new(name, data_type) }
}

#[test]
fn a_generated_column_is_made_again_where_a_column_that_it_names_goes_or_changes() {
    let with = |columns: &[(&str, &str)], expr: &str| {
        let mut t = keyed("t", columns);
        t.columns.push(computed("e", "bigint", expr));
        t.indexes.insert(index("i", &["e"]));
        of([t])
    };
    let before = with(&[("a", "integer")], "(a + 1)");
    let found = diff(&before, &with(&[], "(id + 1)"), &Rules::default());
    let made = [
        "drop index i on t",
        "drop column t.e",
        "drop column t.a",
        "add column t.e bigint",
        "create index i on t (e)",
    ];
    assert_eq!(lines(&found), made);
    // The values of `a` are lost; those of `e` are worked out again.
    assert_eq!(
        found.destructive.iter().map(|lost| lost.summary.as_str()).collect::<Vec<_>>(),
        ["drop column t.a"]
    );
    let found = diff(&before, &with(&[("a", "bigint")], "(a + 1)"), &Rules::default());
    let made = [
        "drop index i on t",
        "drop column t.e",
        "alter column t.a: type integer to bigint",
        "add column t.e bigint",
        "create index i on t (e)",
    ];
    assert_eq!(lines(&found), made);
    assert!(found.destructive.is_empty());
}

#[test]
fn a_generated_column_comes_after_the_change_of_what_it_is_computed_from() {
    let (a, mut b) = (keyed("t", &[("a", "integer")]), keyed("t", &[("a", "bigint")]));
    b.columns.push(computed("e", "bigint", "(a + 1)"));
    let steps = steps(&of([a]), &of([b]));
    assert_eq!(steps, ["alter column t.a: type integer to bigint", "add column t.e bigint"]);
}

#[test]
fn a_default_is_told_anew_where_the_type_changes() {
    let with = |data_type: &str, default: &str| {
        let mut t = keyed("t", &[("a", data_type)]);
        t.columns[1].default = sql(default);
        of([t])
    };
    let found = diff(&with("bigint", "'1'::bigint"), &with("integer", "1"), &Rules::default());
    let [Operation::AlterColumn(alter)] = &found.operations[..] else { panic!("{:?}", lines(&found)) };
    assert_eq!(alter.to.default, sql("1"));
    assert_eq!(steps(&with("bigint", "'1'::bigint"), &with("bigint", "1")), [""; 0]);
}

#[test]
fn a_new_value_that_is_used_at_once_takes_a_new_type() {
    let with = |values: &[&str], default: &str| {
        let mut t = keyed("t", &[("m", "mood")]);
        t.columns[1].default = sql(default);
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let mut schema = of([t]);
        schema.enums.insert(Enum { name: Name::local("mood"), values, comment: None });
        schema
    };
    let anew = |from: &Schema, to: &Schema| {
        let found = diff(from, to, &Rules::default());
        let alter = found.operations.iter().find_map(|operation| match operation {
            Operation::AlterEnum(alter) => Some(alter.anew),
            _ => None,
        });
        alter.expect("the values change")
    };
    let before = with(&["a", "b"], "'a'::mood");
    assert!(anew(&before, &with(&["a", "b", "it's"], "'it''s'::mood")));
    assert!(!anew(&before, &with(&["a", "b", "c"], "'b'::mood")), "ADD VALUE is enough");
}
