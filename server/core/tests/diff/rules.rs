//! Rules: what they let pass, and that nothing passes in silence.

use crate::{key, lines, schema, sql, steps, table};
use migrated_core::dialect::DialectName;
use migrated_core::diff::*;
use migrated_core::operation::Operation;
use migrated_core::schema::*;

fn of(tables: impl IntoIterator<Item = Table>) -> Schema {
    schema(DialectName::Postgres, tables)
}

fn read(json: &str) -> Rules {
    serde_json::from_str(json).expect("rules")
}

fn left(found: &Diff) -> Vec<String> {
    found.left_out.iter().map(|left| format!("{}: {:?}", left.object, left.because)).collect()
}

#[test]
fn a_table_that_may_have_another_name_is_asked_about_and_renamed_once_that_is_confirmed() {
    let columns = [("id", "integer"), ("title", "text"), ("pages", "integer")];
    let (mut from, mut to) = (of([table("book", &columns)]), of([table("books", &columns)]));
    for (schema, of) in [(&mut from, "book"), (&mut to, "books")] {
        let mut loan = table("loan", &[("book", "integer")]);
        loan.foreign_keys.push(key("loan_book", "book", of));
        schema.tables.insert(loan);
    }
    let found = diff(&from, &to, &Rules::default());
    let [question] = &found.questions[..] else { panic!("{:?}", found.questions) };
    assert_eq!(
        (question.kind, question.from.as_str(), question.to.as_str()),
        (RenameKind::Table, "book", "books")
    );
    assert!(question.similarity > 0.9 && question.similarity <= 1.0, "{}", question.similarity);
    assert_eq!(found.destructive.len(), 1, "{:?}", found.destructive);
    let rules = Rules { renames: vec![(question.from.clone(), question.to.clone())], ..Rules::default() };
    let found = diff(&from, &to, &rules);
    assert!(matches!(&found.operations[..], [Operation::RenameTable(_)]), "{:?}", lines(&found));
    assert!(found.questions.is_empty() && found.destructive.is_empty());
}

#[test]
fn a_column_that_has_another_name_is_followed_by_what_names_it() {
    let with = |column: &str, data_type: &str| {
        let mut t = table("t", &[("id", "integer"), (column, data_type)]);
        let expr = format!("({column} <> ''::text)");
        t.checks.push(Check { name: Some("k".into()), expr, ..Check::default() });
        t.indexes.insert(crate::index("i", &[column]));
        of([t])
    };
    let (from, to) = (with("name", "text"), with("full_name", "text"));
    let questions = diff(&from, &to, &Rules::default()).questions;
    assert_eq!((questions[0].from.as_str(), questions[0].to.as_str()), ("t.name", "full_name"));
    let renames = vec![("t.name".to_owned(), "full_name".to_owned())];
    let found = diff(&from, &to, &Rules { renames: renames.clone(), ..Rules::default() });
    assert_eq!(lines(&found), ["alter column t.name: rename to full_name"]);
    let found =
        diff(&from, &with("full_name", "character varying(9)"), &Rules { renames, ..Rules::default() });
    assert_eq!(found.operations.len(), 2, "{:?}", lines(&found));
}

#[test]
fn the_sequence_of_a_renamed_serial_column_keeps_its_count() {
    let with = |name: &str| {
        let sequence = format!("{name}_id_seq");
        let mut t = table(name, &[("id", "integer")]);
        t.columns[0].default = sql(&format!("nextval('{sequence}'::regclass)"));
        let mut all = of([t]);
        let owned_by = Some(Owner { table: name.into(), column: "id".into() });
        all.sequences.insert(Sequence { name: Name::local(sequence), owned_by, ..Sequence::default() });
        all
    };
    let rules = Rules { renames: vec![("a".into(), "b".into())], ..Rules::default() };
    let found = diff(&with("a"), &with("b"), &rules);
    assert!(
        matches!(&found.operations[..], [Operation::RenameTable(_), Operation::AlterSequence(_)]),
        "{:?}",
        lines(&found)
    );
    assert!(found.destructive.is_empty());
}

