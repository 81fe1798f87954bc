use super::shape::{Kind, SCHEMA, Shape};
use super::*;
use crate::DialectName;
use crate::schema::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every object with every field, written without `..` so that a new field of the model has to be added here.
fn full() -> Schema {
    let text = || Some("x".to_owned());
    let texts = || vec!["x".to_owned()];
    let keys = || BTreeMap::from([("k".to_owned(), "70".to_owned())]);
    let name = || Name { schema: text(), name: "n".into() };
    let numbers = || SequenceOptions {
        start: Some(1),
        increment: Some(2),
        min: Some(3),
        max: Some(i64::MAX),
        cache: Some(5),
        cycle: true,
    };
    let item = || IndexItem {
        column: text(),
        expr: text(),
        length: Some(3),
        collation: text(),
        opclass: text(),
        desc: true,
        nulls: Some(Nulls::First),
    };
    let index = || Index {
        name: "i".into(),
        items: vec![item()],
        unique: true,
        kind: IndexKind::Vector,
        method: text(),
        predicate: text(),
        include: texts(),
        nulls_not_distinct: true,
        with: keys(),
        tablespace: text(),
        invisible: true,
        verbatim: texts(),
        comment: text(),
    };
    let trigger = || Trigger {
        name: "t".into(),
        definition: "x".into(),
        enabled: text(),
        sql_mode: text(),
        comment: text(),
    };
    let column = Column {
        name: "c".into(),
        data_type: "int".into(),
        nullable: false,
        default: Some(DefaultValue::Literal { literal: LiteralValue::Int(1) }),
        identity: Some(Identity { always: true, options: numbers() }),
        computed: Some(Computed { expr: "x".into(), kind: ComputedKind::Virtual }),
        autoincrement: true,
        on_update: text(),
        charset: text(),
        collation: text(),
        invisible: true,
        storage: text(),
        compression: text(),
        statistics: Some(1),
        comment: text(),
        verbatim: texts(),
    };
    let options = TableOptions {
        unlogged: true,
        with: keys(),
        tablespace: text(),
        access_method: text(),
        replica_identity: text(),
        inherits: vec![name()],
        partition: Some(Partition::Of { parent: name(), bound: "x".into() }),
        engine: text(),
        charset: text(),
        collation: text(),
        without_rowid: true,
        strict: true,
        virtual_table: text(),
        verbatim: texts(),
    };
    let table = Table {
        name: name(),
        columns: vec![column],
        primary_key: Some(PrimaryKey {
            name: text(),
            columns: texts(),
            items: vec![item()],
            include: texts(),
            deferral: Deferral::Immediate,
            verbatim: texts(),
            comment: text(),
        }),
        uniques: vec![Unique {
            name: text(),
            columns: texts(),
            include: texts(),
            nulls_not_distinct: true,
            deferral: Deferral::Deferred,
            verbatim: texts(),
            comment: text(),
        }],
        checks: vec![Check {
            name: text(),
            expr: "x".into(),
            no_inherit: true,
            not_valid: true,
            not_enforced: true,
            comment: text(),
        }],
        foreign_keys: vec![ForeignKey {
            name: text(),
            columns: texts(),
            ref_schema: text(),
            ref_table: "x".into(),
            ref_columns: texts(),
            on_delete: Action::SetNull,
            on_delete_columns: texts(),
            on_update: Action::SetDefault,
            match_kind: Match::Partial,
            deferral: Deferral::Deferred,
            not_valid: true,
            comment: text(),
        }],
        excludes: vec![Exclude {
            name: text(),
            method: "gist".into(),
            items: vec![ExcludeItem { element: "x".into(), operator: "&&".into() }],
            include: texts(),
            predicate: text(),
            deferral: Deferral::Deferred,
            verbatim: texts(),
            comment: text(),
        }],
        indexes: Objects::from_iter([index()]),
        triggers: Objects::from_iter([trigger()]),
        policies: Objects::from_iter([Policy {
            name: "p".into(),
            permissive: true,
            command: PolicyCommand::Update,
            roles: texts(),
            using: text(),
            check: text(),
            comment: text(),
        }]),
        row_security: RowSecurity::Forced,
        comment: text(),
        options,
    };
    let domain = Domain {
        name: name(),
        data_type: "x".into(),
        collation: text(),
        not_null: true,
        default: text(),
        checks: vec![DomainCheck { name: text(), expr: "x".into(), not_valid: true }],
        comment: text(),
    };
    let sequence = Sequence {
        name: name(),
        data_type: text(),
        options: numbers(),
        owned_by: Some(Owner { table: "n".into(), column: "c".into() }),
        unlogged: true,
        comment: text(),
    };
    let function = Function {
        name: name(),
        kind: FunctionKind::Event,
        arguments: "x".into(),
        returns: "x".into(),
        definition: "x".into(),
        sql_mode: text(),
        comment: text(),
    };
    let view = View {
        name: name(),
        query: "x".into(),
        columns: vec![("a".into(), "int".into())],
        materialized: true,
        options: keys(),
        indexes: Objects::from_iter([index()]),
        triggers: Objects::from_iter([trigger()]),
        depends_on: vec![name()],
        comment: text(),
    };
    let field = CompositeField { name: "f".into(), data_type: "x".into(), collation: text() };
    Schema {
        dialect: Some(DialectName::Postgres),
        schemas: Objects::from_iter([Namespace { name: "s".into(), comment: text() }]),
        extensions: Objects::from_iter([Extension { name: "e".into(), schema: text(), version: text() }]),
        enums: Objects::from_iter([Enum { name: name(), values: texts(), comment: text() }]),
        composites: Objects::from_iter([Composite { name: name(), fields: vec![field], comment: text() }]),
        domains: Objects::from_iter([domain]),
        sequences: Objects::from_iter([sequence]),
        tables: Objects::from_iter([table]),
        functions: Objects::from_iter([function]),
        views: Objects::from_iter([view]),
    }
}

