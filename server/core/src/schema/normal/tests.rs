use super::{Texts, settle};
use crate::DialectName::{self, Mysql, Postgres, Sqlite};
use crate::operation::Server;
use crate::schema::{
    Check, Column, DefaultValue, Enum, ForeignKey, Identity, LiteralValue, Name, Owner, PrimaryKey, Schema,
    Sequence, SequenceOptions, Table, Unique, View,
};
use std::collections::HashSet;

fn with_texts<T>(dialect: DialectName, mariadb: bool, own: &[&str], look: impl FnOnce(&Texts<'_>) -> T) -> T {
    let mut schema = Schema::new(dialect);
    for name in own {
        schema.enums.insert(Enum { name: Name::local(*name), values: vec!["a".into()], comment: None });
    }
    let own_types: HashSet<&str> = own.iter().copied().collect();
    look(&Texts { dialect, mariadb, standing: &schema, desired: &schema, own_types: &own_types })
}

fn told(text: &str) -> Option<String> {
    with_texts(Postgres, false, &[], |texts| texts.canonical_type(text))
}

#[test]
fn aliases_are_one_type() {
    for (written, printed) in [
        ("int4", "integer"),
        ("INT", "integer"),
        ("pg_catalog.int8", "bigint"),
        ("bool", "boolean"),
        ("float", "double precision"),
        ("Double  Precision", "double precision"),
        ("varchar(50)", "character varying(50)"),
        ("character varying ( 50 )", "character varying(50)"),
        ("varchar", "character varying"),
        ("char", "character(1)"),
        ("char(3)", "character(3)"),
        ("decimal(10, 2)", "numeric(10,2)"),
        ("numeric(10)", "numeric(10,0)"),
        ("timestamptz", "timestamp with time zone"),
        ("timestamp(3)", "timestamp(3) without time zone"),
        ("timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("timetz", "time with time zone"),
        ("varbit(4)", "bit varying(4)"),
        ("text[]", "text[]"),
        ("int[3][4]", "integer[]"),
    ] {
        assert_eq!(told(written).as_deref(), Some(printed), "{written}");
    }
    for unknown in [
        "mood",
        "serial",
        "\"char\"",
        "interval day",
        "int(4)",
        "bpchar",
        "varchar(010)",
        "float(53)",
        "int4 x",
    ] {
        assert_eq!(told(unknown), None, "{unknown}");
    }
    with_texts(Postgres, false, &["int4"], |texts| {
        assert!(!texts.same_type("integer", "int4"), "a type of the schema has that name");
        assert!(texts.same_type("integer", "int"), "a word of the grammar cannot be taken");
    });
}

#[test]
fn aliases_of_mysql_are_told_with_the_widths_of_the_server() {
    with_texts(Mysql, true, &[], |texts| {
        assert!(texts.same_type("int(11)", "INTEGER"));
        assert!(texts.same_type("int(10) unsigned", "int unsigned"));
        assert!(texts.same_type("bigint(20)", "bigint"));
        assert!(texts.same_type("tinyint(1)", "bool"));
        assert!(texts.same_type("decimal(12,2)", "numeric(12, 2)"));
        assert!(!texts.same_type("int(11)", "int(10)"));
        assert!(!texts.same_type("int(11)", "bigint"));
    });
    with_texts(Mysql, false, &[], |texts| {
        assert!(texts.same_type("int", "integer"));
        assert!(!texts.same_type("int", "int(11)"), "only the server knows whether it tells the width");
    });
    with_texts(Sqlite, false, &[], |texts| assert!(!texts.same_type("INTEGER", "INT")));
}

#[test]
fn parentheses_blanks_and_case_are_nothing() {
    with_texts(Postgres, false, &[], |texts| {
        for (printed, written) in [
            ("(a > 0) AND (b > 0)", "a>0 and b > 0"),
            ("((a > 0) AND (b > 0)) OR (NOT c)", "a > 0 AND b > 0 OR NOT c"),
            ("(a + (b * 2)) <= 10", "a + b*2 <= 10"),
            ("(a >= 1) AND (a <= 9)", "a BETWEEN 1 AND 9"),
            ("(a < 1) OR (a > 9)", "a NOT BETWEEN 1 AND 9"),
            ("a <> 3", "a != 3"),
            ("(a IS NOT NULL) AND (b IS DISTINCT FROM c)", "a is not null and b is distinct from c"),
            ("(a)::integer", "cast(a as int4)"),
            ("lower(name)", "LOWER( name )"),
            ("CASE WHEN (a > 0) THEN 1 ELSE 0 END", "case when a > 0 then 1 else 0 end"),
            ("a = (- 1)", "a=-1"),
            ("(a = ANY (ARRAY[1, 2]))", "a = any(array[1,2])"),
            ("((a ->> 'k'::text) = 'x'::text)", "a->>'k'::text = 'x'::text"),
            ("(ts AT TIME ZONE 'UTC'::text)", "ts at time zone 'UTC'::text"),
            ("CURRENT_TIMESTAMP", "current_timestamp"),
            ("a < (- b)", "a <- b"),
            (
                "(s = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
                "s = ANY (( ARRAY['a'::varchar, 'b'::varchar])::text[])",
            ),
            (
                "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
                "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
            ),
            (
                "((s)::text = ANY (ARRAY[('a'::character varying)::text]))",
                "s::text = ANY (CAST(ARRAY['a'::character varying] AS text[]))",
            ),
            ("(a = ANY (ARRAY[(1)::bigint, (2)::bigint]))", "a = any(array[1, 2]::bigint[])"),
        ] {
            assert!(texts.same_expression(printed, written), "{printed} | {written}");
        }
    });
}

#[test]
fn what_could_mean_something_else_is_asked_about() {
    with_texts(Postgres, false, &[], |texts| {
        for (printed, written) in [
            ("(a > (0)::numeric)", "a > 0"),
            ("((name)::text = 'x'::text)", "name = 'x'"),
            ("(a AND (b OR c))", "a and b or c"),
            ("(a - (b - c))", "a - b - c"),
            ("(a = ANY (ARRAY[1, 2]))", "a IN (1, 2)"),
            ("now()", "CURRENT_TIMESTAMP"),
            ("\"Name\" = 1", "Name = 1"),
            ("'A'::text", "'a'::text"),
            ("a @ (- b)", "a @- b"),
            ("(a ^ (b ^ c))", "a ^ b ^ c"),
            ("x = 1.0", "x = 1.00"),
            ("(name ~~ 'a%'::text)", "name LIKE 'a%'::text"),
            (
                "(s = ANY ((ARRAY['a'::character varying])::text[]))",
                "(s = ANY (ARRAY['a'::character varying]))",
            ),
            ("(a = (ARRAY[ARRAY[1]])::bigint[])", "a = ARRAY[(ARRAY[1])::bigint]"),
            ("'a' 'b'", "'a'\n'b'"),
            ("(NOT (a = b))", "(not a) = b"),
        ] {
            assert!(!texts.same_expression(printed, written), "{printed} | {written}");
        }
        assert!(texts.same_words("SELECT a,\n    b\n   FROM t;", "select a, b from t"));
        assert!(!texts.same_words("SELECT (a)", "SELECT a"));
    });
    with_texts(Sqlite, false, &[], |texts| {
        assert!(!texts.same_expression("a > 0", "a>0"), "it keeps the letters")
    });
}

fn same_default(data_type: &str, printed: &str, written: &str) -> bool {
    let sql = |text: &str| DefaultValue::Sql(text.into());
    with_texts(Postgres, false, &["mood"], |texts| {
        texts.same_default(data_type, &sql(printed), &sql(written))
    })
}

#[test]
fn constants_are_printed_with_their_types() {
    assert!(same_default("character varying(50)", "'none'::character varying", "'none'"));
    assert!(same_default("text", "'it''s'::text", "'it''s'"));
    assert!(same_default("mood", "'a'::mood", "'a'"));
    assert!(same_default("jsonb", "'{}'::jsonb", "'{}'"));
    assert!(same_default("integer", "'-1'::integer", "-1"));
    assert!(same_default("boolean", "false", "FALSE"));
    assert!(same_default("timestamp with time zone", "now()", "NOW()"));
    for (data_type, printed, written) in [
        ("text", "'a'::text", "'b'"),
        ("integer", "5", "'5'"),
        ("character(3)", "'a'::bpchar", "'a'"),
        (
            "timestamp without time zone",
            "'2026-01-01 00:00:00'::timestamp without time zone",
            "'2026-01-01 00:00:00'",
        ),
        ("text", "'a\\b'::text", "'a\\b'"),
        ("text", "'x'::text", "E'x'"),
        ("positive", "'1'::positive", "'1'"),
        ("bigint", "'-9223372036854775808'::bigint", "-9223372036854775808"),
        ("integer", "'-1'::integer", "- 1.0"),
    ] {
        assert!(!same_default(data_type, printed, written), "{data_type}: {printed} | {written}");
    }
    let literal = DefaultValue::Literal { literal: LiteralValue::Text("it's".into()) };
    let printed = DefaultValue::Sql("'it''s'::text".into());
    with_texts(Postgres, false, &[], |texts| assert!(texts.same_default("text", &printed, &literal)));
}

fn server() -> Server {
    Server { version: (15, 0, 0), ..Server::oldest(Postgres) }
}

fn table(name: &str) -> Table {
    let mut id = Column::new("id", "integer");
    id.nullable = false;
    let primary_key = PrimaryKey {
        name: Some(format!("{name}_pkey")),
        columns: vec!["id".into()],
        ..PrimaryKey::default()
    };
    Table {
        name: Name::local(name),
        columns: vec![id, Column::new("note", "text")],
        primary_key: Some(primary_key),
        ..Table::default()
    }
}

fn refers(mut from: Table, to: &str) -> Table {
    let name = Some(format!("{}_note_fkey", from.name.name));
    let (columns, ref_columns) = (vec!["note".into()], vec!["id".into()]);
    from.foreign_keys.push(ForeignKey {
        name,
        columns,
        ref_table: to.into(),
        ref_columns,
        ..ForeignKey::default()
    });
    from
}

fn schema(tables: impl IntoIterator<Item = Table>) -> Schema {
    Schema { tables: tables.into_iter().collect(), ..Schema::new(Postgres) }
}

fn asked(standing: &Schema, desired: &Schema) -> Vec<String> {
    let settlement = settle(&server(), standing, desired);
    let Some(asked) = settlement.asked() else { return Vec::new() };
    let names = |schema: &Schema| -> Vec<String> {
        let tables = schema.tables.iter().map(|table| table.name.to_string());
        tables.chain(schema.views.iter().map(|view| view.name.to_string())).collect()
    };
    names(asked)
}

#[test]
fn a_description_of_what_stands_asks_nothing() {
    let mut standing = schema([refers(table("a"), "b"), table("b")]);
    let mut desired = standing.clone();
    assert_eq!(asked(&standing, &desired), [""; 0]);
    let settlement = settle(&server(), &standing, &desired);
    assert_eq!(settlement.told(None).as_ref(), Some(&standing));
    // The names that the server gives, NOT NULL of a key, and an order of columns are nothing to ask about.
    let mut written = table("b");
    written.columns.reverse();
    written.columns[1].nullable = true;
    written.columns[1].data_type = "int4".into();
    written.primary_key.as_mut().expect("it has one").name = None;
    desired.tables.insert(written);
    assert_eq!(asked(&standing, &desired), [""; 0]);
    assert_eq!(settle(&server(), &standing, &desired).told(None).as_ref(), Some(&standing));
    // A sequence that belongs to a column declared as serial is in no description.
    let sequence = Sequence {
        name: Name::local("b_id_seq"),
        data_type: Some("integer".into()),
        owned_by: Some(Owner { table: "b".into(), column: "id".into() }),
        ..Sequence::default()
    };
    standing.sequences.insert(sequence);
    let counts = DefaultValue::Sql("nextval('b_id_seq'::regclass)".into());
    standing.tables.get_mut(&Name::local("b")).expect("it is there").columns[0].default = Some(counts);
    let mut serial = table("b");
    serial.columns[0].data_type = "serial".into();
    desired.tables.insert(serial);
    assert_eq!(asked(&standing, &desired), [""; 0]);
    assert_eq!(settle(&server(), &standing, &desired).told(None).as_ref(), Some(&standing));
}

#[test]
fn only_what_differs_is_asked_about_with_what_it_needs() {
    let standing = schema([refers(table("a"), "b"), table("b"), table("c")]);
    let mut desired = standing.clone();
    desired.tables.get_mut(&Name::local("a")).expect("it is there").columns[1].data_type =
        "varchar(5)".into();
    assert_eq!(asked(&standing, &desired), ["a", "b"]);
    let settlement = settle(&server(), &standing, &desired);
    let mut read = settlement.asked().cloned().expect("something is asked");
    let changed = read.tables.get_mut(&Name::local("a")).expect("it is there");
    changed.columns[1].data_type = "character varying(5)".into();
    let changed = changed.clone();
    // What is made only because it is needed is told as it stands.
    read.tables.get_mut(&Name::local("b")).expect("it is there").comment = Some("odd".into());
    let told = settlement.told(Some(read)).expect("no name is taken");
    let mut wanted = standing.clone();
    wanted.tables.insert(changed);
    assert_eq!(told, wanted);
}

#[test]
fn what_refers_to_a_change_is_asked_about_too() {
    let view =
        |name: &str, query: &str| View { name: Name::local(name), query: query.into(), ..View::default() };
    let mut standing = schema([table("a"), table("b")]);
    standing.views = [
        view("over_a", "SELECT a.id FROM a"),
        view("over_b", "SELECT b.id FROM b"),
        view("over_over", "SELECT over_a.id FROM over_a"),
    ]
    .into_iter()
    .collect();
    let mut desired = standing.clone();
    desired.tables.get_mut(&Name::local("a")).expect("it is there").columns[0].data_type = "bigint".into();
    assert_eq!(asked(&standing, &desired), ["a", "over_a", "over_over"]);
    // What is gone is missed by those who name it.
    desired.tables = schema([table("b")]).tables;
    assert_eq!(asked(&standing, &desired), ["over_a", "over_over"]);
    // A name with escapes could be any.
    let mut escaped = standing.clone();
    escaped.views.insert(view("over_b", "SELECT id FROM U&\"\\0061\""));
    let mut desired = escaped.clone();
    desired.tables.get_mut(&Name::local("a")).expect("it is there").columns[0].data_type = "bigint".into();
    assert_eq!(asked(&escaped, &desired), ["a", "b", "over_a", "over_b", "over_over"]);
}

#[test]
fn a_foreign_key_is_tried_where_its_key_changes() {
    let standing = schema([refers(table("a"), "b"), table("b")]);
    let mut desired = standing.clone();
    let b = desired.tables.get_mut(&Name::local("b")).expect("it is there");
    b.columns.push(Column::new("more", "text"));
    assert_eq!(asked(&standing, &desired), ["b"], "the key is as it was");
    desired.tables.get_mut(&Name::local("b")).expect("it is there").primary_key = None;
    assert_eq!(asked(&standing, &desired), ["a", "b"], "the server has to refuse it");
    let gone = schema([refers(table("a"), "b")]);
    assert_eq!(asked(&standing, &gone), ["a"], "the server has to refuse it");
}

#[test]
fn names_that_the_server_chooses_are_chosen_among_all() {
    let unique = |name: Option<&str>, column: &str| Unique {
        name: name.map(str::to_owned),
        columns: vec![column.into()],
        ..Unique::default()
    };
    let with = |name: &str, unique: Unique| Table { uniques: vec![unique], ..table(name) };
    let standing = schema([
        with("a", unique(Some("a_note_key"), "note")),
        with("b", unique(Some("a_note_key1"), "note")),
    ]);
    let desired = schema([with("a", unique(None, "note")), with("b", unique(None, "note"))]);
    let settlement = settle(&server(), &standing, &desired);
    assert_eq!(asked(&standing, &desired), ["b"]);
    let read = schema([with("b", unique(Some("a_note_key"), "note"))]);
    assert_eq!(settlement.told(Some(read)), None, "made alone, it took a name that is another's");
    let read = schema([with("b", unique(Some("b_note_key"), "note"))]);
    assert!(settlement.told(Some(read)).is_some());
}

#[test]
fn every_field_counts() {
    let base = table("a");
    let standing = schema([base.clone()]);
    let changes: [fn(&mut Table); 9] = [
        |t| t.comment = Some("x".into()),
        |t| t.columns[1].nullable = false,
        |t| t.columns[1].comment = Some("x".into()),
        |t| t.columns[1].collation = Some("\"C\"".into()),
        |t| t.columns[1].default = Some(DefaultValue::Sql("'x'".into())),
        |t| t.columns[1].identity = Some(Identity { always: true, options: SequenceOptions::default() }),
        |t| t.checks.push(Check { expr: "id > 0".into(), ..Check::default() }),
        |t| t.options.unlogged = true,
        |t| drop(t.columns.pop()),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = base.clone();
        change(&mut changed);
        assert_eq!(asked(&standing, &schema([changed])), ["a"], "change {at}");
    }
}
