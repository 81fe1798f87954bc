//! What operations do to a schema in memory, what they lose, and how they are called.

use migrated_core::operation::{Operation, OperationError};
use migrated_core::schema::{Name, Schema};
use serde_json::{Value, json};

fn operation(value: Value) -> Operation {
    serde_json::from_value(value).expect("an operation")
}

fn schema(value: Value) -> Schema {
    serde_json::from_value(value).expect("a schema")
}

/// A table on which everything stands, one that refers to it, and what belongs to both.
fn shop() -> Schema {
    schema(json!({
        "dialect": "postgres",
        "sequences": [{"name": "t_id_seq", "owned_by": {"table": "t", "column": "id"}}],
        "tables": [
            {"name": "t",
             "columns": [
                {"name": "id", "type": "integer", "nullable": false},
                {"name": "a", "type": "integer"}, {"name": "b", "type": "text"},
                {"name": "c", "type": "integer", "computed": {"expr": "a + 1"}}],
             "primary_key": {"name": "t_pkey", "columns": ["id"]},
             "uniques": [{"name": "u", "columns": ["a", "b"]}],
             "checks": [{"name": "k", "expr": "((a > 0) AND (b <> 'a'::text))"}, {"name": "l", "expr": "(a(id) > 1)"}],
             "indexes": [{"name": "i", "items": [{"column": "b"}], "where": "(a > 1)"},
                         {"name": "j", "items": [{"expr": "lower(b)"}]}]},
            {"name": "x",
             "columns": [{"name": "t", "type": "integer"}],
             "foreign_keys": [{"name": "f", "columns": ["t"], "ref_table": "t", "ref_columns": ["id"]}]}
        ]
    }))
}

fn applied(value: Value) -> Schema {
    let mut schema = shop();
    operation(value).apply(&mut schema).expect("an operation that can be done");
    schema
}

fn table<'s>(schema: &'s Schema, name: &str) -> &'s migrated_core::schema::Table {
    schema.tables.get(&Name::local(name)).expect("a table")
}

#[test]
fn a_column_takes_along_what_stands_on_it() {
    let schema =
        applied(json!({"drop_column": {"table": {"name": "t"}, "column": {"name": "a", "type": "integer"}}}));
    let t = table(&schema, "t");
    assert!(t.primary_key.is_some(), "the key is not of that column");
    assert!(t.uniques.is_empty());
    assert_eq!(
        t.checks.iter().filter_map(|c| c.name.as_deref()).collect::<Vec<_>>(),
        ["l"],
        "a() is a function"
    );
    assert_eq!(t.indexes.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["j"]);
    assert_eq!(schema.sequences.len(), 1);
    let schema = applied(
        json!({"drop_column": {"table": {"name": "t"}, "column": {"name": "id", "type": "integer"}}}),
    );
    assert!(schema.sequences.is_empty(), "a sequence goes with its column");
    assert!(table(&schema, "t").primary_key.is_none());
}

#[test]
fn a_column_with_another_name_is_named_by_it_everywhere() {
    let schema = applied(json!({"alter_column": {"table": {"name": "t"},
        "from": {"name": "a", "type": "integer"}, "to": {"name": "A b", "type": "integer"}}}));
    let t = table(&schema, "t");
    assert_eq!(t.uniques[0].columns, ["A b", "b"]);
    assert_eq!(t.checks[0].expr, "((\"A b\" > 0) AND (b <> 'a'::text))");
    assert_eq!(t.checks[1].expr, "(a(id) > 1)");
    assert_eq!(t.column("c").and_then(|c| c.computed.as_ref()).expect("computed").expr, "\"A b\" + 1");
    assert_eq!(t.indexes.get(&"i".into()).and_then(|i| i.predicate.as_deref()), Some("(\"A b\" > 1)"));
    let schema = applied(json!({"alter_column": {"table": {"name": "t"},
        "from": {"name": "id", "type": "integer"}, "to": {"name": "key", "type": "integer"}}}));
    assert_eq!(table(&schema, "x").foreign_keys[0].ref_columns, ["key"]);
    assert_eq!(table(&schema, "t").primary_key.as_ref().expect("a key").columns, ["key"]);
}

#[test]
fn a_table_with_another_name_is_referred_to_by_it() {
    let schema =
        applied(json!({"rename_table": {"from": {"name": "t"}, "to": {"schema": "s", "name": "n"}}}));
    let key = &table(&schema, "x").foreign_keys[0];
    assert_eq!(key.target(), Name::new(Some("s"), "n"));
    let sequence = schema.sequences.iter().next().expect("the sequence");
    assert_eq!(sequence.name, Name::new(Some("s"), "t_id_seq"), "it moves with its table");
    assert_eq!(sequence.owned_by.as_ref().expect("an owner").table, "n");
}

#[test]
fn a_table_takes_its_sequences_along() {
    let schema = applied(json!({"drop_table": {"table": {"name": "t", "columns": []}}}));
    assert!(schema.sequences.is_empty());
    assert_eq!(schema.tables.len(), 1);
}