#[test]
fn every_field_is_known_and_comes_back() {
    let schema = full();
    assert_eq!(read_yaml(&write_yaml(&schema)).expect("yaml"), schema);
    assert_eq!(read_json(&write_json(&schema)).expect("json"), schema);
}

/// The fields that the table of shapes has and the model does not write.
fn surplus(value: &serde_json::Value, shape: &'static Shape, missing: &mut BTreeSet<String>) {
    for (field, kind) in shape.fields {
        let Some(inner) = value.get(field) else {
            missing.insert(format!("{}.{field}", shape.what));
            continue;
        };
        match kind {
            Kind::Object(shape) => surplus(inner, shape, missing),
            Kind::List(Kind::Object(shape)) => surplus(&inner[0], shape, missing),
            _ => {}
        }
    }
}

#[test]
fn no_field_is_known_that_the_model_lacks() {
    let written = serde_json::to_value(full()).expect("it is a tree");
    let mut missing = BTreeSet::new();
    surplus(&written, &SCHEMA, &mut missing);
    assert_eq!(missing, BTreeSet::new());
}

/// Whether the page has a line for each field, under the object's own heading.
fn documented(page: &str, shape: &'static Shape, heading: &str, missing: &mut BTreeSet<String>) {
    let section = page.split("\n### ").find(|section| section.lines().next() == Some(heading)).unwrap_or("");
    for (field, kind) in shape.fields {
        if !section.contains(&format!("\n| `{field}` |")) {
            missing.insert(format!("{heading}: {field}"));
        }
        match kind {
            Kind::Object(shape) | Kind::List(Kind::Object(shape)) if shape.what != "name" => {
                documented(page, shape, shape.what, missing);
            }
            _ => {}
        }
    }
}