#[test]
fn a_rename_of_what_is_not_there_is_told() {
    let rules = Rules { renames: vec![("nothing".into(), "t".into())], ..Rules::default() };
    let found = diff(&of([]), &of([table("t", &[])]), &rules);
    assert_eq!(found.unknown_renames, rules.renames);
}

#[test]
fn filters_leave_out_by_kind_schema_and_name_and_say_so() {
    let aside = Table { name: Name::new(Some("audit"), "log"), ..table("log", &[]) };
    let from = of([table("tmp_1", &[]), table("tmp_x", &[]), aside]);
    let to = of([table("kept", &[("id", "integer")])]);
    let found = diff(
        &from,
        &to,
        &read(r#"{"exclude": [{"kind": "table", "name": "/^tmp_\\d+$/"}, {"schema": "audit"}]}"#),
    );
    assert_eq!(lines(&found), ["drop table tmp_x", "create table kept"]);
    assert_eq!(left(&found), ["table audit.log: Excluded", "table tmp_1: Excluded"]);
    let found = diff(&from, &to, &read(r#"{"include": [{"kind": "table", "schema": "", "name": "tmp_*"}]}"#));
    assert_eq!(lines(&found), ["drop table tmp_1", "drop table tmp_x"]);
    assert_eq!(left(&found), ["table audit.log: NotIncluded", "table kept: NotIncluded"]);
}

#[test]
fn switches_and_tolerances_say_what_may_differ() {
    let with = |data_type: &str, default: &str, comment: Option<&str>| {
        let mut t = table("t", &[("n", data_type)]);
        t.columns[0].default = sql(default);
        t.columns[0].comment = comment.map(str::to_owned);
        of([t])
    };
    let (from, to) = (with("integer", "1", None), with("bigint", "2", Some("x")));
    let changed = |rules: &str| steps_under(&from, &to, &read(rules));
    assert_eq!(
        changed(r#"{"compare_type": false, "compare_server_default": false, "compare_comment": false}"#),
        [""; 0]
    );
    assert_eq!(changed(r#"{"compare_type": false, "compare_comment": false}"#).len(), 1);
    assert_eq!(changed(r#"{"tolerate": [{"of": {"kind": "column", "table": "t", "name": "n"}}]}"#), [""; 0]);
    let some = r#"{"tolerate": [{"of": {"kind": "column"}, "aspects": ["type", "comment"]}]}"#;
    let found = diff(&from, &to, &read(some));
    let [Operation::AlterColumn(alter)] = &found.operations[..] else { panic!("{:?}", lines(&found)) };
    assert_eq!((alter.to.data_type.as_str(), alter.to.default.clone()), ("integer", sql("2")));
    assert_eq!(left(&found), ["column t.n: Tolerated"]);
}

fn steps_under(from: &Schema, to: &Schema, rules: &Rules) -> Vec<String> {
    lines(&diff(from, to, rules))
}

#[test]
fn types_are_rewritten_before_they_are_compared() {
    let with = |data_type: &str| of([table("t", &[("n", data_type)])]);
    let rules = read(r#"{"types": [{"type": "/^character varying(\\(\\d+\\))$/", "to": "varchar$1"}]}"#);
    assert_eq!(steps_under(&with("character varying(9)"), &with("varchar(9)"), &rules), [""; 0]);
    assert_eq!(steps_under(&with("character varying(9)"), &with("varchar(8)"), &rules).len(), 1);
}

#[test]
fn only_what_is_owned_is_dropped() {
    let (from, to) = (of([table("ours", &[]), table("theirs", &[("x", "text")])]), of([]));
    let mut rules = Rules { drop: Drops::Owned, ..Rules::default() };
    rules.owned = objects(&of([table("ours", &[])]));
    let found = diff(&from, &to, &rules);
    assert_eq!(lines(&found), ["drop table ours"]);
    assert_eq!(left(&found), ["table theirs: NotDropped"]);
    let found = diff(&from, &to, &Rules { drop: Drops::None, ..Rules::default() });
    assert_eq!(lines(&found), [""; 0]);
}

#[test]
fn partitions_are_left_alone_unless_the_rules_say_otherwise() {
    let mut parent = table("p", &[("id", "integer")]);
    parent.options.partition = Some(Partition::By("RANGE (id)".into()));
    let mut part = table("p_1", &[]);
    let bound = "FOR VALUES FROM (1) TO (2)".to_owned();
    part.options.partition = Some(Partition::Of { parent: Name::local("p"), bound });
    let (whole, bare) = (of([parent.clone(), part]), of([parent]));
    let found = diff(&whole, &bare, &Rules::default());
    assert_eq!((lines(&found).len(), left(&found)), (0, vec!["table p_1: Partition".to_owned()]));
    assert_eq!(
        steps_under(&whole, &bare, &Rules { partitions: true, ..Rules::default() }),
        ["drop table p_1"]
    );
    assert_eq!(steps(&of([]), &whole), ["create table p", "create table p_1"]);
}

#[test]
fn what_is_divided_from_a_table_goes_with_it() {
    let mut heir = table("a_heir", &[("own", "text")]);
    heir.options.inherits = vec![Name::local("p")];
    let mut grandchild = table("z_grandchild", &[]);
    grandchild.options.inherits = vec![Name::local("a_heir")];
    let from = of([table("p", &[("id", "integer")]), heir, grandchild]);
    let gone = ["drop table z_grandchild", "drop table a_heir", "drop table p"];
    assert_eq!(steps(&from, &of([])), gone);
    assert_eq!(diff(&from, &of([]), &Rules::default()).destructive.len(), 3, "each is told");
    // What keeps the one keeps the others.
    let excluded = diff(&from, &of([]), &read(r#"{"exclude": [{"kind": "table", "name": "p"}]}"#));
    assert!(excluded.operations.is_empty(), "{:?}", lines(&excluded));
}

#[test]
fn constraints_without_names_are_named_by_the_convention() {
    let mut t = table("t", &[("id", "integer"), ("p", "integer")]);
    t.uniques.push(Unique { columns: vec!["id".into(), "p".into()], ..Unique::default() });
    t.foreign_keys.push(ForeignKey { name: None, ..key("", "p", "p") });
    let rules = read(
        r#"{"naming": {"uq": "uq_%(table_name)s_%(column_0_N_name)s",
                       "fk": "fk_%(column_0_label)s_%(referred_table_name)s"}}"#,
    );
    let found = diff(&of([table("p", &[])]), &of([table("p", &[]), t]), &rules);
    let [Operation::CreateTable(create)] = &found.operations[..] else { panic!("{:?}", lines(&found)) };
    assert_eq!(create.table.uniques[0].name.as_deref(), Some("uq_t_id_p"));
    assert_eq!(create.table.foreign_keys[0].name.as_deref(), Some("fk_t_p_p"));
}

#[test]
fn a_pattern_that_cannot_be_read_is_an_error_of_the_rules() {
    let wrong = serde_json::from_str::<Rules>(r#"{"exclude": [{"name": "/(/"}]}"#).expect_err("no pattern");
    assert!(wrong.to_string().contains("is no pattern"), "{wrong}");
}

#[test]
fn what_is_looked_at_of_one_schema_is_what_the_filters_leave() {
    let mut users = table("users", &[("id", "integer"), ("secret", "text")]);
    users.indexes.insert(crate::index("tmp_i", &["id"]));
    let schema = of([users, table("audit_2026", &[("id", "integer")])]);
    let rules = read(
        r#"{"drop": "none", "exclude": [{"name": "audit_*"}, {"kind": "column", "name": "secret"},
        {"kind": "index", "name": "/^tmp_/"}]}"#,
    );
    let (seen, left) = look(&schema, &rules);
    let left: Vec<String> = left.iter().map(|left| left.object.to_string()).collect();
    assert_eq!(left, ["table audit_2026", "column users.secret", "index users.tmp_i"]);
    assert_eq!(seen, of([table("users", &[("id", "integer")])]));
    assert_eq!(look(&schema, &Rules::default()), (schema, Vec::new()));
}