#[test]
fn what_is_missing_or_there_already_is_said_and_nothing_is_changed() {
    let table: &[(Value, OperationError)] = &[
        (
            json!({"add_column": {"table": {"name": "t"}, "column": {"name": "a", "type": "text"}}}),
            OperationError::Exists { what: "column t.a".into() },
        ),
        (
            json!({"drop_index": {"table": {"name": "t"}, "index": {"name": "z"}}}),
            OperationError::Missing { what: "index z".into() },
        ),
        (
            json!({"drop_constraint": {"table": {"name": "t"}, "constraint": {"unique": {"name": "z"}}}}),
            OperationError::Missing { what: "constraint z on t".into() },
        ),
        (
            json!({"rename_table": {"from": {"name": "t"}, "to": {"name": "x"}}}),
            OperationError::Exists { what: "table x".into() },
        ),
        (
            json!({"create_policy": {"table": {"name": "z"},
                "policy": {"name": "p", "permissive": true, "command": "all", "roles": []}}}),
            OperationError::Missing { what: "table z".into() },
        ),
    ];
    for (value, expected) in table {
        let mut schema = shop();
        assert_eq!(operation(value.clone()).apply(&mut schema).as_ref(), Err(expected), "{value}");
        assert_eq!(schema, shop(), "{value}");
    }
}

fn retyped(from: &str, to: &str) -> Operation {
    operation(json!({"alter_column": {"table": {"name": "t"},
        "from": {"name": "a", "type": from}, "to": {"name": "a", "type": to}}}))
}

#[test]
fn a_narrower_type_is_destructive() {
    // Each with whether the way back is narrower too.
    let narrower = [
        ("character varying(50)", "character varying(10)", false),
        ("text", "varchar(10)", false),
        ("bigint", "integer", false),
        ("int(10) unsigned", "int(11)", true),
        ("numeric(10,2)", "numeric(9,2)", false),
        ("numeric(10,2)", "numeric(10,3)", true),
        ("numeric", "numeric(10,2)", false),
        ("numeric(5,2)", "integer", true),
        ("double precision", "real", false),
        ("bigint", "numeric(10,0)", false),
        ("timestamp without time zone", "date", false),
        ("timestamp(6) without time zone", "timestamp(3) without time zone", false),
        ("longtext", "text", false),
        ("enum('a','b')", "enum('a')", false),
        ("integer[]", "integer", false),
        ("varbinary(20)", "varbinary(10)", false),
    ];
    for (from, to, back) in narrower {
        assert!(retyped(from, to).is_destructive().is_some(), "{from} to {to}");
        assert_eq!(retyped(to, from).is_destructive().is_some(), back, "{to} to {from}");
    }
    for (from, to) in
        [("integer", "text"), ("varchar(5)", "character varying"), ("date", "timestamp with time zone")]
    {
        assert_eq!(retyped(from, to).is_destructive(), None, "{from} to {to}");
    }
}

#[test]
fn each_is_called_in_a_line() {
    let table: &[(Value, &str)] = &[
        (
            json!({"add_column": {"table": {"name": "t"}, "column": {"name": "x", "type": "varchar(50)"}}}),
            "add column t.x varchar(50)",
        ),
        (
            json!({"alter_column": {"table": {"schema": "s", "name": "t"},
                "from": {"name": "x", "type": "text"},
                "to": {"name": "y", "type": "integer", "nullable": false, "default": {"literal": "a"}}}}),
            "alter column s.t.x: rename to y, type text to integer, not null, default 'a'",
        ),
        (
            json!({"alter_enum": {"from": {"name": "m", "values": ["a", "b", "c"]},
                "to": {"name": "m", "values": ["x", "c", "d"]}, "renamed": [["a", "x"]]}}),
            "alter enum m: rename 'a' to 'x', add 'd', drop 'b'",
        ),
        (
            json!({"add_constraint": {"table": {"name": "t"},
                "constraint": {"foreign_key": {"columns": ["a", "b"], "ref_table": "u", "ref_columns": []}}}}),
            "add foreign key (a, b) to u on t",
        ),
        (
            json!({"create_index": {"table": {"name": "t"},
                "index": {"name": "i", "unique": true, "items": [{"column": "a"}, {"expr": "lower(b)"}]}}}),
            "create unique index i on t (a, (lower(b)))",
        ),
        (
            json!({"set_comment": {"object": {"view": [{"name": "v"}, true]}, "from": "x"}}),
            "remove the comment of materialised view v",
        ),
        (json!({"execute": {"sql": "UPDATE t\n  SET a = 1"}}), "execute UPDATE t SET a = 1"),
        (
            json!({"bulk_insert": {"table": {"name": "t"}, "columns": ["a"], "rows": [[1]]}}),
            "insert 1 row into t",
        ),
    ];
    for (value, summary) in table {
        assert_eq!(operation(value.clone()).summary(), *summary);
    }
}

#[test]
fn rows_and_plain_sql_cannot_be_reversed_by_themselves() {
    let insert = operation(json!({"bulk_insert": {"table": {"name": "t"}, "columns": [], "rows": []}}));
    assert!(matches!(insert.reverse(), Err(OperationError::Irreversible { .. })));
    let plain = operation(json!({"execute": {"sql": "DELETE FROM t"}}));
    assert_eq!(
        plain.reverse().expect_err("it came without its reverse").to_string(),
        "execute DELETE FROM t cannot be reversed: it came without `reverse`, the SQL that undoes it"
    );
    let both = operation(json!({"execute": {"sql": "ANALYZE t", "reverse": "VACUUM t"}}));
    assert_eq!(
        both.reverse(),
        Ok(operation(json!({"execute": {"sql": "VACUUM t", "reverse": "ANALYZE t"}})))
    );
}