#[test]
fn every_field_stands_in_the_docs() {
    let page = include_str!("../../../../../docs/schema-files.md");
    let mut missing = BTreeSet::new();
    documented(page, &SCHEMA, "description", &mut missing);
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn faults_are_told_with_their_place() {
    let within = |line: &str| format!("tables:\n- name: users\n  columns:\n  - name: email\n    {line}\n");
    let yaml = [
        (
            within("nulable: false"),
            5,
            5,
            "table users, column email: a column has no field `nulable`; did you mean `nullable`?",
        ),
        (
            within("nullable: maybe"),
            5,
            15,
            "table users, column email, nullable: expected true or false, not the text `maybe`",
        ),
        (
            within("default: 0"),
            5,
            14,
            "table users, column email, default: expected SQL in a text, or `literal:` with a value (with quotes: '0'), not the number 0",
        ),
        (
            within("statistics: 1.5"),
            5,
            17,
            "table users, column email, statistics: expected a whole number, not the number 1.5",
        ),
        ("tabels: []\n".into(), 1, 1, "a schema has no field `tabels`; did you mean `tables`?"),
        ("tables:\n- nmae: users\n".into(), 2, 3, "table: a table has no field `nmae`; did you mean `name`?"),
        ("tables:\n- columns: []\n".into(), 2, 3, "table: this table has no `name`"),
        (
            "tables:\n- name: users\n  column: []\n".into(),
            3,
            3,
            "table users: a table has no field `column`; did you mean `columns`?",
        ),
        (
            "sequences:\n- name: s\n  increments: 5\n".into(),
            3,
            3,
            "sequence s: a sequence has no field `increments`; did you mean `increment`?",
        ),
        (
            "views:\n- name: v\n  sql: SELECT 1\n".into(),
            3,
            3,
            "view v: a view has no field `sql`; it has schema, name, query, columns, materialized, options, indexes, triggers, depends_on, comment",
        ),
        ("tables: {}\n".into(), 1, 9, "tables: expected a list, not fields"),
        (
            "dialect: oracle\n".into(),
            1,
            10,
            "dialect: expected one of postgres, mysql, sqlite, not the text `oracle`",
        ),
        ("just words\n".into(), 1, 1, "expected the fields of a schema, not the text `just words`"),
    ];
    for (text, line, column, message) in yaml {
        let found = read_yaml(&text).expect_err(&text);
        assert_eq!((found.message.as_str(), found.line, found.column), (message, line, column), "{text}");
    }
    let json = "{\n\t\"tables\": [\n\t\t{\"name\": \"users\", \"colums\": []}\n\t]\n}";
    let found = read_json(json).expect_err("a misspelt field");
    assert_eq!(found.message, "table users: a table has no field `colums`; did you mean `columns`?");
    assert_eq!(found.line, 3, "{found:?}");
    let found = read_json("{\"tables\": [}").expect_err("no JSON");
    assert_eq!((found.line, found.column), (1, 13), "{found:?}");
}

#[test]
fn a_name_that_stands_there_twice_is_refused() {
    let found = read_yaml("tables:\n- name: a\n- name: a\n").expect_err("twice");
    assert!(found.message.contains("a stands there twice"), "{found:?}");
}

#[test]
fn words_that_yaml_reads_in_its_own_way_come_back() {
    for word in [
        "no",
        "on",
        "null",
        "~",
        "1.0",
        "0x1f",
        "2026-11-21",
        "a: b",
        "# c",
        "'q'",
        "\"d\"",
        "é\u{2028}",
        " x ",
        "- y",
    ] {
        let mut schema = Schema::default();
        let column = Column { default: Some(DefaultValue::Sql(word.into())), ..Column::new(word, word) };
        schema.tables.insert(Table { name: Name::local(word), columns: vec![column], ..Table::default() });
        assert_eq!(read_yaml(&write_yaml(&schema)).as_ref(), Ok(&schema), "{}", write_yaml(&schema));
        assert_eq!(read_json(&write_json(&schema)).as_ref(), Ok(&schema));
    }
}

#[test]
fn nothing_is_an_empty_schema() {
    for text in ["", "\n", "# only words\n", "---\n"] {
        assert_eq!(read_yaml(text).as_ref(), Ok(&Schema::default()), "{text:?}");
    }
}

#[test]
fn more_values_are_read_than_the_reader_takes_by_default() {
    let values: Vec<String> = (0..260_000).map(|n| n.to_string()).collect();
    let many = Enum { name: Name::local("many"), values, comment: None };
    let schema = Schema { enums: Objects::from_iter([many]), ..Schema::default() };
    assert_eq!(read_yaml(&write_yaml(&schema)), Ok(schema));
}
