//! Laws of operations: a reverse is undone by the operation, and undoes it.

use migrated_core::operation::Operation;
use migrated_core::schema::Schema;
use proptest::prelude::*;
use serde_json::{Value, json};

const TYPES: [&str; 4] = ["integer", "text", "numeric(10,2)", "timestamp with time zone"];

fn column(name: &str) -> impl Strategy<Value = Value> + use<> {
    let name = name.to_owned();
    (0..TYPES.len(), any::<bool>(), prop::option::of("[0-9]{1,3}"), prop::option::of("[a-z' ]{0,5}"))
        .prop_map(move |(kind, nullable, default, comment)| {
            let mut column = json!({"name": name, "type": TYPES[kind], "nullable": nullable});
            if let Some(default) = default {
                column["default"] = json!(default);
            }
            if let Some(comment) = comment {
                column["comment"] = json!(comment);
            }
            column
        })
}

/// A table `name` with the columns a to d, of which a is the key.
fn table(name: &'static str) -> impl Strategy<Value = Value> {
    (column("b"), column("c"), column("d"), any::<[bool; 3]>()).prop_map(move |(b, c, d, [unique, check, index])| {
        let mut table = json!({"name": name,
            "columns": [{"name": "a", "type": "integer", "nullable": false}, b, c, d],
            "primary_key": {"name": format!("{name}_pkey"), "columns": ["a"]}});
        if unique {
            table["uniques"] = json!([{"name": format!("{name}_u"), "columns": ["b", "c"]}]);
        }
        if check {
            table["checks"] = json!([{"name": format!("{name}_c"), "expr": "((b)::text <> 'b'::text)"}]);
        }
        if index {
            table["indexes"] =
                json!([{"name": format!("{name}_i"), "items": [{"column": "b"}], "where": "(c IS NULL)"}]);
        }
        table
    })
}

fn schema() -> impl Strategy<Value = Value> {
    (table("t"), table("u"), any::<bool>()).prop_map(|(t, mut u, refers)| {
        if refers {
            u["foreign_keys"] =
                json!([{"name": "f", "columns": ["b"], "ref_table": "t", "ref_columns": ["a"]}]);
        }
        json!({"dialect": "postgres", "tables": [t, u],
            "enums": [{"name": "m", "values": ["a", "b"]}],
            "sequences": [{"name": "s", "start": 4}],
            "views": [{"name": "v", "query": "SELECT 1", "depends_on": [{"name": "t"}]}]})
    })
}

/// An operation that can be done on what `schema` makes; what it drops is what is there.
fn operations() -> impl Strategy<Value = (Value, Value)> {
    (schema(), table("n"), column("e"), column("d"), column("renamed"), 0..22usize)
        // A column that becomes what it is already makes no operation.
        .prop_filter("nothing to alter", |(schema, _, _, altered, ..)| schema["tables"][0]["columns"][3] != *altered)
        .prop_map(|(schema, table, added, altered, renamed, which)| {
            let on = json!({"name": "t"});
            let t = &schema["tables"][0];
            let (from, view) = (&t["columns"][3], &schema["views"][0]);
            let unique = json!({"unique": {"name": "zz", "columns": ["b"]}});
            let index = json!({"name": "zz", "items": [{"column": "c", "desc": true}], "unique": true});
            let operation = match which {
                0 => json!({"create_table": {"table": table}}),
                1 => json!({"drop_table": {"table": schema["tables"][1]}}),
                2 => json!({"rename_table": {"from": on, "to": {"schema": "s", "name": "n"}}}),
                3 => json!({"alter_table_options": {"table": on, "from": {}, "to": {"unlogged": true}}}),
                4 => json!({"rebuild_table": {"from": t, "to": {"name": "t", "columns": [added]}, "renamed": [["b", "e"]]}}),
                5 => json!({"add_column": {"table": on, "column": added}}),
                6 => json!({"drop_column": {"table": on, "column": from}}),
                7 => json!({"alter_column": {"table": on, "from": from, "to": altered}}),
                8 => json!({"alter_column": {"table": on, "from": t["columns"][1], "to": renamed}}),
                9 => json!({"add_constraint": {"table": on, "constraint": unique}}),
                10 => json!({"drop_constraint": {"table": on, "constraint": {"primary_key": t["primary_key"]}}}),
                11 => json!({"rename_constraint": {"table": on, "from": "t_pkey", "to": "zz"}}),
                12 => json!({"create_index": {"table": on, "index": index, "concurrently": true}}),
                13 => json!({"set_comment": {"object": {"table": on}, "to": "hello"}}),
                14 => json!({"drop_view": {"view": view}}),
                15 => json!({"alter_view": {"from": view, "to": {"name": "v", "query": "SELECT 2"}}}),
                16 => json!({"alter_enum": {"from": schema["enums"][0], "to": {"name": "m", "values": ["x", "b", "c"]},
                    "renamed": [["a", "x"]]}}),
                17 => json!({"alter_sequence": {"from": schema["sequences"][0], "to": {"name": "s", "cycle": true}}}),
                18 => json!({"create_trigger": {"table": on, "trigger": {"name": "g", "definition": "CREATE TRIGGER g"}}}),
                19 => json!({"set_row_security": {"table": on, "from": "disabled", "to": "forced"}}),
                20 => json!({"create_function": {"function": {"name": "f", "kind": "procedure", "arguments": "integer",
                    "definition": "CREATE PROCEDURE f"}}}),
                _ => json!({"create_domain": {"domain": {"name": "d", "type": "text"}, "if_not_exists": false}}),
            };
            (schema, operation)
        },
    )
}

/// The order of columns is no part of what a schema means.
fn sorted(mut schema: Schema) -> Schema {
    for table in schema.tables.iter_mut() {
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    schema
}

proptest! {
    #[test]
    fn a_reverse_of_a_reverse_is_the_operation((_, operation) in operations()) {
        let operation: Operation = serde_json::from_value(operation).expect("an operation");
        let reverse = operation.reverse().expect("it can be reversed");
        prop_assert_ne!(&reverse, &operation);
        prop_assert_eq!(reverse.reverse().expect("it can be reversed"), operation);
    }

    #[test]
    fn a_reverse_undoes((schema, operation) in operations()) {
        let before: Schema = serde_json::from_value(schema).expect("a schema");
        let operation: Operation = serde_json::from_value(operation).expect("an operation");
        let mut schema = before.clone();
        operation.apply(&mut schema).expect("it can be done");
        prop_assert_ne!(&schema, &before);
        operation.reverse().expect("it can be reversed").apply(&mut schema).expect("it can be undone");
        prop_assert_eq!(sorted(schema), sorted(before));
    }

    #[test]
    fn an_operation_is_read_as_it_was_written((_, operation) in operations()) {
        let operation: Operation = serde_json::from_value(operation).expect("an operation");
        let text = serde_json::to_string(&operation).expect("text");
        prop_assert_eq!(serde_json::from_str::<Operation>(&text).expect("an operation"), operation);
    }
}
